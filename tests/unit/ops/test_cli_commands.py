"""What people tell runs by `resistor run …`, as a person and as a program see it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from resistor.bus import Names
from resistor.engine.identity import run_id_of
from resistor.engine.run import RunStatus
from resistor.messages.command import (
    AnswerStep,
    CancelRun,
    Command,
    PauseRun,
    RetryRun,
    SignalRun,
    SkipStep,
    StartRun,
    TerminateRun,
    command_from_envelope,
)
from resistor.ops import publishing, runs
from resistor.ports import Outcome
from tests.unit.ops.conftest import Call, FakeBus, FakeStore, lines_of
from tests.unit.ops.nested import standing_still
from tests.unit.ops.samples import COMPLETED, FAILED, RUN, RUNNING
from tests.unit.telemetry.playing import Play, workflow_of


@pytest.fixture(autouse=True)
def me(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the operator be `ada@desk`, and a poll not wait."""
    monkeypatch.setattr(publishing, "operator", lambda: "ada@desk")
    monkeypatch.setattr(runs, "POLL_SECONDS", 0.0)


def sent(bus: FakeBus) -> list[Command]:
    """Return the commands, read as a daemon reads them; each went to its verb."""
    commands = [command_from_envelope(each.envelope, limit=10_000) for each in bus.published]
    assert [(each.exchange, each.routing_key) for each in bus.published] == [
        (Names().commands, command.verb) for command in commands
    ]
    assert len({each.envelope.message_id for each in bus.published}) == len(commands)
    return commands


# --------------------------------------------------------------------------------------------- ending


def test_a_named_run_is_cancelled_without_a_question(call: Call, bus: FakeBus) -> None:
    said = call("run", "cancel", RUNNING.id, "--why", "ordered twice")
    assert sent(bus) == [CancelRun(run=RUNNING.id, why="ordered twice", by="ada@desk")]
    told = "told 1 run to cancel: `resistor run get ID` shows what follows\n"
    assert (said.stdout, said.stderr) == (f"{RUNNING.id}\n", told)


def test_a_run_is_terminated(call: Call, bus: FakeBus) -> None:
    said = call("run", "terminate", RUNNING.id, RUNNING.id, "-o", "jsonl")
    assert sent(bus) == [TerminateRun(run=RUNNING.id, by="ada@desk")]
    assert lines_of(said.stdout) == [{"run": RUNNING.id, "command": "terminate"}]


def test_runs_that_are_meant_by_what_they_have_in_common_are_counted_first(
    call: Call, store: FakeStore, bus: FakeBus
) -> None:
    store.runs.append(msgspec.structs.replace(RUNNING, id="s" * 20))
    filters = ("--workflow", "shop/order.placed", "--label", "customer=c-17")
    refused = call("run", "cancel", *filters, typed="n\n", code=1)
    assert "cancel 2 runs (2 of shop/order.placed)? [y/N]" in refused.stderr
    assert bus.published == []
    call("run", "cancel", *filters, typed="y\n")
    assert [command.run for command in sent(bus)] == [RUNNING.id, "s" * 20]
    assert store.asked[0].labels == {"customer": "c-17"}
    assert store.asked[0].statuses == (RunStatus.RUNNING, RunStatus.PAUSED)


def test_who_is_sure_is_not_asked(call: Call, bus: FakeBus) -> None:
    call("run", "terminate", "--since", "24h", "--yes")
    assert len(sent(bus)) == 1


def test_runs_that_are_over_are_left_alone(call: Call, bus: FakeBus) -> None:
    assert call("run", "cancel", "--status", "failed", "--yes").stderr == (
        "no run is like that: nothing to do\n"
    )
    assert call("run", "cancel", RUNNING.id, FAILED.id, code=1).stderr == (
        f"Error: run {FAILED.id} is over: it is failed already\n"
    )
    assert bus.published == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "which runs? Name them, or say which by --workflow, --label, --status, …"),
        ([RUN, "--since", "1h"], 2, "either name runs, or say which by --workflow, --label, …: not both"),
        (["X"], 2, "'X' is not a run's id: it has 20 letters and digits, in small letters"),
        (["n" * 20], 1, f"there is no run {'n' * 20}: it never began, or it is forgotten by now"),
    ],
)
def test_a_mistake_about_which_runs_is_one_line(
    call: Call, bus: FakeBus, arguments: list[str], code: int, said: str
) -> None:
    assert call("run", "cancel", *arguments, code=code).stderr == f"Error: {said}\n"
    assert bus.published == []


