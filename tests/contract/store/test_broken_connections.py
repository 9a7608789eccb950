"""A connection to Redis that breaks, and the others of its pool."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from resistor.errors import StoreUnreachable
from resistor.store.client import exceptions
from resistor.store.connection import connect, pipelined


async def test_a_connection_that_is_being_given_up_is_given_to_nobody(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = connect(redis_url, timeout=5.0)
    pool: Any = client.connection_pool
    idle, broken = [await pool.get_connection() for _ in range(2)]
    for each in (idle, broken):
        await pool.release(each)  # the last one is the next to be taken
    closing, may_close = asyncio.Event(), asyncio.Event()
    close = idle.disconnect

    async def close_slowly() -> None:
        closing.set()
        await may_close.wait()
        await close()

    async def break_off(*_: object, **__: object) -> None:
        raise exceptions.ConnectionError("reset by peer")

    monkeypatch.setattr(idle, "disconnect", close_slowly)
    monkeypatch.setattr(broken, "send_packed_command", break_off)
    calling = asyncio.create_task(pipelined(client, [("PING",)]))
    await closing.wait()
    taken = await pool.get_connection()
    assert taken is not idle, "it would be closed under whoever has it"
    may_close.set()
    with pytest.raises(StoreUnreachable):
        await calling
    await pool.release(taken)
    monkeypatch.undo()
    assert await pipelined(client, [("PING",)]) == [True]
    assert pool._in_use_connections == set(), "none is missing from the pool"
    await client.aclose()
    await pool.disconnect()
