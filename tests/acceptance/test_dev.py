"""`resistor dev`: everything in one process, and nothing left of it."""

from __future__ import annotations

import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.acceptance.processes import Process

pytestmark = pytest.mark.xdist_group("dev")

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start `resistor …` processes; none outlives its test."""
    started: list[Process] = []

    async def start(*arguments: str, **environment: str) -> Process:
        started.append(await Process.start(*arguments, environment=environment))
        return started[-1]

    yield start
    for process in started:
        await process.kill()


async def test_the_demo_ends_by_itself_and_says_how_each_run_went(start: Start) -> None:
    demo = await start("dev", "--demo", "--once", "--http", "off")
    assert await demo.end() == 0, demo.log
    assert demo.count("completed") >= 5
    assert "card_declined" in demo.log
    assert re.search(r"shop/order\.placed@2 +[a-z2-7]{20} +failed", demo.log)
    assert "Traceback" not in demo.log


async def test_the_demo_stays_up_shows_what_else_is_published_and_ends_on_ctrl_c(start: Start) -> None:
    demo = await start("dev", "--demo")
    await demo.says("Publish another event")
    match = re.search(r"export (RESISTOR_AMQP_URL)=(\S+) (RESISTOR_REDIS_URL)=(\S+)", demo.log)
    assert match
    urls = {match[1]: match[2], match[3]: match[4]}
    event = await start("event", "publish", "namespaceC.event1", "--data", '{"n":7}', "--wait", **urls)
    assert await event.end() == 0, event.log
    assert "actionOfB" in event.log
    before = demo.count("namespaceC/event1@1")
    await demo.says("namespaceC/event1@1", times=max(before, 2))
    demo.signal(signal.SIGINT)
    assert await demo.end() == 0, demo.log
    assert "Traceback" not in demo.log


async def test_a_user_s_own_definitions_and_modules_run_the_same_way(start: Start, tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(
        "greeting: {hello: {version: 1, steps: [{module: ledger, action: write}]}}"
    )
    dev = await start(
        "dev",
        str(tmp_path / "hello.yaml"),
        "-m",
        "tests/acceptance/ledger_module.py:ledger",
        "--data",
        str(tmp_path / "data"),
        LEDGER=str(tmp_path / "ledger"),
    )
    await dev.says("metrics")
    amqp = re.search(r"AMQP +(amqp\S+)", dev.log)
    redis = re.search(r"Redis +(redis\S+)", dev.log)
    assert amqp
    assert redis
    urls = {"RESISTOR_AMQP_URL": amqp[1], "RESISTOR_REDIS_URL": redis[1]}
    event = await start("event", "publish", "greeting.hello", "--wait", **urls)
    assert await event.end() == 0, event.log
    assert await dev.stop() == 0, dev.log
    assert (tmp_path / "ledger").read_text().count("\n") == 1
    assert (tmp_path / "data" / "appendonlydir").is_dir()


async def test_a_typo_in_a_definition_is_one_clear_problem_and_exit_1(start: Start, tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("shop:\n  placed:\n    version: 1\n    stpes: []\n")
    dev = await start("dev", str(tmp_path / "shop.yaml"))
    assert await dev.end() == 1
    assert "shop.yaml:4:5" in dev.log
    assert "did you mean" in dev.log
    assert "steps" in dev.log
    assert "Traceback" not in dev.log


async def test_once_without_the_demo_is_a_usage_error(start: Start) -> None:
    dev = await start("dev", "--once")
    assert await dev.end() == 2
    assert "--once goes with --demo" in dev.log
