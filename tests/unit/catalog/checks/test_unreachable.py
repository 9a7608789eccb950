"""A step to which no way leads is named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resistor.catalog.checks.unreachable import check_unreachable

Found = Callable[..., list[str]]
STEP = "{module: m, action: %s}"


def never(path: str, step: str, why: str) -> str:
    return f"{path}: step `{step}` is never reached: {why}, and no `then` leads here"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "- {module: m, action: a, then: d}\n- {module: m, action: b}\n- {module: m, action: c}\n"
            "- {module: m, action: d}\n",
            [never("/steps/1", "b", "step `a` above leads elsewhere")],
            id="behind a then, said once for the stretch",
        ),
        pytest.param(
            "- {module: m, action: a, then: end}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `a` above ends the run")],
            id="behind a then to the end",
        ),
        pytest.param(
            "- {end: {status: failed}}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `end` above ends the run")],
            id="behind an end",
        ),
        pytest.param(
            "- {raise: {type: x}}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `raise` above fails")],
            id="behind a raise",
        ),
        pytest.param(
            "- switch: [{when: input.a, do: [{raise: {type: x}}]}, {do: [{end: {output: {}}}]}]\n"
            "- {wait: 1s}\n",
            [never("/steps/1", "wait", "step `switch` above never goes on")],
            id="behind a switch of which no case goes on",
        ),
        pytest.param(
            "- switch: [{when: input.a, then: b}, {then: b}]\n- {wait: 1s}\n- {module: m, action: b}\n",
            [never("/steps/1", "wait", "step `switch` above leads elsewhere")],
            id="behind a switch of which every case jumps",
        ),
        pytest.param(
            "- {try: [{raise: {type: x}}], catch: [{errors: [x], do: [{raise: {type: y}}]}]}\n- {wait: 1s}\n",
            [never("/steps/1", "wait", "step `try` above never goes on")],
            id="behind a try that only fails",
        ),
        pytest.param(
            "- {try: [{wait: 1s}], finally: [{raise: {type: x}}]}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `try` above never goes on")],
            id="behind a finally that only fails",
        ),
        pytest.param(
            "- fork: {branches: {a: [{raise: {type: x}}], b: [{wait: 1s}]}}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `fork` above never goes on")],
            id="behind a fork of which a branch only fails",
        ),
        pytest.param(
            "- {until: input.x, do: [{raise: {type: x}}]}\n- {module: m, action: b}\n",
            [never("/steps/1", "b", "step `until` above never goes on")],
            id="behind an until whose round only fails",
        ),
        pytest.param(
            "- try: [{wait: 1s, then: exit}, {module: m, action: b}]\n",
            [never("/steps/0/try/1", "b", "step `wait` above leads elsewhere")],
            id="inside a block",
        ),
        pytest.param(
            "steps: []\nfinally: [{end: {}}, {module: m, action: b}]\n",
            [never("/finally/1", "b", "step `end` above ends the run")],
            id="in finally",
        ),
        pytest.param(
            "- {end: {}}\n- {id: 3, wait: 1s}\n",
            ["/steps/1: this step is never reached: step `end` above ends the run, and no `then` leads here"],
            id="a step without a name",
        ),
        pytest.param("- {end: {}, if: input.x}\n- {wait: 1s}\n", [], id="an if"),
        pytest.param("- {raise: {type: x}, on_error: continue}\n- {wait: 1s}\n", [], id="continue"),
        pytest.param("- {wait: 1s, then: exit, if: input.x}\n- {wait: 1s}\n", [], id="a then with an if"),
        pytest.param("- switch: [{when: input.x, then: exit}]\n- {wait: 1s}\n", [], id="no case matches"),
        pytest.param(
            "- {try: [{raise: {type: x}}], catch: [{errors: [x]}]}\n- {wait: 1s}\n", [], id="a catch"
        ),
        pytest.param(
            "- {module: m, action: a, then: c}\n- {id: b, wait: 1s, then: d}\n- {id: c, wait: 1s, then: b}\n"
            "- {id: d, wait: 1s}\n",
            [],
            id="come to by a then back",
        ),
        pytest.param(
            "- {while: input.x, do: [{raise: {type: x}}]}\n- {for: {in: []}, do: [{end: {}}]}\n"
            "- {wait: 1s}\n",
            [],
            id="no round, and no item",
        ),
        pytest.param(
            "- fork: {branches: {a: [{raise: {type: x}}], b: [{wait: 1s}]}, join: any}\n- {wait: 1s}\n",
            [],
            id="one branch is enough",
        ),
        pytest.param(
            "- fork: {branches: {a: [{raise: {type: x}}]}, on_error: continue}\n- {wait: 1s}\n",
            [],
            id="a fork that goes on",
        ),
        pytest.param(
            "- {wait: 1s, then: nowhere}\n- {wait: 1s}\n- {end: {}}\n- {wait: 1s}\n", [], id="unsure"
        ),
    ],
)
@pytest.mark.bad_input(40)
def test_the_first_step_out_of_reach_is_named(found: Found, text: str, expected: list[str]) -> None:
    assert found(check_unreachable, text) == expected
