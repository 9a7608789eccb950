"""The limits of modules: `ports.Gates` on Redis.

A gate lives in the partition that its name gives. Called by the daemon, for actions that go out and attempts
that end; `look` by ops as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from resistor.ports import Admission, Entry, GateView, Passer
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import CLAIM_DUE, ENTER_GATE, LEAVE_GATE, TELL_GATE, TURN_GATE, Argument


class RedisGates:
    """The gates of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = keys

    async def enter(self, items: Sequence[Entry]) -> Sequence[Sequence[Admission]]:
        """Ask gates to let actions through; returns for each who is to be told."""
        commands = [
            ENTER_GATE.call(
                self._places(item.gate),
                [
                    item.gate,
                    _member(item.passer),
                    item.priority,
                    "" if item.limit is None else item.limit,
                    "" if item.interval is None else item.interval,
                ],
            )
            for item in items
        ]
        replies = await pipelined(self._client, commands)
        return [_admissions(item.gate, reply) for item, reply in zip(items, replies, strict=True)]

    async def leave(self, items: Sequence[tuple[str, Passer]]) -> Sequence[Sequence[Admission]]:
        """Leave gates, or their queues; returns for each who is to be told."""
        commands = [LEAVE_GATE.call(self._places(gate), [gate, _member(passer)]) for gate, passer in items]
        replies = await pipelined(self._client, commands)
        return [_admissions(gate, reply) for (gate, _), reply in zip(items, replies, strict=True)]

    async def told(self, items: Sequence[Admission]) -> None:
        """Note that these have been told."""
        by_gate = groupby(sorted(items, key=lambda each: each.gate), key=lambda each: each.gate)
        commands = [
            TELL_GATE.call(self._places(gate), [gate, *(_member(each.passer) for each in admitted)])
            for gate, admitted in by_gate
        ]
        await pipelined(self._client, commands)

    async def claim(self, *, limit: int, lease: float) -> Sequence[Admission]:
        """Return who is to be told at the gates that are due."""
        tags = [self._keys.tag(partition) for partition in range(self._keys.partitions)]
        claims = [CLAIM_DUE.call([names.gates(tag)], [limit, lease]) for tag in tags]
        gates = [gate.decode() for due in await pipelined(self._client, claims) for gate in due]
        if not gates:
            return []
        turns = [TURN_GATE.call(self._places(gate), [gate, limit, lease]) for gate in gates]
        replies = await pipelined(self._client, turns)
        return [each for gate, reply in zip(gates, replies, strict=True) for each in _admissions(gate, reply)]

    async def look(self, gates: Sequence[str]) -> Sequence[GateView]:
        """Return how full these are."""
        commands: list[tuple[Argument, ...]] = [
            ("ZCARD", key) for gate in gates for key in self._places(gate)[1:3]
        ]
        counts = await pipelined(self._client, commands)
        return [GateView(*each) for each in zip(counts[0::2], counts[1::2], strict=True)]

    def _places(self, gate: str) -> list[str]:
        return names.gate(self._keys.tag_of(gate), gate)


def _admissions(gate: str, reply: Sequence[Any]) -> Sequence[Admission]:
    return tuple(
        Admission(gate, passer_of(member), float(at))
        for member, at in zip(reply[0::2], reply[1::2], strict=True)
    )


def _member(passer: Passer) -> str:
    """A run's id has no space in it."""
    return f"{passer.run} {passer.number} {passer.index} {passer.address}"


def passer_of(member: bytes) -> Passer:
    """Return who stands in a gate's sets as `member`."""
    run, number, index, address = member.decode().split(" ", 3)
    return Passer(run, address, int(number), int(index))


def members(passers: Iterable[Passer]) -> list[str]:
    """Return what these stand in a gate's sets as."""
    return [_member(each) for each in passers]
