"""A `${` that would stay as it is is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resistor.catalog.checks import check_definition
from resistor.catalog.checks.not_evaluated import check_not_evaluated
from resistor.catalog.checks.survey import Survey

Found = Callable[..., list[str]]
MESSAGE = "expressions are not evaluated here"
X = "'${input.x}'"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        (f"- {{module: {X}, action: a}}", ["/steps/0/module"]),
        (f"- {{module: m, action: a, timeout: {X}, retry: {{delay: {X}}}}}", ["timeout", "retry/delay"]),
        (f"- {{module: m, action: a, catch: [{{errors: [{X}], do: []}}]}}", ["catch/0/errors/0"]),
        (f"- {{ask: {{prompt: {X}, to: {X}}}}}", ["ask/prompt", "ask/to"]),
        (f"- {{emit: {{event: {X}}}}}", ["emit/event"]),
        (f"- {{end: {{message: {X}}}}}", ["end/message"]),
        (f"- {{listen: {{event: {X}, timeout: {X}}}}}", ["listen/event", "listen/timeout"]),
        (f"- {{run: {{workflow: w, namespace: {X}}}}}", ["run/namespace"]),
        (f"steps: []\nschedule: {{input: {{a: {X}}}}}", ["/schedule/input/a"]),
        (f"steps: []\ntimeout: {X}\nretention: {X}", ["/timeout", "/retention"]),
        ("- {ask: {prompt: 'It costs $${input.x}'}}", []),
        (f"- {{module: m, action: a, metadata: {{a: [{X}]}}, name: {X}}}", []),
        (f"- {{module: m, action: a, compensate: {{module: m, action: u, metadata: {{a: {X}}}}}}}", []),
        (f"- {{ask: {{prompt: p, form: {{pattern: {X}}}}}}}", []),
        (f"steps: []\ndescription: {X}\ninput: {{pattern: {X}}}\nchanges: [{{remove: {X}}}]", []),
        (f"- {{module: m, action: {X}, with: {X}, if: {X}}}", []),
    ],
)
def test_what_is_not_evaluated_is_named(found: Found, text: str, paths: list[str]) -> None:
    places = [path if path.startswith("/") else f"/steps/0/{path}" for path in paths]
    assert found(check_not_evaluated, text) == [f"{place}: {MESSAGE}" for place in places]


def test_a_wait_for_a_moment_is_pointed_to_until(found: Found) -> None:
    hint = "a moment that is worked out is written `wait: {until: …}`"
    assert found(check_not_evaluated, f"- {{wait: {X}}}") == [f"/steps/0/wait: {MESSAGE} | {hint}"]


def test_the_place_is_the_expressions(definition: Callable[[str], Any]) -> None:
    text = "- {ask: {prompt: 'Pay $${a} or ${input.x}?'}}"
    (finding,) = check_not_evaluated(Survey(definition(text)))
    assert finding.offset == len("Pay $${a} or ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"- {{module: {X}, action: a}}", [(("steps", 0, "module"), MESSAGE)]),
        (f"- {{wait: 1s, then: {X}}}", [(("steps", 0, "then"), MESSAGE)]),
        (
            f"- {{wait: 1s, colour: {X}}}",
            [(("steps", 0, "colour"), "`colour` is not a key of a `wait` step")],
        ),
        (
            f"- {{wait: 1s, colour: [{X}]}}",
            [(("steps", 0, "colour"), "`colour` is not a key of a `wait` step")],
        ),
    ],
)
def test_one_mistake_is_said_once(
    definition: Callable[[str], Any], text: str, expected: list[tuple[Any, str]]
) -> None:
    findings = check_definition({"version": 1, **definition(text)})
    assert [(finding.path, finding.message) for finding in findings] == expected
