"""Restate: a service whose `calls` calls three handlers, and whose `runs` runs three steps in its process.

Served by an ASGI server, which names `app`; run as a program with a handler's URL, it begins workflows.
"""

from __future__ import annotations

import sys
from typing import Any

import aiohttp
import restate
import uvloop

from bench.flow.peers.work.counting import count_one
from bench.flow.peers.work.driving import AT_ONCE, at_once, document, drive

flow = restate.Service("flow")


@flow.handler()
async def first(context: restate.Context, document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@flow.handler()
async def second(context: restate.Context, document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@flow.handler()
async def third(context: restate.Context, document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "c": 3}


@flow.handler()
async def calls(context: restate.Context, document: dict[str, Any]) -> dict[str, Any]:
    """Let three handlers do the steps, each an invocation of its own."""
    for step in (first, second, third):
        document = await context.service_call(step, document)
    count_one()
    return document


@flow.handler()
async def runs(context: restate.Context, document: dict[str, Any]) -> dict[str, Any]:
    """Do the steps here, each in the journal."""
    for letter in "abc":
        document = await context.run(letter, _with, args=(document, letter))
    count_one()
    return document


def _with(document: dict[str, Any], letter: str) -> dict[str, Any]:
    return {**document, letter: 1}


app = restate.app([flow])


async def main(url: str) -> None:
    """Begin workflows when told to: Restate answers when it has the request in its log."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as client:

        async def send() -> None:
            async with client.post(f"{url}/send", json=document()) as response:
                await response.read()
                response.raise_for_status()

        await drive(lambda count: at_once(count, send))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