@pytest.mark.parametrize(("status", "code"), [(RunStatus.CANCELLED, 0), (RunStatus.COMPLETED, 1)])
def test_waiting_says_how_the_runs_ended(
    call: Call, store: FakeStore, monkeypatch: pytest.MonkeyPatch, status: RunStatus, code: int
) -> None:
    def end(*_: Any) -> str:
        state = msgspec.structs.replace(COMPLETED.state, status=status)
        store.runs[1] = msgspec.structs.replace(RUNNING, state=state)
        return "ada@desk"

    monkeypatch.setattr(publishing, "operator", end)
    said = call("run", "cancel", RUNNING.id, "--wait", "-o", "json", code=code)
    assert [line["status"] for line in json.loads(said.stdout)] == [status]


def test_waiting_in_vain_for_an_end_says_so(call: Call) -> None:
    said = call("run", "cancel", RUNNING.id, "--wait", "--timeout", "10ms", code=1).stderr
    assert said == "Error: 1 run did not end within 0.01 s: is a daemon running?\n"


@pytest.mark.parametrize(
    ("outcome", "code", "said"),
    [
        (Outcome.UNROUTABLE, 3, "no queue takes commands: was a daemon ever started here?"),
        (Outcome.REFUSED, 1, "RabbitMQ refused the command: is its queue full?"),
    ],
)
def test_a_command_that_nobody_takes_is_an_error(
    call: Call, bus: FakeBus, outcome: Outcome, code: int, said: str
) -> None:
    bus.outcome = outcome
    assert call("run", "cancel", RUNNING.id, code=code).stderr.startswith(f"Error: {said}")


def test_a_broker_that_is_away_is_exit_code_3(call: Call, bus: FakeBus) -> None:
    bus.is_away = True
    assert "RESISTOR_AMQP_URL" in call("run", "cancel", RUNNING.id, code=3).stderr


# ------------------------------------------------------------------------------------------- starting


def test_a_run_is_started_and_its_id_printed(call: Call, bus: FakeBus) -> None:
    said = call("run", "start", "shop/order.placed@3", "--data", ' {"amount": 5}\n', "--id", "order-17")
    run = run_id_of("shop", "order.placed", "order-17")
    [command] = sent(bus)
    assert said.stdout == f"{run}\n"
    assert isinstance(command, StartRun)
    assert (command.run, command.key, command.version) == (run, "order-17", 3)
    assert bytes(command.input) == b'{"amount": 5}'


def test_without_a_key_every_start_is_a_run_of_its_own(call: Call, bus: FakeBus) -> None:
    ids = [json.loads(call("run", "start", "shop.order.placed", "-o", "json").stdout)["run"] for _ in "ab"]
    assert len(set(ids)) == 2
    assert [command.run for command in sent(bus)] == ids
    assert all(isinstance(each, StartRun) and each.version is None for each in sent(bus))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["shop/order.place"], 1, "there is no workflow shop/order.place: did you mean `shop/order.placed`?"),
        (["zoo/x"], 1, "there is no workflow zoo/x: `resistor workflow list` shows those there are"),
        (["shop/order.placed@9"], 1, "there is no shop/order.placed@9: its versions are 3"),
        (["shop/order.placed", "--data", "[1]"], 2, "--data: a JSON object is expected, not an array"),
        (["shop/order.placed", "--id", "x" * 600], 2, "--id: 512 characters at most, not 600"),
    ],
)
def test_a_start_that_cannot_be_is_one_line(
    call: Call, bus: FakeBus, arguments: list[str], code: int, said: str
) -> None:
    assert call("run", "start", *arguments, code=code).stderr == f"Error: {said}\n"
    assert bus.published == []


