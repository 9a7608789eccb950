"""The contract's objects, and how people see them."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from resistor.engine.run import RunStatus, StepStatus
from resistor.ops.text import how_long, plural, printable, shortened
from resistor.ops.tree import LOOKS, run_tree
from resistor.ops.views import fact_view, run_line, run_view, workflow_view
from tests.unit.ops.samples import COMPLETED, FAILED, HISTORY, RUN, RUNNING, START, WORKFLOW


def as_json(view: Any) -> Any:
    """Return what a program reads."""
    return msgspec.json.decode(msgspec.json.encode(view))


def test_a_run_is_the_contract_s_object() -> None:
    view = as_json(run_view(FAILED, WORKFLOW))
    error = {"type": "card_declined", "message": "no funds\x1b[2J", "retryable": False, "step": "charge"}
    error["attempt"] = 2
    steps = view.pop("steps")
    assert view == {
        "id": RUN,
        "namespace": "shop",
        "workflow": "order.placed",
        "version": 3,
        "digest": WORKFLOW.digest,
        "status": "failed",
        "event": {"id": "order-17", "type": "order.placed", "time": None},
        "input": {"amount": 1.0, "id": 9007199254740993},
        "output": None,
        "error": error,
        "labels": {},
        "parent": None,
        "started_at": "2023-11-14T22:13:20.000Z",
        "finished_at": "2023-11-14T22:13:22.000Z",
    }
    assert [step["id"] for step in steps] == ["reserve", "charge", "ship"]
    assert steps[1] == {
        "id": "charge",
        "path": "charge",
        "kind": "module",
        "module": "payments",
        "action": "take",
        "status": "failed",
        "attempt": 2,
        "started_at": "2023-11-14T22:13:20.120Z",
        "finished_at": "2023-11-14T22:13:22.000Z",
        "input": {"total": 1.5},
        "output": None,
        "error": error,
    }
    assert (steps[0]["input"], steps[0]["output"]) == (view["input"], {"shelf": "A"})
    assert (steps[2]["status"], steps[2]["attempt"], steps[2]["input"]) == ("pending", 0, None)


def test_the_keys_of_a_run_are_in_the_contract_s_order() -> None:
    assert list(run_view(FAILED, None)) == [
        *("id", "namespace", "workflow", "version", "digest", "status", "event", "input", "output", "error"),
        *("labels", "parent", "started_at", "finished_at", "steps"),
    ]


def test_payloads_come_out_as_they_went_in() -> None:
    text = msgspec.json.encode(run_view(FAILED, WORKFLOW))
    assert b'"input":{"amount": 1.0, "id": 9007199254740993}' in text
    assert b'{"total":1.50}' in text


def test_a_completed_run_has_the_output_of_its_last_step() -> None:
    assert as_json(run_view(COMPLETED, WORKFLOW))["output"] == {"parcel": "P-1"}


def test_a_run_whose_workflow_is_lost_shows_what_it_did() -> None:
    steps = as_json(run_view(FAILED, None))["steps"]
    assert [(step["id"], step["module"]) for step in steps] == [("reserve", None), ("charge", None)]


def test_a_line_of_a_list_is_a_run_without_steps_and_payloads() -> None:
    whole, line = run_view(RUNNING, WORKFLOW), run_line(RUNNING)
    assert whole.keys() - line.keys() == {"steps", "input", "output"}
    assert line["finished_at"] is None


def test_a_fact_is_one_object_with_its_details_beside_it() -> None:
    started, scheduled, postponed, failed = (fact_view(n, fact) for n, fact in enumerate(HISTORY, 1))
    assert started == {
        "seq": 1,
        "at": "2023-11-14T22:13:20.000Z",
        "fact": "run_started",
        "step": None,
        "attempt": None,
        "event": "order-17",
    }
    assert (scheduled["module"], scheduled["action"]) == ("warehouse", "reserve")
    assert postponed["until"] == "2023-11-14T22:13:50.000Z"
    assert failed["error"] == {"type": "busy", "message": "later", "retryable": True}


def test_a_workflow_has_its_definition() -> None:
    view = as_json(workflow_view(WORKFLOW))
    assert view["modules"] == ["payments", "warehouse"]
    assert view["steps"][1] == {
        "id": "charge",
        "path": "charge",
        "kind": "module",
        "module": "payments",
        "action": "take",
    }
    assert view["definition"]["version"] == 3


def drawn(run: Any, *, now: float = START) -> str:
    """Return the tree as text."""
    console = Console(file=io.StringIO(), width=200, color_system=None)
    console.print(run_tree(run_view(run, WORKFLOW), now=now))
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def test_a_failed_run_as_a_tree() -> None:
    assert drawn(FAILED) == (
        "shop/order.placed@3  abcdefghij0123456789  failed  2.000s\n"
        "├── ✓ reserve  warehouse.reserve  completed  0.120s\n"
        "├── ✗ charge   payments.take      failed     1.880s  attempt 2  card_declined: no funds\\x1b[2J\n"
        "└── ○ ship     warehouse.ship     pending"
    )


def test_a_running_run_as_a_tree_counts_up_to_now() -> None:
    assert drawn(RUNNING, now=START + 5) == (
        "shop/order.placed@3  rrrrrrrrrrrrrrrrrrrr  running  1m05s\n"
        "├── ◌ reserve  warehouse.reserve  scheduled  1m05s\n"
        "├── ○ charge   payments.take      pending\n"
        "└── ○ ship     warehouse.ship     pending"
    )


def test_every_status_has_a_mark() -> None:
    assert LOOKS.keys() == {status.value for kind in (RunStatus, StepStatus) for status in kind}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.12, "0.120s"),
        (12.34, "12.3s"),
        (65, "1m05s"),
        (7500, "2h05m"),
        (273600, "3d04h"),
    ],
)
def test_a_duration_is_short_for_people(seconds: float | None, text: str) -> None:
    assert how_long(seconds) == text


def test_other_people_s_text_is_made_harmless() -> None:
    assert printable("a\r\nb\x1b[2J") == r"a\r\nb\x1b[2J"
    assert shortened("abcdef", 4) == "abc…"
    assert (plural(1, "queue"), plural(0, "queue")) == ("1 queue", "0 queues")
