"""`resistor run …` and `resistor event publish`, as a person and as a program see them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from resistor.bus import Names
from resistor.engine.identity import run_id
from resistor.engine.run import RunState, RunStatus
from resistor.messages.event import Event
from resistor.messages.result import Failure
from resistor.ops import runs
from resistor.ops.cli.output import Table
from resistor.ops.cli.run_list import RUN_COLUMNS
from resistor.ops.cli.run_show import _watch_live
from resistor.ops.views import run_line
from resistor.ports import Outcome
from resistor.store import RedisStore
from tests.unit.ops.conftest import Call, FakeBus, FakeStore, lines_of
from tests.unit.ops.samples import COMPLETED, FAILED, RUN, RUNNING, START


def test_runs_are_listed_in_local_time(call: Call) -> None:
    lines = call("run", "list").stdout.splitlines()
    took = lines[2].split()[4]  # the run that is not over: as long as it is now
    assert [line.replace(took, "*") for line in lines] == [
        "RUN                   WORKFLOW              STATUS     STARTED     TOOK      ERROR",
        f"{RUN}  shop/order.placed@3   failed     2023-11-14  2.000s    card_declined",
        f"{RUNNING.id}  shop/order.placed@3   running    2023-11-14  *  -",
        f"{COMPLETED.id}  shop/order.placed@3   completed  2023-11-14  1.000s    -",
    ]


def test_on_a_terminal_a_list_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    failure = Failure("a_type_of_error_that_goes_on_and_on")
    run = msgspec.structs.replace(
        FAILED, state=RunState(RunStatus.FAILED, finished_at=START + 2, failure=failure)
    )
    Table(RUN_COLUMNS).write([run_line(run)])
    said = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out).splitlines()
    assert max(map(len, said)) == 80
    assert said[1].endswith("…")


def test_a_program_gets_a_run_a_line(call: Call) -> None:
    lines = lines_of(call("run", "list", "-o", "jsonl").stdout)
    assert [line["id"] for line in lines] == [FAILED.id, RUNNING.id, COMPLETED.id]
    assert not {"steps", "input", "output"} & lines[0].keys()


def test_the_filters_are_what_the_store_is_asked_for(call: Call, store: FakeStore) -> None:
    call(
        *("run", "list", "--status", "failed", "--status", "timed_out", "--workflow", "shop/order.placed"),
        *("--since", "2026-11-22T00:00:00+00:00", "--limit", "7", "--label", "customer=c-1=7"),
    )
    [asked] = store.asked
    assert asked.labels == {"customer": "c-1=7"}
    assert asked.statuses == (RunStatus.FAILED, RunStatus.TIMED_OUT)
    assert (asked.namespace, asked.workflow, asked.limit) == ("shop", "order.placed", 7)
    assert asked.since == 1795305600.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["run", "list", "--since", "soon"],
            "Invalid value for '--since': 'soon' is neither 24h, 30m, … (so long ago) nor a date like"
            " 2026-11-22T14:05",
        ),
        (
            ["run", "list", "--workflow", "orders"],
            "Invalid value for '--workflow': 'orders' is not NAMESPACE/WORKFLOW or"
            " NAMESPACE/WORKFLOW@VERSION",
        ),
        (
            ["run", "list", "--label", "customer"],
            "Invalid value for '--label': 'customer' is not NAME=VALUE, like customer=c-17",
        ),
        (["run", "get", "X"], "'X' is not a run's id: it has 20 letters and digits, in small letters"),
        (["event", "publish", "order"], "'order' is not NAMESPACE.EVENT, like shop.order.placed"),
        (["event", "publish", "a.b", "--data", "[1]"], "--data: a JSON object is expected, not an array"),
        (
            ["event", "publish", "a.b", "--data", "@/none"],
            "--data: /none cannot be read: No such file or directory",
        ),
    ],
)
def test_a_mistake_in_the_arguments_is_one_line_and_exit_code_2(
    call: Call, arguments: list[str], said: str
) -> None:
    assert call(*arguments, code=2).stderr.splitlines()[-1] == f"Error: {said}"


def test_a_run_that_is_not_there_is_one_line_and_exit_code_1(call: Call) -> None:
    result = call("run", "get", "n" * 20, code=1)
    assert result.stderr == f"Error: there is no run {'n' * 20}: it never began, or it is forgotten by now\n"
    assert result.stdout == ""


def test_a_store_that_is_away_is_one_line_and_exit_code_3(call: Call, store: FakeStore) -> None:
    store.is_away = True
    assert call("run", "list", code=3).stderr == (
        "Error: Redis cannot be reached: refused (RESISTOR_REDIS_URL says where it is; `resistor dev` needs"
        " no servers)\n"
    )


def test_one_run_is_a_tree_for_people(call: Call) -> None:
    assert call("run", "get", RUN).stdout.splitlines() == [
        "shop/order.placed@3  abcdefghij0123456789  failed  2.000s",
        "├── ✓ reserve  warehouse.reserve  completed  0.120s",
        "├── ✗ charge   payments.take      failed     1.880s  attempt 2  card_declined: no funds\\x1b[2J",
        "└── ○ ship     warehouse.ship     pending",
        "started 2023-11-14 22:13:20 by event order-17",
    ]


def test_one_run_is_the_contract_s_object_for_programs(call: Call) -> None:
    view = json.loads(call("run", "get", RUN, "-o", "json").stdout)
    assert (view["id"], view["status"], len(view["steps"])) == (RUN, "failed", 3)


def test_a_history_is_a_fact_a_line(call: Call) -> None:
    facts = lines_of(call("run", "events", RUN, "-o", "jsonl").stdout)
    assert [(fact["seq"], fact["fact"]) for fact in facts] == [
        (1, "run_started"),
        (2, "step_scheduled"),
        (3, "step_postponed"),
        (4, "step_failed"),
    ]
    assert call("run", "events", RUN).stdout.splitlines()[1:] == [
        "1    2023-11-14 22:13:20.000  run_started      -             -        event=order-17",
        "2    2023-11-14 22:13:20.000  step_scheduled   reserve       1        module=warehouse"
        " action=reserve",
        "3    2023-11-14 22:13:20.120  step_postponed   reserve       1        until=2023-11-14 22:13:50",
        "4    2023-11-14 22:13:22.000  step_failed      charge        2        busy: later",
    ]


def test_following_a_history_ends_with_the_run(call: Call) -> None:
    assert len(lines_of(call("run", "events", RUN, "--follow", "-o", "jsonl").stdout)) == 4


def test_watching_a_run_that_fails_exits_with_1(call: Call) -> None:
    assert lines_of(call("run", "watch", RUN, "-o", "jsonl", code=1).stdout)[-1]["status"] == "failed"
    assert call("run", "watch", COMPLETED.id).exit_code == 0


async def test_on_a_terminal_a_watched_run_is_a_tree(
    store: FakeStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not await _watch_live(runs.Reader(cast(RedisStore, store)), RUN)
    assert "✗ charge   payments.take      failed" in capsys.readouterr().out


def test_publishing_prints_the_run_that_the_event_starts(call: Call, bus: FakeBus) -> None:
    said = call("event", "publish", "shop.order.placed", "--id", "order-17", "--data", '{"amount": 5}')
    [published] = bus.published
    event = Event(namespace="shop", name="order.placed", data=b"{}", id="order-17")
    assert said.stdout == f"{run_id(event, '')}\n"
    assert (published.exchange, published.routing_key) == (Names().events, "shop.order.placed")
    assert (published.envelope.body, published.envelope.message_id) == (b'{"amount": 5}', "order-17")


def test_an_event_gets_an_id_so_that_its_run_is_known(call: Call, bus: FakeBus) -> None:
    said = json.loads(call("event", "publish", "shop.order.placed", "-o", "json").stdout)
    assert bus.published[0].envelope.message_id == said["event"]
    assert len(said["run"]) == 20


def test_the_data_can_come_from_a_file_or_the_standard_input(
    call: Call, bus: FakeBus, tmp_path: Path
) -> None:
    file = tmp_path / "order.json"
    file.write_text('{"from": "file"}')
    call("event", "publish", "a.b", "--data", f"@{file}")
    call("event", "publish", "a.b", "--data", "-", typed='{"from": "input"}')
    assert [each.envelope.body for each in bus.published] == [b'{"from": "file"}', b'{"from": "input"}']


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (Outcome.UNROUTABLE, 3, "no queue takes events: was a daemon ever started here?"),
        (Outcome.REFUSED, 1, "RabbitMQ refused the event: is its queue full?"),
    ],
)
def test_an_event_that_nobody_takes_is_an_error(
    call: Call, bus: FakeBus, outcome: Outcome, code: int, said: str
) -> None:
    bus.outcome = outcome
    assert call("event", "publish", "a.b", code=code).stderr.startswith(f"Error: {said}")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a poll not wait."""
    monkeypatch.setattr(runs, "POLL_SECONDS", 0.0)


