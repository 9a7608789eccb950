"""Begins workflows when told to: a line `N` on standard input begins N, and `ok` on standard output says so.

The first `ok` says that the process is ready. Whatever else is printed goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bench.flow.contender import DOCUMENT_BYTES

OK = b"ok\n"
AT_ONCE = 64  # requests under way at once, where each waits for an answer

_PAD = "x" * (DOCUMENT_BYTES - len(json.dumps({"pad": ""})))


def document() -> dict[str, Any]:
    """Return what goes into the first step."""
    return {"pad": _PAD}


async def drive(begin: Callable[[int], Awaitable[None]]) -> None:
    """Begin as many as each line says, until standard input ends."""
    answers = os.dup(1)
    os.dup2(2, 1)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    os.write(answers, OK)
    while line := await lines.readline():
        await begin(int(line))
        os.write(answers, OK)


async def at_once(count: int, begin_one: Callable[[], Awaitable[object]]) -> None:
    """Call `begin_one` so many times, `AT_ONCE` at a time."""
    left = iter(range(count))

    async def some() -> None:
        for _ in left:
            await begin_one()

    await asyncio.gather(*(some() for _ in range(min(AT_ONCE, count))))
