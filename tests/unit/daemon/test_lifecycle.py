"""Starting, stopping, waiting: without a server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from resistor.daemon import crashpoints
from resistor.daemon.lifecycle import StoppedEarly, drained, happens, stop_on_signals, unless_stopped
from resistor.daemon.patience import Patience
from resistor.errors import OperatorMistake, StoreUnreachable


async def test_a_signal_says_stop_once_and_then_acts_as_by_default() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stopping:
        os.kill(os.getpid(), signal.SIGTERM)
        assert await happens(stopping, within=5.0)
        assert signal.getsignal(signal.SIGTERM) == before


async def test_work_that_waits_for_a_server_ends_when_it_is_told_to_stop() -> None:
    stopping, was_cancelled = asyncio.Event(), asyncio.Event()

    async def waits_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            was_cancelled.set()

    asyncio.get_running_loop().call_soon(stopping.set)
    with pytest.raises(StoppedEarly):
        await unless_stopped(waits_for_ever(), stopping)
    assert was_cancelled.is_set()


async def test_work_that_fails_fails() -> None:
    async def fails() -> None:
        raise OperatorMistake("no")

    with pytest.raises(OperatorMistake):
        await unless_stopped(fails(), asyncio.Event())


async def test_draining_waits_for_what_ends_and_cancels_what_does_not() -> None:
    stuck = asyncio.create_task(asyncio.Event().wait(), name="stuck")
    quick = asyncio.create_task(asyncio.sleep(0))
    assert not await drained({stuck, quick}, seconds=0.01)  # type: ignore[arg-type]
    assert stuck.cancelled()
    assert quick.done()
    assert await drained(set(), seconds=0.0)


async def test_patience_tries_again_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    failures = [StoreUnreachable("gone"), StoreUnreachable("gone")]

    async def call() -> str:
        if failures:
            raise failures.pop()
        return "there"

    patience = Patience()
    assert await patience.with_store(call) == "there"
    assert [record.getMessage() for record in caplog.records] == ["gone; waiting for it", "Redis is back"]
    assert not patience.is_store_away


async def test_patience_has_none_for_other_errors() -> None:
    async def call() -> str:
        raise OperatorMistake("Redis refuses the credentials")

    with pytest.raises(OperatorMistake):
        await Patience().with_store(call)


def test_a_crash_point_that_does_not_exist_is_refused() -> None:
    with pytest.raises(OperatorMistake, match="there is before-commit, after-commit"):
        crashpoints.arm("somewhere:2")


def test_without_a_setting_a_crash_point_is_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    crashpoints.arm(None)
    crashpoints.reach("before-ack")
    assert ended == []
    crashpoints.arm("before-ack:2")
    crashpoints.reach("after-commit")
    crashpoints.reach("before-ack")
    assert ended == []
    crashpoints.reach("before-ack")
    assert ended == [crashpoints.KILLED]
    crashpoints.arm(None)
