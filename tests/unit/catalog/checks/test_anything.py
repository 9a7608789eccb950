"""The rules never raise, whatever stands in a definition, and take no time over a long one."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resistor.catalog.blocks import MAX_DEPTH
from resistor.catalog.checks import check_language
from resistor.catalog.naming import STEP_KINDS

WORDS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "exit",
            "end",
            "steps",
            "${steps.a.output}",
            "steps.?b.status",
            "${",
            "$${",
            "input.x == 1",
        ),
        *("completed", "continue", "any", "1s", "${item}", "${error.type + vars.x}", "", "\x00", "${'"),
    ]
)
KEYS = st.sampled_from(
    [
        *STEP_KINDS,
        *("id", "if", "then", "do", "catch", "finally", "action", "with", "output", "on_error", "compensate"),
        *(
            "when",
            "branches",
            "join",
            "in",
            "each",
            "at",
            "match",
            "key",
            "event",
            "until",
            "status",
            "input",
        ),
        *("metadata", "detach", "form", "data", "errors", "workflow", "message"),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | WORDS
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=40,
)
TOP = st.sampled_from(
    [
        *(
            "steps",
            "on_failure",
            "finally",
            "output",
            "labels",
            "concurrency",
            "triggers",
            "rollout",
            "timeout",
        ),
        *("input", "schedule", "changes", "extends", "colour"),
    ]
)

GOOD: dict[str, Any] = {
    "version": 1,
    "output": {"x": "${steps.?charge.output.id.orValue(1)}"},
    "labels": {"a": "${input.x}"},
    "triggers": [{"event": "e", "if": "input.x == 1", "input": {"a": "${event.id}"}}],
    "rollout": {"percent": 10, "key": "${input.x}", "when": "input.y"},
    "steps": [
        {
            "module": "m",
            "action": "charge",
            "with": {"a": ["${input.x}"]},
            "catch": [{"errors": ["x"], "do": [{"set": {"a": "${error.type}"}}], "then": "end"}],
            "compensate": {"module": "m", "action": "undo", "with": {"id": "${steps.charge.output.id}"}},
        },
        {"switch": [{"when": "input.x > 1", "then": "ship"}, {"when": "vars.x", "do": [{"end": {}}]}]},
        {"fork": {"branches": {"a": [{"wait": "1s"}], "b": [{"run": {"workflow": "w"}}]}, "join": 1}},
        {"for": {"in": "${input.xs}", "each": "x"}, "do": [{"emit": {"event": "e", "data": {"a": "${x}"}}}]},
        {
            "id": "ship",
            "until": "steps.try.output.x && index > 2",
            "do": [{"try": [{"ask": {"prompt": "p"}}]}],
        },
        {"listen": {"event": "e", "match": "event.data.x == input.x"}, "on_error": "continue"},
        {"raise": {"type": "x", "message": "${steps.?listen.output.orValue(1)}"}, "if": "vars.x"},
    ],
    "finally": [{"module": "m", "action": "clean", "with": {"a": "${steps.?charge.status.orValue('x')}"}}],
}


@given(value=VALUES | st.dictionaries(TOP, VALUES, max_size=4) | st.lists(VALUES, max_size=6))
@settings(max_examples=300, deadline=None)
def test_nothing_in_place_of_a_definition_raises(value: Any) -> None:
    for definition in (value, {"steps": value}, {"steps": [value, value], "finally": [value]}):
        for finding in check_language(definition):
            assert finding.message


@given(seed=st.integers(0, 2**32), value=VALUES, times=st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_no_change_of_a_good_definition_raises(seed: int, value: Any, times: int) -> None:
    definition, chance = copy.deepcopy(GOOD), random.Random(seed)
    for _ in range(times):
        _change(definition, value, chance)
    for finding in check_language(definition):
        assert finding.message


def _change(definition: dict[str, Any], value: Any, chance: random.Random) -> None:
    """Put a value in one place of the definition, or take one away."""
    inside: Any = definition
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return
        key = chance.choice(keys)
        if isinstance(inside[key], dict | list) and chance.random() < 0.8:
            inside = inside[key]
        elif chance.random() < 0.3:
            del inside[key]
            return
        else:
            inside[key] = copy.deepcopy(value)  # else it could come to hold itself
            return


def test_a_good_definition_has_no_findings() -> None:
    assert list(check_language(GOOD)) == []


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_thousand_steps_that_jump_and_read_take_less_than_a_second(is_broken: bool) -> None:
    steps: list[dict[str, Any]] = []
    for number in range(1000):
        step: dict[str, Any] = {"module": "m", "action": "a", "id": f"s{number}"}
        if number:
            guard = "" if is_broken else "?"
            step["with"] = {
                "a": f"${{steps.{guard}s{number // 2}.output{'' if is_broken else '.orValue(1)'}}}"
            }
        if number % 3 == 0:
            step |= {
                "if": f"input.x{number} == 1",
                "then": "exit" if number % 2 else f"s{min(number + 40, 999)}",
            }
        steps.append(step)
    _warm_up()
    begin = time.process_time()
    findings = list(check_language({"steps": steps}))
    # Compiling a thousand different expressions is not what is measured here, and is part of it.
    assert time.process_time() - begin < 3
    assert bool(findings) == is_broken


def test_many_blocks_beside_and_inside_each_other_take_no_time() -> None:
    inner: list[Any] = [{"wait": "1s"}]
    for _ in range(MAX_DEPTH - 1):
        inner = [{"try": inner}]
    begin = time.process_time()
    assert list(check_language({"steps": [{"try": inner} for _ in range(300)]})) == []
    assert time.process_time() - begin < 2


def _warm_up() -> None:
    """Import what the first expression needs."""
    list(check_language(GOOD))
