"""Everything of `resistor dev` in one process: each stack has servers of its own."""

from __future__ import annotations

import asyncio

from resistor.catalog import load_text
from resistor.config import Http, Settings
from resistor.dev.stack import Plan, Stack

CATALOG = load_text(b"shop: {order: {version: 1, steps: [{module: m, action: go}]}}").or_raise()


async def test_stacks_that_start_together_share_no_port() -> None:
    stacks = [Stack(Plan(Settings(http=Http(bind="off")), CATALOG)) for _ in range(3)]
    try:
        await asyncio.gather(*(stack.__aenter__() for stack in stacks))
        assert len({stack.settings.broker.url for stack in stacks}) == 3
        assert len({stack.settings.store.url for stack in stacks}) == 3
    finally:
        for stack in stacks:
            await stack.__aexit__()
