"""The module: does what it is asked, writes it down before it answers, and now and then dies.

A ledger line is one write to a file opened for appending: it is whole, and there, however this process ends.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import Any

import msgspec

from resistor.sdk import Context, Fail, Module, Retry

DEATHS = float(os.environ.get("CHAOS_DEATHS", "0.003"))  # of an action, before or after its effect
LATE = 0.002
KILLED = 137

work = Module("work")
_ledger = os.open(os.environ.get("CHAOS_LEDGER", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)


@work.action("do")
async def do(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    """Do it once more."""
    _die("before")
    _write(ctx, "did")
    _die("after")
    if random.random() < LATE:
        await asyncio.sleep(25.0)  # beyond the attempt's time limit: the answer comes too late
    return {"n": data.get("n"), "step": ctx.step}


@work.action("undo")
async def undo(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    """Undo it."""
    return await do(data, ctx)


@work.action("flaky")
async def flaky(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    """Fail at the first attempt, as things do."""
    if ctx.attempt == 1:
        raise Retry(message="not yet")
    return await do(data, ctx)


@work.action("refuse_some")
async def refuse_some(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    """Refuse every third."""
    if int(data.get("n") or 0) % 3 == 0:
        raise Fail("refused", "every third is refused")
    return await do(data, ctx)


def _write(ctx: Context, what: str) -> None:
    entry = {"what": what, "run": ctx.run, "step": ctx.step, "attempt": ctx.attempt, "at": time.time()}
    os.write(_ledger, msgspec.json.encode(entry) + b"\n")


def _die(when: str) -> None:
    if random.random() < DEATHS / 2:
        os.write(_ledger, msgspec.json.encode({"what": f"died {when}"}) + b"\n")
        os._exit(KILLED)
