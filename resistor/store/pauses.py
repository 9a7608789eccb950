"""The modules that an operator has paused: `ports.Pauses` on Redis.

All of them live in one slot: who pauses, and who looks whether a module is paused, must see the same. Called
by the daemon for actions that it must not send, and by ops.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from resistor.ports import Passer, Pause
from resistor.store import keys as names
from resistor.store.connection import Client, pipelined
from resistor.store.gates import members, passer_of
from resistor.store.keys import Keys
from resistor.store.scripts import CLAIM_DUE, HOLD, PAUSE_MODULE, RELEASED, Argument

_encode = msgspec.json.Encoder().encode
_pause = msgspec.json.Decoder(Pause).decode


class RedisPauses:
    """The pauses of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._tag = keys.modules

    async def paused(self) -> Mapping[str, Pause]:
        """Return every paused module."""
        [found] = await pipelined(self._client, [("HGETALL", names.pause(self._tag, "")[0])])
        return {module.decode(): _pause(said) for module, said in found.items()}

    async def pause(self, module: str, why: str) -> Pause:
        """Pause a module; one that is paused gets the new reason."""
        before = (await self.paused()).get(module)
        pause = Pause(why, before.since if before is not None else time.time())
        await self._set(module, _encode(pause))
        return pause

    async def resume(self, module: str) -> bool:
        """Let a module go on; returns whether it was paused."""
        return await self._set(module, b"") is not None

    async def hold(self, items: Sequence[tuple[str, Passer, int]]) -> Sequence[bool]:
        """Let actions wait for their modules; returns for each whether it does."""
        replies = await pipelined(
            self._client,
            [
                HOLD.call(names.pause(self._tag, module), [module, *members([passer]), priority])
                for module, passer, priority in items
            ],
        )
        return [bool(reply) for reply in replies]

    async def unhold(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Let actions wait no more."""
        commands: list[tuple[Argument, ...]] = [
            ("ZREM", names.pause(self._tag, module)[1], *members([passer])) for module, passer in items
        ]
        await pipelined(self._client, commands)

    async def claim(self, *, limit: int, lease: float) -> Sequence[tuple[str, Passer]]:
        """Return who is to be told that its module goes on: a page of each module."""
        [due] = await pipelined(self._client, [CLAIM_DUE.call([names.releasing(self._tag)], [limit, lease])])
        modules = [module.decode() for module in due]
        if not modules:
            return []
        commands: list[tuple[Argument, ...]] = [
            ("ZRANGE", names.pause(self._tag, module)[1], 0, limit - 1) for module in modules
        ]
        pages = await pipelined(self._client, commands)
        empty = [module for module, page in zip(modules, pages, strict=True) if not page]
        await self._release([(module, []) for module in empty])
        return [
            (module, passer_of(member))
            for module, page in zip(modules, pages, strict=True)
            for member in page
        ]

    async def released(self, items: Sequence[tuple[str, Passer]]) -> None:
        """Take out those who have been told."""
        by_module = groupby(sorted(items, key=lambda each: each[0]), key=lambda each: each[0])
        await self._release([(module, [passer for _, passer in each]) for module, each in by_module])

    async def held(self, modules: Sequence[str]) -> Sequence[int]:
        """Return how many wait for each of these."""
        commands: list[tuple[Argument, ...]] = [
            ("ZCARD", names.pause(self._tag, module)[1]) for module in modules
        ]
        return [int(count) for count in await pipelined(self._client, commands)]

    async def _set(self, module: str, said: bytes) -> bytes | None:
        [before] = await pipelined(
            self._client, [PAUSE_MODULE.call(names.pause(self._tag, module), [module, said])]
        )
        return None if before is None else bytes(before)

    async def _release(self, items: Sequence[tuple[str, Sequence[Passer]]]) -> None:
        await pipelined(
            self._client,
            [
                RELEASED.call(names.pause(self._tag, module), [module, *members(passers)])
                for module, passers in items
            ],
        )
