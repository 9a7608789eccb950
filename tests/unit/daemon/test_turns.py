"""Batches that concern the same run, one after the other."""

from __future__ import annotations

import asyncio

from resistor.daemon.turns import Turns
from resistor.testing.virtual_loop import run_virtually


def test_those_of_one_run_have_their_turns_in_order_and_others_do_not_wait() -> None:
    turns, said = Turns(), []

    async def work(name: str, runs: str, seconds: float) -> None:
        async with turns.of(runs):
            said.append(f"{name} begins")
            await asyncio.sleep(seconds)
            said.append(f"{name} ends")

    async def play() -> None:
        await asyncio.gather(
            work("1", "ab", 1.0), work("2", "bc", 1.0), work("3", "b", 1.0), work("4", "d", 0.5)
        )

    run_virtually(play())
    assert said == [
        *("1 begins", "4 begins", "4 ends", "1 ends"),
        *("2 begins", "2 ends", "3 begins", "3 ends"),
    ]


def test_whoever_fails_is_in_nobody_s_way() -> None:
    turns = Turns()

    async def play() -> bool:
        try:
            async with turns.of("a"):
                raise ValueError
        except ValueError:
            async with turns.of("a"):
                return True

    assert run_virtually(play())
