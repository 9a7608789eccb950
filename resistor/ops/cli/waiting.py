"""`--wait`: following a run that was asked for to its end."""

from __future__ import annotations

import asyncio
from typing import Any

from resistor.errors import ResistorError


async def wait_for(store: Any, run: str, style: str, *, timeout: float, needs: str) -> bool:
    """Show a run until it ends; whether it ended well. Raises `ResistorError` after `timeout` seconds.

    `needs` says what a run that never begins may be missing.
    """
    from resistor.ops.cli.run_show import show_run, watch_run
    from resistor.ops.runs import Reader

    reader = Reader(store)
    try:
        async with asyncio.timeout(timeout):
            await reader.beginning(run)
            if style == "table":
                return await watch_run(store, run, style=style)
            end = await reader.end(run)
    except TimeoutError:
        has_begun = await reader.look(run) is not None
        raise ResistorError(_why_not(run, timeout, needs, has_begun=has_begun)) from None
    show_run(end.view, style=style)
    return bool(end.view["status"] == "completed")


def _why_not(run: str, timeout: float, needs: str, *, has_begun: bool) -> str:
    if has_begun:
        return f"the run has not ended within {timeout:g} s: `resistor run watch {run}` goes on watching it"
    return f"no run began within {timeout:g} s: is a daemon running (`resistor doctor`){needs}?"
