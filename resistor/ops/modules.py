"""The modules that workflows name: who runs them, what waits for them, and which ones are paused.

Called by `resistor module …`. Asks the broker for the queues and the store for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resistor.catalog.wording import did_you_mean
from resistor.config import Settings
from resistor.errors import NotFound
from resistor.ops import servers
from resistor.ops.queues import known_modules
from resistor.ops.steps import time_text
from resistor.ports import Pause

View = dict[str, Any]


async def module_rows(settings: Settings) -> list[View]:
    """Return every module, by name."""
    known = await known_modules(settings)
    async with servers.open_store(settings) as store:
        paused = await store.pauses.paused()
        names = sorted(known | paused.keys())
        held = await store.pauses.held(names)
        views = await store.gates.look(
            [f"{name} {limit}" for name in names for limit in ("concurrency", "rate")]
        )
    rows = []
    async with servers.open_bus(settings) as bus:
        for name, count, most, rate in zip(names, held, views[0::2], views[1::2], strict=True):
            info = await bus.inspect(bus.names.module_queue(name))
            rows.append(
                {
                    "module": name,
                    "consumers": (info.consumers if info else None) or 0,
                    "messages": (info.messages if info else None) or 0,
                    "limited": most.outside + rate.outside,
                    "held": count,
                    **_pause(paused.get(name)),
                }
            )
    return rows


async def pause_module(settings: Settings, module: str, why: str) -> View:
    """Pause a module. Raises `NotFound` for one that no workflow names."""
    known = await known_modules(settings)
    if module not in known:
        raise _unknown(module, sorted(known))
    async with servers.open_store(settings) as store:
        return {"module": module, **_pause(await store.pauses.pause(module, why))}


async def resume_module(settings: Settings, module: str) -> View:
    """Let a module go on; `held` is how many actions go out now. Raises `NotFound` where it is not paused."""
    async with servers.open_store(settings) as store:
        paused = await store.pauses.paused()
        [held] = await store.pauses.held([module])
        if not await store.pauses.resume(module):
            near = did_you_mean(module, paused)
            raise NotFound(f"{module} is not paused: {near or '`resistor module list` shows which are'}")
    return {"module": module, "held": held, **_pause(None)}


def _pause(pause: Pause | None) -> View:
    return {
        "paused": pause is not None,
        "why": pause.why if pause else None,
        "since": time_text(pause.since) if pause else None,
    }


def _unknown(module: str, known: Sequence[str]) -> NotFound:
    near = did_you_mean(module, known)
    return NotFound(
        f"no workflow names module {module}: {near or '`resistor module list` shows those there are'}"
    )
