"""A daemon that stands still beyond its leases, and goes on: what it still does is done once."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.acceptance.conftest import Site

pytestmark = pytest.mark.xdist_group("acceptance")


def ids(start: int, end: int) -> list[str]:
    return [f"order-{number}" for number in range(start, end)]


async def test_what_a_frozen_daemon_had_in_hand_another_does_and_its_late_word_changes_nothing(
    site: Site,
) -> None:
    short = {"RESISTOR_LEASE_SECONDS": "0.5", "RESISTOR_HEARTBEAT_SECONDS": "1"}
    frozen = await site.daemon(**short)
    await site.module()
    await site.publish(ids(0, 60))
    await site.some_end(ids(0, 60), at_least=5)
    frozen.signal(signal.SIGSTOP)
    other = await site.daemon(**short)
    await site.publish(ids(60, 70))
    # The broker gives up on it, and hands what it had to the other: only then it goes on, in mid-sentence.
    await asyncio.gather(*(site.ended(each) for each in ids(0, 70)))
    frozen.signal(signal.SIGCONT)
    await frozen.says("broker_back")
    await site.publish(ids(70, 80))
    await site.holds(ids(0, 80))
    assert (frozen.is_over, other.is_over) == (False, False)
    assert frozen.count("store_went_back") + other.count("store_went_back") == 0
