"""A connection to Redis that breaks, and the others of its pool."""

from __future__ import annotations

import asyncio

import pytest

from resistor.errors import StoreUnreachable
from resistor.store.connection import connect, pipelined


async def test_one_that_breaks_takes_the_idle_ones_with_it_and_none_that_is_in_use(redis_url: str) -> None:
    client = connect(redis_url, timeout=5.0)
    await asyncio.gather(*(pipelined(client, [("PING",)]) for _ in range(3)))
    waiting = asyncio.create_task(pipelined(client, [("BLPOP", "nothing-is-ever-here", 0.5)]))
    [own] = await pipelined(client, [("CLIENT", "ID")])
    with pytest.raises(StoreUnreachable):
        await pipelined(client, [("CLIENT", "KILL", "SKIPME", "no", "ID", own), ("PING",)])
    assert client.pipes._idle == []
    assert await waiting == [None], "who was at work on another one goes on"
    assert await pipelined(client, [("PING",)]) == [b"PONG"]
    await client.aclose()


async def test_one_whose_caller_was_cancelled_is_not_used_again(redis_url: str) -> None:
    client = connect(redis_url, timeout=5.0)
    asking = asyncio.create_task(pipelined(client, [("BLPOP", "nothing-is-ever-here", 0.2), ("ECHO", "old")]))
    await pipelined(client, [("PING",)])
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    answers = await asyncio.gather(*(pipelined(client, [("ECHO", str(n))]) for n in range(4)))
    assert answers == [[b"0"], [b"1"], [b"2"], [b"3"]]
    await client.aclose()


async def test_one_that_is_silent_for_too_long_is_given_up(redis_url: str) -> None:
    client = connect(redis_url, timeout=0.1)
    with pytest.raises(StoreUnreachable, match="no reply within"):
        await pipelined(client, [("BLPOP", "nothing-is-ever-here", 1)])
    assert await pipelined(client, [("ECHO", "new")]) == [b"new"]
    await client.aclose()