def published_as(run: Any, store: FakeStore) -> None:
    """Let the run that event `e1` starts be `run`."""
    event = Event(namespace="shop", name="order.placed", data=b"{}", id="e1")
    store.runs.append(msgspec.structs.replace(run, id=run_id(event, "")))


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(("run", "code"), [(COMPLETED, 0), (FAILED, 1)])
def test_waiting_exits_by_how_the_run_ended(call: Call, store: FakeStore, run: Any, code: int) -> None:
    published_as(run, store)
    result = call("event", "publish", "shop.order.placed", "--id", "e1", "--wait", "-o", "json", code=code)
    assert json.loads(result.stdout)["status"] == run.state.status
    assert result.stderr.startswith("run ")


@pytest.mark.usefixtures("soon")
def test_waiting_in_vain_says_what_to_look_at(call: Call, store: FakeStore) -> None:
    arguments = ("event", "publish", "shop.order.placed", "--id", "e1", "--wait", "--timeout", "10ms")
    assert call(*arguments, code=1).stderr.splitlines()[-1] == (
        "Error: no run began within 0.01 s: is a daemon running (`resistor doctor`), and does it have a"
        " workflow for this event (`resistor workflow list`)?"
    )
    published_as(RUNNING, store)
    assert "the run has not ended within 0.01 s: `resistor run watch " in call(*arguments, code=1).stderr