def test_data_that_the_workflow_refuses_is_refused_at_once(
    call: Call, store: FakeStore, bus: FakeBus
) -> None:
    store.catalogue.keep(workflow_of("shop: {strict: {version: 1, input: {required: [order]}, steps: []}}"))
    said = call("run", "start", "shop/strict", code=2).stderr
    assert said.startswith("Error: --data: shop/strict does not take it: ")
    assert "order" in said
    assert bus.published == []


@pytest.mark.parametrize(("run", "code"), [(COMPLETED, 0), (FAILED, 1)])
def test_waiting_for_a_started_run_exits_by_how_it_ended(
    call: Call, store: FakeStore, run: Any, code: int
) -> None:
    run_id = run_id_of("shop", "order.placed", "k")
    store.runs.append(msgspec.structs.replace(run, id=run_id))
    said = call("run", "start", "shop/order.placed", "--id", "k", "--wait", "-o", "json", code=code)
    assert json.loads(said.stdout)["id"] == run_id


# ------------------------------------------------------------------------------------------ answering


FORM = """
shop:
  refund:
    version: 1
    steps:
      - id: each
        for: {in: "${input.items}"}
        do:
          - id: approve
            ask:
              prompt: "Refund it?"
              form: {type: object, required: [ok], properties: {ok: {type: boolean}}}
"""


@pytest.fixture
def asking(store: FakeStore) -> Play:
    """Give a run whose two items ask the same, in the store with its workflow."""
    return _keep(store, Play(FORM, {"items": [1, 2]}))


def _keep(store: FakeStore, play: Play) -> Play:
    store.runs[:] = [play.run]
    store.catalogue.keep(play.workflow)
    return play


@pytest.mark.usefixtures("asking")
def test_an_answer_goes_to_the_step_that_asks(call: Call, bus: FakeBus) -> None:
    said = call("run", "answer", RUN, "each/1/approve", "--data", '{"ok": true}')
    [command] = sent(bus)
    assert isinstance(command, AnswerStep)
    assert (command.run, command.step, command.by) == (RUN, "each/1/approve", "ada@desk")
    assert bytes(command.data) == b'{"ok": true}'
    assert said.stderr.startswith("the answer to each/1/approve is on its way")


@pytest.mark.usefixtures("asking")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "which step is answered? open are each/0/approve (Refund it?), each/1/approve (Refund it?)"),
        (
            ["approve", "--data", "{}"],
            1,
            f"run {RUN} has 2 open `ask` steps approve: open are each/0/approve (Refund it?),"
            " each/1/approve (Refund it?)",
        ),
        (
            ["each/0/aprove", "--data", "{}"],
            1,
            f"run {RUN} has no open `ask` step each/0/aprove: did you mean `each/0/approve`?",
        ),
        (["each/0/approve", "--data", "yes"], 2, "--data: not JSON: "),
        (["each/0/approve"], 2, "the answer is missing: --data JSON, @FILE or -"),
    ],
)
def test_an_answer_to_nobody_is_one_line_and_lists_who_asks(
    call: Call, bus: FakeBus, arguments: list[str], code: int, said: str
) -> None:
    assert call("run", "answer", RUN, *arguments, code=code).stderr.startswith(f"Error: {said}")
    assert bus.published == []


@pytest.mark.usefixtures("asking")
def test_an_answer_that_does_not_fit_the_form_is_refused_with_the_reason(call: Call, bus: FakeBus) -> None:
    said = call("run", "answer", RUN, "each/0/approve", "--data", '{"ok": "yes"}', code=2).stderr
    assert said.startswith("Error: --data: the answer does not fit the form: ")
    assert "ok" in said
    assert said.count("\n") == 1
    assert bus.published == []


