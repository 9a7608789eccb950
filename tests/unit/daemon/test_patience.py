"""Waiting for a store: it is away for as long as anybody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from resistor.daemon import patience
from resistor.daemon.patience import Patience
from resistor.errors import StoreUnreachable


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_SECONDS", 0.0)


def away(waits: Patience) -> bool:
    return waits.is_store_away


async def test_a_read_that_succeeds_does_not_bring_back_a_store_that_takes_no_writes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    waits, takes_writes = Patience(), False

    async def write() -> str:
        if not takes_writes:
            raise StoreUnreachable("no writes now")
        return "written"

    async def read() -> str:
        return "read"

    writing = asyncio.create_task(waits.with_store(write))
    for _ in range(3):
        await asyncio.sleep(0)
        assert await waits.with_store(read) == "read"
    assert away(waits)
    takes_writes = True
    assert await writing == "written"
    assert not away(waits)
    assert [record.__dict__["action"] for record in caplog.records] == ["store_away", "store_back"]


async def test_who_gives_up_waits_no_more() -> None:
    waits = Patience()

    async def never() -> None:
        raise StoreUnreachable("away")

    waiting = asyncio.create_task(waits.with_store(never))
    await asyncio.sleep(0)
    assert away(waits)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert not away(waits)
