"""Simulated modules: idempotent by token, and otherwise as unreliable as the world's."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import msgspec

from resistor.bus.names import Names
from resistor.messages.envelope import TOKEN_HEADER, Envelope
from resistor.ports import Delivery, Publish
from resistor.testing.broker import MemoryBroker, MemoryBus
from resistor.testing.virtual_loop import VirtualLoop


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """Something was done in the world, for this attempt."""

    run: str
    step: str
    attempt: int
    key: str
    token: str
    at: float


@dataclass(frozen=True, slots=True)
class Manners:
    """How likely a module is to behave so."""

    fail: float = 0.08
    twice: float = 0.08
    late: float = 0.05
    silent: float = 0.03
    die_before: float = 0.04
    die_after: float = 0.04
    later: float = 0.03
    progress: float = 0.05


@dataclass
class Module:
    """Takes a module's actions, does each token once, remembers what it said, and says it again if asked."""

    name: str
    broker: MemoryBroker
    loop: VirtualLoop
    draw: Random
    manners: Manners
    effects: list[Effect] = field(default_factory=list)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    is_good: bool = False  # from now on it does as it should
    numbers: Any = field(default_factory=count)

    async def run(self) -> None:
        """Take actions for ever."""
        bus = MemoryBus(self.broker)
        lane = bus.lane(Names().module_queue(self.name), prefetch=20)
        while True:
            for delivery in await lane.take(1):
                await self._do(bus, delivery)
                await lane.ack([delivery])

    async def _do(self, bus: MemoryBus, delivery: Delivery) -> None:
        envelope = delivery.envelope
        token = str(envelope.headers[TOKEN_HEADER])
        manners, drawn = self.manners, 1.0 if self.is_good else self.draw.random()
        if (drawn := drawn - manners.die_before) < 0:
            return self._die(bus, "died before")
        if (drawn := drawn - manners.silent) < 0:
            self.counts["silent"] += 1
            return None
        answer = self.said.get(token) or self._perform(envelope, token)
        if (drawn := drawn - manners.die_after) < 0:
            return self._die(bus, "died after")
        pause = 0.0
        if (drawn := drawn - manners.late) < 0:
            self.counts["late"] += 1
            pause = self.draw.uniform(0.0, 60.0)
        if (drawn := drawn - manners.progress) < 0:
            self._send(envelope, {"status": "progress", "details": 1}, 0.0)
        times = 2 if (drawn := drawn - manners.twice) < 0 else 1
        for _ in range(times):
            self._send(envelope, answer, pause)
        return None

    def _perform(self, envelope: Envelope, token: str) -> dict[str, Any]:
        body = json.loads(envelope.body)
        drawn = 1.0 if self.is_good else self.draw.random()
        if drawn < self.manners.later:
            return {"status": "later", "after": round(self.draw.uniform(0.1, 5.0), 3)}
        if drawn < self.manners.later + self.manners.fail:
            retryable = self.draw.random() < 0.9
            answer = {"status": "failed", "error": {"type": "boom", "message": "", "retryable": retryable}}
        else:
            self.effects.append(
                Effect(
                    run=body["run"],
                    step=body["step"],
                    attempt=body["attempt"],
                    key=body["idempotency_key"],
                    token=token,
                    at=self.loop.clock(),
                )
            )
            answer = {"status": "completed", "output": {"step": body["step"]}}
        self.said[token] = answer
        return answer

    def _die(self, bus: MemoryBus, how: str) -> None:
        """Lose what is in hand: it is delivered again."""
        self.counts[how] += 1
        bus.lose()

    def _send(self, action: Envelope, answer: dict[str, Any], pause: float) -> None:
        envelope = Envelope(
            body=json.dumps(answer).encode(),
            message_id=f"{self.name}-{next(self.numbers)}",
            content_type="application/json",
            correlation_id=action.correlation_id,
            headers={TOKEN_HEADER: action.headers[TOKEN_HEADER]},
        )
        publish = Publish(exchange=Names().results, routing_key=action.reply_to or "", envelope=envelope)
        if pause:
            asyncio.get_running_loop().call_later(pause, self.broker.publish, publish)
        else:
            self.broker.publish(publish)
