"""The steps of a run with blocks, as programs see them."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine.run import Parent
from resistor.ops.nesting import WANTED, only
from resistor.ops.views import run_line, run_view, workflow_view
from tests.unit.ops.nested import many, standing_still, undone
from tests.unit.telemetry.playing import Play, workflow_of


def view_of(play: Play) -> Any:
    """Return the run as a program reads it."""
    return msgspec.json.decode(msgspec.json.encode(run_view(play.run, play.workflow)))


def steps_of(play: Play) -> dict[str, Any]:
    """Return the steps by path."""
    return {step["path"]: step for step in view_of(play)["steps"]}


def test_steps_come_in_the_order_of_the_definition_and_inner_ones_behind_their_block() -> None:
    assert list(steps_of(standing_still())) == [
        *("route", "route/1/small", "side", "side/ask/approve", "side/hear/paid", "side/nap/settle"),
        *("side/pack/box", "side/pay/charge", "side/sub/invoice", "ship"),
    ]
    assert list(steps_of(undone())) == [
        *("charge", "charge/compensate", "guard", "guard/try/ship", "guard/catch-0/look", "on_failure/tell"),
    ]


def test_item_two_comes_before_item_ten() -> None:
    paths = list(steps_of(many(12)))
    assert paths[1:] == [f"each/{number}/one" for number in range(12)]


def test_only_steps_of_the_body_are_shown_before_they_begin() -> None:
    steps = steps_of(
        Play("shop: {a: {version: 1, steps: [{id: x, module: m, action: a}, {id: t, try: []}]}}")
    )
    assert [(path, step["status"]) for path, step in steps.items()] == [("x", "scheduled"), ("t", "pending")]


def test_a_block_says_its_kind_and_how_far_it_is() -> None:
    steps = steps_of(standing_still())
    assert (steps["route"]["kind"], steps["route"]["case"], steps["route"]["module"]) == ("switch", 1, None)
    assert steps["side"]["counts"] == {"total": 6, "begun": 6, "completed": 0, "failed": 0}


def test_the_output_of_a_block_is_gathered_from_its_items() -> None:
    play = many(3, failed=(1,), completed=3)
    [broken] = [step["error"] for step in view_of(play)["steps"] if step["status"] == "failed"]
    output = [
        0,
        {"error": {"type": "broken", "message": "", "details": None, "step": "one", "attempt": 1}},
        2,
    ]
    assert broken["type"] == "broken"
    assert steps_of(play)["each"]["output"] == output
    assert view_of(play)["output"] == output


def test_the_value_of_an_item_is_not_taken_for_a_step() -> None:
    assert set(steps_of(many(2))) == {"each", "each/0/one", "each/1/one"}
    assert steps_of(many(2))["each/1/one"]["input"] == {"items": [0, 1]}


def test_what_a_step_waits_for_is_in_its_object() -> None:
    steps = steps_of(standing_still())
    assert steps["side/ask/approve"]["ask"] == {"prompt": "Pay it?", "to": "boss", "form": {"type": "object"}}
    assert steps["side/ask/approve"]["deadline"] == "2023-11-15T01:13:20.000Z"
    assert steps["side/hear/paid"]["listen"] == {"event": "paid", "key": "o-17", "count": 2}
    assert steps["side/nap/settle"]["until"] == "2023-11-16T22:13:20.000Z"
    assert steps["side/pack/box"]["until"] == "2023-11-14T22:13:32.000Z"
    assert steps["side/sub/invoice"]["child"]["workflow"] == "invoice"


def test_a_compensation_says_what_it_undoes_and_the_run_that_all_is_undone() -> None:
    play = undone()
    undoing = steps_of(play)["charge/compensate"]
    assert (undoing["compensates"], undoing["module"], undoing["action"]) == ("charge", "payments", "refund")
    assert steps_of(play)["charge"]["status"] == "compensated"
    assert (view_of(play)["status"], view_of(play)["compensated"]) == ("failed", True)
    assert steps_of(play)["on_failure/tell"]["input"] == {"to": "a@b"}


def test_a_run_on_its_way_to_the_end_says_in_which_phase_it_is() -> None:
    play = Play("shop: {a: {version: 1, steps: [], finally: [{id: x, module: m, action: a}]}}")
    assert run_line(play.run)["phase"] == "finally"
    play.complete("finally/x")
    assert "phase" not in run_line(play.run)


def test_a_caught_error_is_told_beside_a_step_that_ended_well() -> None:
    step = "{id: x, module: m, action: a, retry: none, catch: [{output: {n: 1}}]}"
    play = Play(f"shop: {{a: {{version: 1, steps: [{step}]}}}}")
    play.fail("x", "lost")
    shown = steps_of(play)["x"]
    assert (shown["status"], shown["error"], shown["output"]) == ("completed", None, {"n": 1})
    assert shown["caught"]["type"] == "lost"


def test_an_earlier_turn_that_can_be_undone_keeps_its_own_output() -> None:
    play = Play("""
shop:
  a:
    version: 1
    steps:
      - {id: x, module: m, action: a, compensate: {module: m, action: undo}}
      - {id: pause, wait: 1m, then: x}
""")
    play.complete("x", 1)
    play.wait(60)
    play.complete("x#2", 2)
    steps = steps_of(play)
    assert list(steps) == ["x", "x#1", "pause"]
    assert [(step["id"], step.get("turn"), step["output"]) for step in list(steps.values())[:2]] == [
        ("x", 2, 2),
        ("x", None, 1),
    ]


def test_a_run_that_another_one_started_names_the_step() -> None:
    run = standing_still().run
    origin = msgspec.structs.replace(run.origin, parent=Parent("p" * 20, "side/sub/invoice#2"))
    parent = run_line(msgspec.structs.replace(run, origin=origin))["parent"]
    assert parent == {"run": "p" * 20, "step": "side/sub/invoice"}


def test_the_steps_that_failed_come_with_the_blocks_around_them() -> None:
    steps = view_of(many(5, failed=(3,), completed=5))["steps"]
    assert [step["path"] for step in only(steps, WANTED["failed"])] == ["each", "each/3/one"]
    assert only(steps, WANTED["open"]) == []
    assert only(steps, WANTED["all"]) == steps


def test_a_workflow_shows_its_inner_steps_with_the_paths_of_their_records() -> None:
    workflow = workflow_of("""
shop:
  a:
    version: 1
    steps: [{id: each, for: {in: [1]}, do: [{id: x, module: m, action: "${item}"}]}]
    finally: [{id: clean, set: {a: 1}}]
""")
    view = workflow_view(workflow)
    assert view["steps"] == [
        {"id": "each", "path": "each", "kind": "for", "module": None, "action": None},
        {"id": "x", "path": "each/*/x", "kind": "module", "module": "m", "action": None},
        {"id": "clean", "path": "finally/clean", "kind": "set", "module": None, "action": None},
    ]
