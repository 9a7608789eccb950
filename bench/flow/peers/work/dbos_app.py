"""DBOS: a workflow of three steps, in a process that begins it, too, as DBOS is used.

Run as a program, with the URL of its database. Steps and workflows are plain functions: as coroutines they
cost more.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from dbos import DBOS

from bench.flow.peers.work.counting import count_one
from bench.flow.peers.work.driving import document, drive


@DBOS.step()
def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@DBOS.step()
def second(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@DBOS.step()
def third(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "c": 3}


@DBOS.workflow()
def flow(document: dict[str, Any]) -> dict[str, Any]:
    """Do three steps."""
    document = third(second(first(document)))
    count_one()
    return document


async def begin(count: int) -> None:
    """Begin so many, on DBOS's own threads."""
    await asyncio.to_thread(_begin, count)


def _begin(count: int) -> None:
    for _ in range(count):
        DBOS.start_workflow(flow, document())


async def main(url: str) -> None:
    """Set DBOS up, and begin workflows when told to."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "sys_db_pool_size": 20,
            "log_level": "ERROR",
        }
    )
    DBOS.launch()
    await drive(begin)
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
