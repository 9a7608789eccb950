"""`python -m chaos.without MECHANISM serve`: a daemon with one mechanism switched off. The negative control.

sweeper    what was not confirmed, or is due, is looked at by nobody
replay     a duplicate repeats nothing
"""

from __future__ import annotations

import asyncio
import importlib
import sys

from resistor.__main__ import main
from resistor.daemon.sweeper import Sweeper


async def _sweeps_nothing(self: Sweeper, stopping: asyncio.Event) -> None:
    await stopping.wait()


def _repeats_nothing(*_: object) -> None:
    return None


def switch_off(mechanism: str) -> None:
    """Switch a mechanism off in this process."""
    if mechanism == "sweeper":
        Sweeper.run = _sweeps_nothing  # type: ignore[method-assign]
    elif mechanism == "replay":
        vars(importlib.import_module("resistor.engine.advance"))["again"] = _repeats_nothing
    else:
        raise SystemExit(f"there is no mechanism {mechanism!r}: sweeper, replay")


if __name__ == "__main__":
    switch_off(sys.argv.pop(1))
    main()
