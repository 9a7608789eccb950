"""The commands against a daemon that runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Site, run_of
from tests.acceptance.processes import Process

pytestmark = pytest.mark.xdist_group("acceptance")


async def told(site: Site, *arguments: str, code: int = 0) -> str:
    process = await site.start(*arguments)
    assert await process.end() == code, process.log
    assert "Traceback" not in process.log
    return process.log


async def rows(site: Site, *arguments: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (await told(site, *arguments, "-o", "jsonl")).splitlines()]


async def test_an_operator_can_see_everything(site: Site) -> None:
    await site.daemon()
    module = await site.module()
    log = await told(
        site, "event", "publish", "shop.three", "--data", '{"n": 4}', "--id", "order-4", "--wait"
    )
    assert "completed" in log
    run = run_of("order-4")
    [line] = await rows(site, "run", "list", "--workflow", "shop/three", "--status", "completed")
    assert line["id"] == run
    assert "steps" not in line
    whole = json.loads(await told(site, "run", "get", run, "-o", "json"))
    assert whole["output"] == {"wrote": 4}
    assert [step["status"] for step in whole["steps"]] == ["completed"] * 3
    assert whole["steps"][1]["input"] == {"n": 4}
    facts = await rows(site, "run", "events", run)
    assert [fact["seq"] for fact in facts] == list(range(1, 9))
    assert facts[-1]["fact"] == "run_completed"
    assert "three" in await told(site, "run", "watch", run)
    [workflow] = await rows(site, "workflow", "list")
    assert (workflow["workflow"], workflow["version"]) == ("three", 1)
    assert "module: ledger" in await told(site, "workflow", "show", "shop/three")
    [ledger] = await rows(site, "module", "list")
    assert (ledger["module"], ledger["consumers"]) == ("ledger", 1)
    queues = {queue["queue"]: queue for queue in await rows(site, "queue", "list")}
    assert queues["resistor.events"]["consumers"] == 1
    assert queues["resistor.module.ledger"]["messages"] == 0
    assert "fail" not in await told(site, "doctor")
    assert await module.stop() == 0


async def test_runs_are_found_by_their_labels(site: Site) -> None:
    (site.directory / "definitions" / "more.yaml").write_text(
        "shop: {labelled: {version: 1, labels: {n: '${input.n}', kind: test}, steps: []}}"
    )
    await site.daemon()
    for n in (1, 2):
        await site.outside.event("shop.labelled", {"n": n}, id=f"l-{n}")
    await told(site, "event", "publish", "shop.labelled", "--data", '{"n": 3}', "--wait")
    [line] = await rows(site, "run", "list", "--label", "n=2", "--label", "kind=test")
    assert line["labels"] == {"n": "2", "kind": "test"}


async def test_a_run_that_fails_makes_wait_exit_with_1(site: Site) -> None:
    await site.daemon()
    await site.module()
    log = await told(site, "event", "publish", "shop.three", "--data", "{}", "--wait", code=1)
    assert "there is no input.n" in log


async def test_servers_that_are_away_are_exit_3_and_one_line(site: Site) -> None:
    nowhere = site.environment(
        RESISTOR_AMQP_URL="amqp://guest:guest@127.0.0.1:1/", RESISTOR_REDIS_URL="redis://127.0.0.1:1/0"
    )
    for arguments in (["run", "list"], ["queue", "list"], ["event", "publish", "a.b"], ["doctor"]):
        process = await Process.start(*arguments, environment=nowhere)
        assert await process.end() == 3, process.log
        assert "Traceback" not in process.log


async def test_a_definition_with_a_typo_stops_a_daemon_before_it_starts(site: Site, tmp_path: Path) -> None:
    (tmp_path / "definitions" / "more.yaml").write_text(
        "shop:\n  other:\n    version: 1\n    steps:\n      - {modul: a, action: b}\n"
    )
    log = await told(site, "serve", code=1)
    assert "more.yaml:5:10" in log
    assert "did you mean" in log
    log = await told(site, "workflow", "validate", str(tmp_path / "definitions"), "-o", "jsonl", code=1)
    [problem] = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert (problem["line"], problem["column"]) == (5, 10)


async def test_another_content_under_a_registered_version_is_refused_in_one_line(site: Site) -> None:
    await told(site, "workflow", "register", str(site.directory / "definitions"))
    file = site.directory / "definitions" / "shop.yaml"
    file.write_text(file.read_text().replace("id: one", "id: first"))
    log = await told(site, "serve", code=1)
    assert "shop/three@1 is registered with other content" in log


async def test_a_wrong_setting_is_exit_2_and_one_line(site: Site) -> None:
    process = await Process.start("serve", environment=site.environment(RESISTOR_BATCH="many"))
    assert await process.end() == 2
    assert "RESISTOR_BATCH" in process.log
    assert process.log.count("\n") == 1
