"""`resistor module list`, `pause` and `resume`, as a person and as a program see them."""

from __future__ import annotations

import json

import msgspec

from resistor.engine.run import Passage, StepRecord, StepStatus
from resistor.ops.views import run_view
from resistor.ops.waiting import reasons
from resistor.ports import GateView
from tests.unit.ops.conftest import Call, FakeStore
from tests.unit.ops.samples import RUNNING
from tests.unit.telemetry.playing import workflow_of


def test_a_module_is_paused_and_the_list_says_why_and_what_is_held(call: Call, store: FakeStore) -> None:
    assert call("module", "pause", "payments", "--why", "their bank is down").stderr == "payments is paused\n"
    store.pauses.waiting["payments"] = 7
    store.gates.views["payments concurrency"] = GateView(20, 3)
    [heading, payments, *_] = call("module", "list").stdout.splitlines()
    assert heading.split()[-1] == "PAUSED"
    assert payments.split(maxsplit=5) == ["payments", "1", "0", "3", "7", "their bank is down"]
    [row, *_] = json.loads(call("module", "list", "-o", "json").stdout)
    assert row.pop("since").endswith("Z")
    assert row == {
        "module": "payments",
        "consumers": 1,
        "messages": 0,
        "limited": 3,
        "held": 7,
        "paused": True,
        "why": "their bank is down",
    }


def test_a_pause_needs_no_reason(call: Call) -> None:
    call("module", "pause", "payments")
    assert call("module", "list").stdout.splitlines()[1].split()[-1] == "yes"


def test_a_module_goes_on(call: Call, store: FakeStore) -> None:
    call("module", "pause", "payments")
    store.pauses.waiting["payments"] = 2
    assert call("module", "resume", "payments").stderr == "payments goes on, 2 actions held\n"
    assert store.pauses.modules == {}
    call("module", "pause", "payments")
    assert json.loads(call("module", "resume", "payments", "-o", "json").stdout)["held"] == 2


def test_a_module_that_nobody_names_is_not_paused(call: Call, store: FakeStore) -> None:
    said = call("module", "pause", "paymens", code=1).stderr
    assert said == "Error: no workflow names module paymens: did you mean `payments`?\n"
    assert store.pauses.modules == {}


def test_a_module_that_is_not_paused_does_not_go_on(call: Call) -> None:
    call("module", "pause", "payments")
    said = call("module", "resume", "payment", code=1).stderr
    assert said == "Error: payment is not paused: did you mean `payments`?\n"


GATED = workflow_of(
    "modules: {payments: {actions: {charge: {concurrency: {key: '${input.a}', limit: 1}}}}}\n"
    "shop: {order.placed: {version: 3, steps: [{module: payments, action: charge}]}}"
)


def waiting(way: Passage) -> tuple[dict[str, object], list[str]]:
    """A step on its way, as an object and in words."""
    record = StepRecord(StepStatus.WAITING, 1_700_000_000.0, control=way)
    run = msgspec.structs.replace(RUNNING, parts={"s:charge": record})
    [step] = json.loads(msgspec.json.encode(run_view(run, GATED)["steps"]))
    return step, list(reasons(step, 1_700_000_000.0))


def test_a_step_says_that_its_module_is_paused() -> None:
    step, said = waiting(Passage(held="their bank is down"))
    assert step["held"] == {"module": "payments", "why": "their bank is down"}
    assert said == ["payments is paused: their bank is down"]


def test_a_step_says_by_which_limit_it_waits_for_its_turn() -> None:
    step, said = waiting(Passage(keys=('"a"',), is_in=True))
    assert step["limited"] == {"limit": "payments/charge concurrency", "key": "a"}
    assert said == ['for its turn by payments/charge concurrency with key "a"']
