"""A module that writes down every time it does something, before it answers.

The ledger is appended to and synced, so that it is true even when this process is killed.
"""

from __future__ import annotations

import os
from typing import Any

from resistor.sdk import Context, Module, Retry

ledger = Module("ledger")


@ledger.action("write")
async def write(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    _write_down(ctx)
    return {"wrote": data.get("n")}


@ledger.action("write_at_second_try")
async def write_at_second_try(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
    if ctx.attempt == 1:
        raise Retry(after=0.1)
    return await write(data, ctx)


def _write_down(ctx: Context) -> None:
    line = f"{ctx.run} {ctx.step} {ctx.attempt} {ctx.idempotency_key}\n"
    file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, line.encode())
        os.fsync(file)
    finally:
        os.close(file)