def test_the_id_of_the_only_step_that_asks_is_enough(call: Call, store: FakeStore, bus: FakeBus) -> None:
    _keep(store, standing_still())
    said = call("run", "answer", RUN, "approve", "--data", "{}", "-o", "json")
    assert json.loads(said.stdout) == {"run": RUN, "step": "side/ask/approve"}
    assert len(sent(bus)) == 1


def test_a_run_that_asks_nothing_says_so(call: Call) -> None:
    assert call("run", "answer", RUN, "x", "--data", "{}", code=1).stderr == (
        f"Error: run {RUN} asks nothing now: it is failed\n"
    )


def test_the_operator_is_a_user_on_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    user, _, host = publishing.operator().partition("@")
    assert user
    assert host


# ------------------------------------------------------------------------------------------ operating


def test_every_verb_is_a_command_to_its_run(call: Call, bus: FakeBus) -> None:
    call("run", "pause", RUNNING.id, "--why", "the bank is down")
    call("run", "retry", FAILED.id, "--step", "charge")
    call("run", "skip", RUNNING.id, "--step", "charge", "--output-data", '{"by": "hand"}')
    call("run", "signal", RUNNING.id, "--event", "parcel.arrived", "--data", '{"n": 1.0}')
    assert sent(bus) == [
        PauseRun(run=RUNNING.id, why="the bank is down", by="ada@desk"),
        RetryRun(run=FAILED.id, step="charge", by="ada@desk"),
        SkipStep(run=RUNNING.id, step="charge", output=msgspec.Raw(b'{"by": "hand"}'), by="ada@desk"),
        SignalRun(run=RUNNING.id, event="parcel.arrived", data=msgspec.Raw(b'{"n": 1.0}'), by="ada@desk"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["resume", RUNNING.id], f"run {RUNNING.id} is running"),
        (["retry", COMPLETED.id], f"run {COMPLETED.id} is over: it is completed already"),
        (
            ["retry", RUNNING.id],
            f"run {RUNNING.id} is running: only a run that did not end well can be retried",
        ),
    ],
)
def test_what_means_nothing_to_a_run_is_refused_at_once(
    call: Call, bus: FakeBus, arguments: list[str], said: str
) -> None:
    assert call("run", *arguments, code=1).stderr == f"Error: {said}\n"
    assert bus.published == []


def test_in_bulk_a_verb_is_for_the_runs_that_it_means_something_to(
    call: Call, store: FakeStore, bus: FakeBus
) -> None:
    call("run", "retry", "--workflow", "shop/order.placed", "--yes")
    assert [command.run for command in sent(bus)] == [FAILED.id]


def test_a_rerun_is_looked_at_before_it_is_asked_for(call: Call, bus: FakeBus, store: FakeStore) -> None:
    said = call("run", "rerun", FAILED.id, "--from", "chrge", code=2).stderr
    assert "has no step chrge" in said
    assert bus.published == []


def test_a_rerun_takes_the_version_of_its_run_and_a_new_input(
    call: Call, bus: FakeBus, store: FakeStore
) -> None:
    step = next(iter(FAILED.steps))
    said = call("run", "rerun", FAILED.id, "--from", step, "--data", '{"n": 1}', "--id", "again")
    [command] = sent(bus)
    assert isinstance(command, StartRun)
    assert (command.rerun_of, command.rerun_at, command.version) == (
        FAILED.id,
        step,
        FAILED.origin.version,
    )
    assert command.input == msgspec.Raw(b'{"n": 1}')
    assert said.stdout.strip() == command.run == run_id_of("shop", FAILED.origin.workflow, "again")


def test_why_says_how_a_run_ended_and_what_may_be_done(call: Call) -> None:
    said = call("run", "why", FAILED.id).stdout
    assert said.startswith("it failed: ")
    assert f"`resistor run retry {FAILED.id}`" in said


def test_why_says_what_a_run_waits_for(call: Call) -> None:
    said = call("run", "why", RUNNING.id, "-o", "json").stdout
    assert any("module" in line for line in json.loads(said)["why"]), said
