"""A message that kills every daemon that takes it: it alone is buried, and what sat beside it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import Site
from tests.integration.outside import header_of

# Python reads a module of this name before anything else: the daemon itself is as it is shipped.
DEADLY = """
import os
from resistor.daemon import inbox

read = inbox.Inbox.read

async def die_of_some(self, delivery):
    if b"deadly" in delivery.envelope.body:
        os._exit(137)
    return await read(self, delivery)

inbox.Inbox.read = die_of_some
"""


@pytest.fixture
def deadly(tmp_path: Path) -> str:
    """Where Python must look first, so that a daemon dies of a message with this word in it."""
    (tmp_path / "deadly").mkdir()
    (tmp_path / "deadly" / "sitecustomize.py").write_text(DEADLY)
    return f"{tmp_path / 'deadly'}:{Path.cwd()}"


async def deaths(site: Site, deadly: str) -> int:
    """Start daemons until one survives the message; returns how many did not."""
    for count in range(20):
        process = await site.start("serve", PYTHONPATH=deadly)
        if await process.says_or_ends("died 5 times with this message"):
            return count
        assert await process.end() == 137, process.log
    raise AssertionError("twenty daemons died of one message")


@pytest.mark.rabbitmq
async def test_a_message_that_kills_daemons_is_isolated_and_no_healthy_one_is_buried(
    site: Site, deadly: str
) -> None:
    first = await site.daemon()  # leaves the topology behind
    await first.stop()
    ids = [f"e-{number}" for number in range(100)]
    await site.publish(ids[:50])
    await site.outside.publish("resistor.events", "shop.three", {"n": "deadly"}, message_id="poison")
    await site.publish(ids[50:])
    assert await deaths(site, deadly) == 7  # twice in a batch, and five times alone
    letter = await site.outside.dead()
    assert (letter.message_id, header_of(letter, "resistor-reason")) == ("poison", "poison")
    assert "died 5 times" in header_of(letter, "resistor-detail")
    await site.module()
    await site.holds(ids)  # and with it that there is no other dead letter


@pytest.mark.rabbitmq
async def test_daemons_that_are_killed_again_and_again_bury_nothing(site: Site, deadly: str) -> None:
    """All that was in hand is suspect by then; none of it is to blame."""
    first = await site.daemon()
    await first.stop()
    ids = [f"e-{number}" for number in range(50)]
    await site.publish(ids)
    for point in ("before-commit", "after-commit", "before-publish", "after-publish", "before-ack") * 2:
        # A long grace: on a slow machine the sweeper would send everything meanwhile.
        killed = await site.start("serve", RESISTOR_CRASH=f"{point}:1", RESISTOR_OUTBOX_GRACE_SECONDS="600")
        assert await killed.end() == 137, killed.log
    await site.daemon()
    await site.module()
    await site.holds(ids)
