"""`resistor dev`: everything in one process, and nothing left of it."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.acceptance.processes import Process

pytestmark = pytest.mark.xdist_group("dev")


async def test_the_demo_ends_by_itself_and_says_how_each_run_went() -> None:
    demo = await Process.start("dev", "--demo", "--once", "--http", "off", environment={})
    assert await demo.end() == 0, demo.log
    assert demo.count("completed") >= 5
    assert "card_declined" in demo.log
    assert re.search(r"shop/order\.placed@2 +[a-z2-7]{20} +failed", demo.log)
    assert "Traceback" not in demo.log


async def test_the_demo_stays_up_shows_what_else_is_published_and_ends_on_ctrl_c() -> None:
    demo = await Process.start("dev", "--demo", environment={})
    await demo.says("Publish another event")
    match = re.search(r"export (RESISTOR_AMQP_URL)=(\S+) (RESISTOR_REDIS_URL)=(\S+)", demo.log)
    assert match
    urls = {match[1]: match[2], match[3]: match[4]}
    event = await Process.start(
        "event", "publish", "namespaceC.event1", "--data", '{"n":7}', "--wait", environment=urls
    )
    assert await event.end() == 0, event.log
    assert "actionOfB" in event.log
    before = demo.count("namespaceC/event1@1")
    await demo.says("namespaceC/event1@1", times=max(before, 2))
    demo.signal(signal.SIGINT)
    assert await demo.end() == 0, demo.log
    assert "Traceback" not in demo.log


async def test_a_user_s_own_definitions_and_modules_run_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "hello.yaml").write_text(
        "greeting: {hello: {version: 1, steps: [{module: ledger, action: write}]}}"
    )
    dev = await Process.start(
        "dev",
        str(tmp_path / "hello.yaml"),
        "-m",
        "tests/acceptance/ledger_module.py:ledger",
        "--data",
        str(tmp_path / "data"),
        environment={"LEDGER": str(tmp_path / "ledger")},
    )
    await dev.says("metrics")
    amqp = re.search(r"AMQP +(amqp\S+)", dev.log)
    redis = re.search(r"Redis +(redis\S+)", dev.log)
    assert amqp
    assert redis
    urls = {"RESISTOR_AMQP_URL": amqp[1], "RESISTOR_REDIS_URL": redis[1]}
    event = await Process.start("event", "publish", "greeting.hello", "--wait", environment=urls)
    assert await event.end() == 0, event.log
    assert await dev.stop() == 0, dev.log
    assert (tmp_path / "ledger").read_text().count("\n") == 1
    assert (tmp_path / "data" / "appendonlydir").is_dir()


async def test_a_typo_in_a_definition_is_one_clear_problem_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text("shop:\n  placed:\n    version: 1\n    stpes: []\n")
    dev = await Process.start("dev", str(tmp_path / "shop.yaml"), environment={})
    assert await dev.end() == 1
    assert "shop.yaml:4:5" in dev.log
    assert "did you mean" in dev.log
    assert "steps" in dev.log
    assert "Traceback" not in dev.log


async def test_once_without_the_demo_is_a_usage_error() -> None:
    dev = await Process.start("dev", "--once", environment={})
    assert await dev.end() == 2
    assert "--once goes with --demo" in dev.log
