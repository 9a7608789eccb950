"""A variation is a complete workflow: its base with the changes made, and it keeps what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from resistor.catalog import Loaded, load, load_text, workflow_from_source
from resistor.engine.workflow import Workflow, blocks_of
from tests.unit.catalog.marked import MARK

INSERT = "`insert` needs `after` or `before`: the id of a step, and no other place"
BASE = """\
shop:
  placed:
    version: 3
    description: The base.
    timeout: 1h
    rollout: {percent: 10}
    defaults: {timeout: 30s}
    steps:
      - {module: pay, action: charge, metadata: {speed: slow, box: {size: 1, lid: true}}}
      - {module: mail, action: send}
      - {module: mail, action: send}
      - id: guard
        try:
          - {id: pack, module: store, action: pack}
          - {id: ship, module: store, action: ship}
        catch: [{do: [{module: mail, action: sorry}]}]
    on_failure: [{id: notify, module: mail, action: fail}]
"""


def vip(*changes: str, more: str = "", extends: str = "shop/placed@3") -> str:
    listed = "".join(f"      - {change}\n" for change in changes) or "      []\n"
    return f"vip:\n  placed:\n    version: 1\n    extends: {extends}\n{more}    changes:\n{listed}"


def resolved(*changes: str, more: str = "", extends: str = "shop/placed@3") -> Workflow:
    catalog = load_text((BASE + vip(*changes, more=more, extends=extends)).encode()).or_raise()
    found = catalog.get("vip", "placed", 1)
    assert found is not None
    return found


def source(found: Workflow) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(found.source)
    return decoded


def ids(found: Workflow) -> list[str]:
    return [step.id for step in found.body.steps]


def guarded(found: Workflow) -> list[str]:
    guard = found.body.step("guard")
    assert guard is not None
    return [step.id for label, block in blocks_of(guard.kind) if label == "try" for step in block.steps]


def problem(marked: str) -> tuple[str, str | None]:
    before, _, _ = marked.partition(MARK)
    loaded = load_text(marked.replace(MARK, "").encode())
    (only,) = loaded.problems
    assert (only.line, only.column) == (before.count("\n") + 1, len(before) - before.rfind("\n")), only
    return only.message, only.hint


# ------------------------------------------------------------------------------------ what it becomes


def test_a_variation_without_changes_is_its_base() -> None:
    found = resolved()
    assert ids(found) == ["charge", "send", "send_2", "guard"]
    assert (found.version, found.description, found.timeout) == (1, "The base.", 3600)
    assert found.on_failure is not None
    assert source(found)["extends"] == "shop/placed@3"
    assert "changes" not in source(found)


def test_what_is_said_of_one_version_is_not_inherited() -> None:
    assert resolved().rollout is None


def test_keys_beside_extends_take_the_place_of_the_bases_and_null_takes_one_away() -> None:
    found = resolved(more="    description: For the best.\n    timeout: null\n    on_failure: []\n")
    assert (found.description, found.timeout) == ("For the best.", None)
    assert found.on_failure is not None
    assert found.on_failure.steps == ()


def test_steps_are_inserted_before_and_after_at_any_depth() -> None:
    found = resolved(
        "{after: charge, insert: [{id: gift, module: gifts, action: wrap}, {wait: 1s}]}",
        "{before: charge, insert: [{id: greet, module: mail, action: greet}]}",
        "{before: ship, insert: [{id: seal, module: store, action: seal}]}",
        "{after: ship, insert: [{id: track, module: store, action: track}]}",
        "{after: gift, insert: [{id: bow, module: gifts, action: bow}]}",
    )
    assert ids(found) == ["greet", "charge", "gift", "bow", "wait", "send", "send_2", "guard"]
    assert guarded(found) == ["pack", "seal", "ship", "track"]


def test_a_step_is_merged_with_null_taking_a_key_away() -> None:
    found = resolved(
        "{step: charge, merge: {metadata: {speed: express, box: {lid: null, tape: 2}, new: {a: null, b: 1}},"
        " name: Pay}}"
    )
    step = source(found)["steps"][0]
    assert step["metadata"] == {"speed": "express", "box": {"size": 1, "tape": 2}, "new": {"b": 1}}
    assert step["name"] == "Pay"


def test_a_step_is_replaced_and_keeps_its_id_unless_it_is_given_another() -> None:
    found = resolved(
        "{step: charge, replace: {module: gold, action: take}}",
        "{step: send, replace: {id: call, module: phone, action: ring}}",
    )
    assert ids(found) == ["charge", "call", "send_2", "guard"]
    assert source(found)["steps"][0] == {"id": "charge", "module": "gold", "action": "take"}


def test_a_step_is_removed_and_the_others_keep_their_names() -> None:
    assert ids(resolved("{step: send, remove: true}")) == ["charge", "send_2", "guard"]
    found = resolved("{before: send, insert: [{module: mail, action: send}]}")
    assert ids(found) == ["charge", "send_3", "send", "send_2", "guard"]


def test_steps_after_a_failure_can_be_changed_too() -> None:
    found = resolved("{step: notify, remove: true}")
    assert found.on_failure is not None
    assert found.on_failure.steps == ()


def test_the_defaults_of_the_base_hold_for_what_is_inserted_and_can_be_others() -> None:
    insert = "{after: charge, insert: [{id: gift, module: gifts, action: wrap}]}"
    assert [step.kind.timeout for step in resolved(insert).body.steps[:2]] == [30, 30]  # type: ignore[union-attr]
    other = resolved(insert, more="    defaults: {timeout: 5s}\n")
    assert [step.kind.timeout for step in other.body.steps[:2]] == [5, 5]  # type: ignore[union-attr]


def test_a_variation_of_a_variation_in_any_order_of_files(tmp_path: Path) -> None:
    third = vip("{step: gift, remove: true}", "{step: charge, remove: true}", extends="vip/placed@1")
    third = third.replace("vip:\n", "gold:\n", 1)
    (tmp_path / "1.yaml").write_text(third)
    (tmp_path / "2.yaml").write_text(vip("{after: charge, insert: [{id: gift, module: g, action: wrap}]}"))
    (tmp_path / "3.yaml").write_text(BASE)
    loaded = load(tmp_path)
    assert loaded.problems == ()
    found = loaded.catalog.get("gold", "placed", 1)
    assert found is not None
    assert ids(found) == ["send", "send_2", "guard"]
    assert source(found)["extends"] == "vip/placed@1"


def test_the_store_gives_back_the_identical_variation() -> None:
    found = resolved("{step: send, remove: true}")
    assert workflow_from_source("vip", "placed", found.source) == found


# ------------------------------------------------------------------------------------ which base


def test_without_a_version_the_highest_base_in_the_files_is_meant() -> None:
    both = "shop:\n  placed: [{version: 3, steps: [{wait: 1s}]}, {version: 4, steps: [{set: {a: 1}}]}]"
    catalog = load_text((both + "\n" + vip(extends="shop/placed")).encode()).or_raise()
    found = catalog.current("vip", "placed")
    assert found is not None
    assert (ids(found), source(found)["extends"]) == (["set"], "shop/placed@4")


def registered_base() -> dict[str, bytes]:
    (found,) = load_text(BASE.encode()).or_raise().workflows
    return {"shop/placed@3": found.source}


def test_a_base_whose_file_is_gone_is_taken_from_the_store_with_the_same_result() -> None:
    change = "{step: send, remove: true}"
    loaded = load_text(vip(change).encode(), registered=registered_base())
    assert loaded.or_raise().workflows == (resolved(change),)


def test_a_registered_variation_stays_with_the_version_that_it_extended() -> None:
    one = "shop:\n  placed:\n    - {version: 3, steps: [{wait: 1s}]}\n"
    variation = vip(extends="shop/placed")
    first = load_text((one + variation).encode()).or_raise().get("vip", "placed", 1)
    assert first is not None
    two = one + "    - {version: 4, steps: [{set: {a: 1}}]}\n" + variation
    kept = (
        load_text(two.encode(), registered={"vip/placed@1": first.source}).or_raise().get("vip", "placed", 1)
    )
    assert kept == first


@pytest.mark.parametrize(
    "kept", [b"{", b"[]", b'{"extends": 3}', b'{"extends": "x"}', b'{"extends": "shop/other@1"}']
)
def test_what_the_store_has_does_no_harm(kept: bytes) -> None:
    text = BASE + vip(extends="shop/placed")
    assert load_text(text.encode(), registered={"vip/placed@1": kept}).problems == ()


# ------------------------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("change", "message", "hint"),
    [
        ("{after: §chrage, insert: []}", "there is no step `chrage` to change", "did you mean `charge`?"),
        ("{step: §xyz, remove: true}", "there is no step `xyz` to change", ANY),
        (
            "§{step: charge}",
            "an entry of `changes` needs one of `insert`, `merge`, `replace` or `remove`",
            None,
        ),
        ("§{step: charge, remove: true, merge: {}}", ANY, None),
        (
            "§{step: charge, insert: []}",
            INSERT,
            None,
        ),
        (
            "§{after: charge, before: send, insert: []}",
            INSERT,
            None,
        ),
        ("§{after: charge, merge: {}}", "`merge` needs `step`: the id of a step, and no other place", None),
        (
            "{step: charge, §mrege: {}}",
            "`mrege` is not a key of an entry of `changes`",
            "did you mean `merge`?",
        ),
        ("{step: charge, remove: §false}", "`remove` must be true, not false", None),
        (
            "{after: charge, insert: [{§modul: m, action: x}]}",
            "`modul` is not a key of a step",
            "did you mean `module`?",
        ),
        ("{after: charge, insert: [{wait: 1s, id: §send}]}", ANY, None),
        ("{step: charge, merge: {retry: {limit: §0}}}", "`limit` must be 1 or more, not the number 0", None),
        ("{step: charge, merge: {§colour: red}}", "`colour` is not a key of a step", ANY),
        ("{step: pack, replace: {wait: §x}}", ANY, None),
    ],
)
def test_a_mistake_in_a_change_stands_where_the_change_is(
    change: str, message: str, hint: str | None
) -> None:
    assert problem(BASE + vip(change)) == (message, hint)


def test_what_a_change_makes_wrong_in_the_base_is_said_with_the_way_to_it() -> None:
    text = BASE + vip("{step: charge, merge: {action: null}}").replace("shop/placed@3", "§shop/placed@3")
    assert problem(text)[0] == "a step needs `action` (in what is extended, shop/placed@3, at /steps/0)"


def test_an_id_that_stands_in_several_lists_is_named_with_the_way_to_it() -> None:
    base = "shop:\n  placed: {version: 3, steps: [{try: [{wait: 1s}], finally: [{wait: 1s}]}]}\n"
    message, hint = problem(base + vip("{step: §wait, remove: true}"))
    assert (message, hint) == (
        "several steps have the id `wait`",
        "write which: `try/finally/wait` or `try/try/wait`",
    )
    catalog = load_text((base + vip("{step: try/finally/wait, remove: true}")).encode()).or_raise()
    found = catalog.get("vip", "placed", 1)
    assert found is not None
    assert [len(block.steps) for _, block in blocks_of(found.body.steps[0].kind)] == [1, 0]


@pytest.mark.parametrize(
    ("extends", "message", "hint"),
    [
        ("§shop/palced@3", "there is no workflow `shop/palced`", "did you mean `shop/placed`?"),
        ("§shop/placed@4", "there is no version 4 of `shop/placed`", "there is 3"),
        ("§nowhere", "`nowhere` does not name a workflow", "as in shop/order.placed@3"),
        ("§3", "`extends` must be text, not the number 3", "put it in quotes"),
        ("§vip/placed@1", "this extends itself: vip/placed@1 → vip/placed@1", None),
    ],
)
def test_a_base_that_is_none(extends: str, message: str, hint: str | None) -> None:
    assert problem(BASE + vip(extends=extends)) == (message, hint)


def test_variations_do_not_go_round_in_circles() -> None:
    text = "".join(
        f"{name}:\n  x: {{version: 1, extends: {base}/x@1}}\n"
        for name, base in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    loaded = load_text(text.encode())
    assert loaded.catalog.workflows == ()
    assert sorted(each.message for each in loaded.problems) == [
        "this extends `b/x@1`, in which something is wrong",
        "this extends `c/x@1`, in which something is wrong",
        "this extends itself: a/x@1 → b/x@1 → c/x@1 → a/x@1",
    ]


def chain(length: int) -> Loaded:
    text = "n0:\n  x: {version: 1, steps: []}\n" + "".join(
        f"n{n}:\n  x: {{version: 1, extends: n{n - 1}/x@1}}\n" for n in range(1, length + 1)
    )
    return load_text(text.encode())


def test_variations_of_variations_go_sixteen_deep() -> None:
    assert chain(16).problems == ()
    assert chain(17).problems[0].message == "variations of variations go 16 deep at most"
    assert len(chain(2000).catalog.workflows) == 17  # and a long chain is no recursion


def test_a_broken_base_is_one_problem_of_its_variation() -> None:
    loaded = load_text((BASE.replace("action: charge", "acton: charge") + vip()).encode())
    assert [each.message for each in loaded.problems] == [
        "`acton` is not a key of a step",
        "this extends `shop/placed@3`, in which something is wrong",
    ]
    assert loaded.broken == {("shop", "placed"), ("vip", "placed")}


def test_too_many_changes_are_another_workflow() -> None:
    changes = ["{step: charge, merge: {}}"] * 201
    message, _ = problem(BASE + vip(*changes[:-1], "§{step: charge, merge: {}}"))
    assert message == "a variation makes 200 changes at most"


def test_a_change_cannot_nest_deeper_than_a_file_may() -> None:
    deep = "[" * 43 + "]" * 43
    found = load_text((BASE + vip(f"{{step: charge, merge: {{metadata: {{a: {deep}}}}}}}")).encode())
    assert found.problems == () or "nested deeper" in found.problems[0].message


def test_a_workflow_that_always_runs_itself_is_refused() -> None:
    text = "shop:\n  placed: {version: 1, steps: [{wait: 1s}, {run: %s}]}\n"
    message, hint = problem(text % "§{workflow: placed}")
    assert message == "this workflow always runs itself, and never ends"
    assert hint == "give the step an `if`, or `detach: true`"
    for other in ("{workflow: other}", "{workflow: placed, detach: true}", "{workflow: placed, version: 2}"):
        assert load_text((text % other).encode()).problems == ()
    assert load_text((text % "{workflow: placed}, if: input.more").encode()).problems == ()
    assert load_text((text % "{workflow: placed, namespace: other}").encode()).problems == ()
