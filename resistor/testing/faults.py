"""Seeded faults between a daemon and its servers.

Every call of a port passes `Faults.call`: it may be refused, be executed and then fail (nobody knows what was
done), hang for a while, or be the last thing that the daemon ever does. A dead daemon's calls never return.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from resistor.errors import StoreUnreachable

_PORTS = ("topics", "slots", "schedules", "catalogue", "gates", "pauses", "suspects", "watermark", "survey")

Call = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each fault is, at each call, while faults last."""

    refuse: float = 0.01
    fail_after: float = 0.01
    hang: float = 0.005
    crash: float = 0.003
    longest_hang: float = 40.0


@dataclass
class Faults:
    """The faults of one daemon. `is_over` ends them, `is_dead` the daemon; `kill` is called for a crash."""

    draw: Random
    odds: Odds
    kill: Callable[[], None]
    script: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    is_over: bool = False
    is_dead: bool = False
    frozen_until: float = 0.0

    async def call(self, name: str, call: Call, *, may_fail: bool = True) -> Any:
        """Make a call, or let something go wrong with it. `may_fail`: the port is one that raises."""
        await self._alive()
        if self.is_over:
            return await self._lived(await call())
        odds, drawn = self.odds, self.draw.random()
        if (drawn := drawn - odds.crash) < 0:
            return await self._crash(name, call)
        if (drawn := drawn - odds.hang) < 0:
            await self._hang(name)
            return await self._lived(await call())
        if may_fail and (drawn := drawn - odds.refuse) < 0:
            self._note("refused", name)
            raise StoreUnreachable("simulated")
        if may_fail and (drawn := drawn - odds.fail_after) < 0:
            self._note("failed after", name)
            await self._lived(await call())
            raise StoreUnreachable("simulated, and executed")
        return await self._lived(await call())

    async def _crash(self, name: str, call: Call) -> None:
        """Die before the call, or right after it."""
        is_executed = self.draw.random() < 0.5
        if is_executed:
            await call()
        self._die("crashed after" if is_executed else "crashed before", name)
        await self._alive()

    def _die(self, how: str, name: str) -> None:
        self._note(how, name)
        self.is_dead = True
        self.kill()

    async def _hang(self, name: str) -> None:
        self._note("hung", name)
        await asyncio.sleep(self.draw.uniform(0.0, self.odds.longest_hang))
        await self._alive()

    async def _alive(self) -> None:
        await asyncio.sleep(max(0.0, self.frozen_until - asyncio.get_running_loop().time()))
        if self.is_dead:
            await self._rest()

    async def _rest(self) -> None:
        """Do nothing any more, not even fail. What cleans up after its own cancellation ends here too.

        If it waited, nobody would hold it: the collector would close it in the middle, whenever that comes.
        """
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise asyncio.CancelledError
        await asyncio.Event().wait()

    async def _lived(self, result: Any) -> Any:
        await self._alive()
        return result

    def _note(self, what: str, name: str) -> None:
        self.counts[what] += 1
        self.script.append(f"{what} {name}")


class Faulty:
    """Any port, with faults in front of each of its coroutine methods; what it holds is faulty too."""

    def __init__(self, port: Any, faults: Faults, *, may_fail: bool = True) -> None:
        self._port = port
        self._faults = faults
        self._may_fail = may_fail

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name == "lane":
            return lambda *args, **kwargs: Faulty(found(*args, **kwargs), self._faults, may_fail=False)
        if name in _PORTS:
            return Faulty(found, self._faults, may_fail=self._may_fail)
        if not inspect.iscoroutinefunction(found):
            return found

        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._faults.call(name, lambda: found(*args, **kwargs), may_fail=self._may_fail)

        return call


@dataclass
class CrashAfter(Faults):
    """One fault only: death right after the `number`-th call of `point` was executed.

    `passes` counts the calls by name.
    """

    point: str = "commit"
    number: int = 0
    passes: Counter[str] = field(default_factory=Counter)

    async def call(self, name: str, call: Call, *, may_fail: bool = True) -> Any:
        """Make a call, and die after it if it is this one's turn."""
        await self._alive()
        result = await call()
        self.passes[name] += 1
        if name == self.point and self.passes[name] == self.number:
            self._die("crashed after", name)
        return await self._lived(result)
