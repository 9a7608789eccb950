"""Everything that is evaluated is found, with what it may name; and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.catalog.evaluated import ALWAYS, ARRIVAL, Moment, evaluated_in

X = "${input.x}"
STEP = {"module": "m", "action": "a"}


def found(definition: Any) -> dict[str, tuple[bool, Moment, set[str]]]:
    """Return by path: is it bare, when, and the variables besides those that are always there."""
    return {
        "/".join(map(str, each.path)): (each.is_bare, each.moment, set(each.variables - ALWAYS))
        for each in evaluated_in(definition)
    }


TEMPLATE = (False, Moment.ENTRY, set[str]())
BARE = (True, Moment.ENTRY, set[str]())


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({**STEP, "if": "input.x"}, {"if": BARE}),
        (
            {"module": "m", "action": X, "with": {"a": [1, X, "text"], "b": X}},
            {"action": TEMPLATE, "with/a/1": TEMPLATE, "with/b": TEMPLATE},
        ),
        ({**STEP, "with": X}, {"with": TEMPLATE}),
        ({**STEP, "output": X}, {"output": (False, Moment.RESULT, {"result"})}),
        (
            {**STEP, "compensate": {"module": "m", "action": X, "with": {"a": X}, "metadata": {"a": X}}},
            {"compensate/with/a": (False, Moment.UNDO, set[str]())},
        ),
        (
            {**STEP, "catch": [{"if": "input.x", "output": {"a": X}, "do": [], "errors": [X]}]},
            {
                "catch/0/if": (True, Moment.ENTRY, {"error"}),
                "catch/0/output/a": (False, Moment.ENTRY, {"error"}),
            },
        ),
        ({**STEP, "metadata": {"a": X}, "timeout": X, "name": X, "then": X, "id": X}, {}),
        ({"switch": [{"when": "input.x", "do": []}, 3, {"then": X}]}, {"switch/0/when": BARE}),
        ({"fork": {"branches": {"a": []}, "join": X}}, {}),
        ({"for": {"in": X, "each": X, "concurrency": X}, "do": []}, {"for/in": TEMPLATE}),
        ({"for": {"in": [1, X]}, "do": []}, {"for/in/1": TEMPLATE}),
        ({"while": "input.x", "do": []}, {"while": (True, Moment.BEFORE_ROUND, {"index"})}),
        ({"until": "input.x", "do": []}, {"until": (True, Moment.AFTER_ROUND, {"index"})}),
        ({"wait": X}, {}),
        ({"wait": {"until": "input.x"}}, {"wait/until": BARE}),
        (
            {
                "listen": {
                    "event": X,
                    "match": "input.x",
                    "key": {"event": "input.x", "run": "input.x"},
                    "count": X,
                }
            },
            {"listen/match": BARE, "listen/key/event": BARE, "listen/key/run": BARE},
        ),
        ({"ask": {"prompt": X, "to": X, "form": {"a": X}}}, {}),
        ({"emit": {"event": X, "namespace": X, "data": {"a": X}}}, {"emit/data/a": TEMPLATE}),
        ({"set": {"a": X, "b": {"c": X}}}, {"set/a": TEMPLATE, "set/b/c": TEMPLATE}),
        (
            {"run": {"workflow": X, "namespace": X, "input": X, "id": X}, "catch": [{"if": "input.x"}]},
            {
                "run/workflow": TEMPLATE,
                "run/input": TEMPLATE,
                "run/id": TEMPLATE,
                "catch/0/if": (True, Moment.ENTRY, {"error"}),
            },
        ),
        (
            {"try": [], "catch": [{"output": X}]},
            {"catch/0/output": (False, Moment.ENTRY, {"error"})},
        ),
        (
            {"raise": {"type": X, "message": X, "details": [X]}},
            {"raise/type": TEMPLATE, "raise/message": TEMPLATE, "raise/details/0": TEMPLATE},
        ),
        ({"end": {"output": X, "message": X, "status": X}}, {"end/output": TEMPLATE}),
        ({"colour": X}, {}),
    ],
)
def test_a_steps_expressions(step: dict[str, Any], expected: dict[str, Any]) -> None:
    assert found({"steps": [step]}) == {f"steps/0/{path}": what for path, what in expected.items()}


def test_a_workflows_expressions() -> None:
    definition = {
        "rollout": {"when": "input.x", "key": X, "percent": 3},
        "triggers": [{"event": X, "if": "input.x", "input": {"a": X}}],
        "labels": {"a": X},
        "concurrency": {"key": X, "limit": X},
        "output": {"a": X},
        "schedule": {"cron": X, "input": {"a": X}},
        "description": X,
        "timeout": X,
        "steps": [],
    }
    assert found(definition) == {
        "rollout/when": (True, Moment.ARRIVAL, set()),
        "rollout/key": (False, Moment.ARRIVAL, set()),
        "triggers/0/if": (True, Moment.ARRIVAL, set()),
        "triggers/0/input/a": (False, Moment.ARRIVAL, set()),
        "labels/a": (False, Moment.START, set()),
        "concurrency/key": (False, Moment.START, set()),
        "output/a": (False, Moment.END, set()),
    }
    for each in evaluated_in(definition):
        assert each.variables == (ARRIVAL if each.moment is Moment.ARRIVAL else ALWAYS)


def test_steps_inside_blocks_know_the_variables_of_their_loops() -> None:
    inner = {**STEP, "with": X, "catch": [{"if": "true"}]}
    loop = {"for": {"in": [], "each": "line"}, "do": [{"until": "true", "do": [inner]}]}
    there = found({"steps": [loop], "on_failure": [inner]})
    assert there["steps/0/do/0/do/0/with"][2] == {"line", "index"}
    assert there["steps/0/do/0/do/0/catch/0/if"][2] == {"line", "index", "error"}
    assert there["on_failure/0/with"][2] == {"error"}


@pytest.mark.parametrize("anything", [None, 3, "x", [], {}, {"steps": 3}, {"rollout": 3, "triggers": [3]}])
def test_what_is_malformed_is_left_out(anything: Any) -> None:
    assert found(anything) == {}
