"""What differs between two definitions: steps and keys."""

from __future__ import annotations

import copy
from typing import Any

from resistor.ops.workflow_diff import Change, What, compare
from tests.unit.ops.graph.definitions import EVERY_KIND


def act(step_id: str, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "module": "m", "action": step_id, **more}


def flow(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"version": 1, "steps": list(steps), **more}


def test_a_definition_does_not_differ_from_itself_whatever_its_version() -> None:
    assert compare(EVERY_KIND, {**copy.deepcopy(EVERY_KIND), "version": 4}) == []


def test_the_workflow_s_own_keys_are_compared_down_to_values() -> None:
    old = flow(timeout="1h", rollout={"percent": 10, "key": "k"})
    new = flow(rollout={"percent": 20, "key": "k"}, description="New.")
    assert compare(old, new) == [
        Change(What.ADDED, "", "description", None, "New."),
        Change(What.CHANGED, "", "rollout.percent", 10, 20),
        Change(What.REMOVED, "", "timeout", "1h", None),
    ]


def test_a_key_of_a_step_inside_a_block_has_the_step_s_path() -> None:
    old = flow({"id": "guard", "try": [act("charge", retry={"limit": 3})]})
    new = flow({"id": "guard", "try": [act("charge", retry={"limit": 5})]})
    assert compare(old, new) == [Change(What.CHANGED, "guard/try/charge", "retry.limit", 3, 5)]


def test_the_short_form_of_retry_is_the_same_as_the_long_one() -> None:
    assert compare(flow(act("a", retry=5)), flow(act("a", retry={"limit": 5}))) == []


def test_true_is_not_one_and_one_is_not_1_0() -> None:
    changes = compare(flow(act("a", with_=[1, 1])), flow(act("a", with_=[True, 1.0])))
    assert changes == [Change(What.CHANGED, "a", "with_", [1, 1], [True, 1.0])]


def test_steps_come_and_go() -> None:
    assert compare(flow(act("a"), act("b")), flow(act("b"), act("c"))) == [
        Change(What.REMOVED, "a", "", act("a"), None),
        Change(What.ADDED, "c", "", None, act("c")),
    ]


def test_only_the_steps_that_explain_a_new_order_have_moved() -> None:
    old, new = flow(*map(act, "abcd")), flow(*map(act, "bcda"))
    assert compare(old, new) == [
        Change(What.MOVED, "a", "", {"path": "a", "after": None}, {"path": "a", "after": "d"})
    ]


def test_a_step_that_is_wrapped_has_moved_and_what_changed_in_it_is_said() -> None:
    wrap = {"id": "guard", "try": [act("a", timeout="9s")]}
    changes = compare(flow(act("a", timeout="1s"), act("b")), flow(wrap, act("b")))
    assert changes == [
        Change(
            What.MOVED,
            "guard/try/a",
            "",
            {"path": "a", "after": None},
            {"path": "guard/try/a", "after": None},
        ),
        Change(What.CHANGED, "guard/try/a", "timeout", "1s", "9s"),
        Change(What.ADDED, "guard", "", None, wrap),
    ]


def test_a_step_that_takes_its_blocks_along_has_moved_alone() -> None:
    inner = {"id": "guard", "try": [act("a"), act("b")]}
    loop = {"id": "loop", "while": "vars.x", "do": [inner]}
    assert [(each.what, each.path) for each in compare(flow(inner), flow(loop))] == [
        (What.MOVED, "loop/*/guard"),
        (What.ADDED, "loop"),
    ]


def test_a_case_in_between_does_not_shift_the_others() -> None:
    vip = {"when": "input.vip", "do": [act("gift")]}
    rest = {"do": [act("a")]}
    dear = {"when": "input.amount > 9", "do": [act("b")]}
    old = flow({"id": "s", "switch": [dear, rest]})
    new = flow({"id": "s", "switch": [dear, vip, rest]})
    assert compare(old, new) == [Change(What.ADDED, "s/1", "", None, vip)]


def test_a_changed_condition_is_still_that_case() -> None:
    old = flow({"id": "s", "switch": [{"when": "input.x > 1", "do": [act("a")]}]})
    new = flow({"id": "s", "switch": [{"when": "input.x > 2", "do": [act("a")]}]})
    assert compare(old, new) == [Change(What.CHANGED, "s/0", "when", "input.x > 1", "input.x > 2")]


def test_branches_and_catches_are_compared() -> None:
    def with_parts(branches: dict[str, Any], errors: list[str]) -> dict[str, Any]:
        return flow(
            {"id": "f", "fork": {"branches": branches, "join": "all"}},
            act("a", catch=[{"errors": errors, "do": [act("undo")]}]),
        )

    old = with_parts({"x": [act("b")]}, ["busy"])
    new = with_parts({"x": [act("b")], "y": [act("c")]}, ["gone"])
    assert compare(old, new) == [
        Change(What.ADDED, "f/y", "", None, [act("c")]),
        Change(What.CHANGED, "a/catch-0", "errors", ["busy"], ["gone"]),
    ]


def test_another_kind_under_the_same_id_is_a_change_of_keys() -> None:
    changes = compare(flow(act("a")), flow({"id": "a", "try": [act("b")]}))
    assert [(each.what, each.key) for each in changes] == [
        *((What.REMOVED, "action"), (What.REMOVED, "module"), (What.ADDED, "try"))
    ]


def test_the_lists_beside_the_steps_are_compared() -> None:
    old, new = flow(on_failure=[act("a")]), flow(on_failure=[act("a", timeout="1s")])
    assert compare(old, new) == [Change(What.ADDED, "on_failure/a", "timeout", None, "1s")]


def test_thousands_of_steps_in_another_order_are_compared_at_once() -> None:
    ids = [f"s{n}" for n in range(3000)]
    changes = compare(flow(*map(act, ids)), flow(*map(act, [*ids[1:], ids[0]])))
    assert [(each.what, each.path) for each in changes] == [(What.MOVED, "s0")]
