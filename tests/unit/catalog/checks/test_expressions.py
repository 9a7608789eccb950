"""An expression that is none is named, at the character where it is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resistor.catalog.checks.expressions import check_expressions
from resistor.catalog.checks.survey import Survey

STEP = "- {module: m, action: a, "
USUAL = "there is event, input, run, steps, vars"


@pytest.mark.parametrize(
    ("text", "path", "offset", "message", "hint"),
    [
        (
            STEP + "with: {x: '${inptu.x}'}}",
            "with/x",
            2,
            "`inptu` is not known",
            "did you mean input?",
        ),
        (
            STEP + "with: {x: ['a ${input.x +} b']}}",
            "with/x/0",
            13,
            "the expression ends too early",
            None,
        ),
        (STEP + "with: {x: '${input.x'}}", "with/x", 0, "`${` is not closed by `}`", None),
        (STEP + "if: input.x = 3}", "if", 8, "unexpected `=`: equality is written ==", None),
        (STEP + "if: '${ inptu.x }'}", "if", 3, "`inptu` is not known", "did you mean input?"),
        (
            STEP + "with: '${steps.a.ouput}'}",
            "with",
            10,
            "`steps.a.ouput`: a step has no ouput",
            "did you mean output?",
        ),
        (STEP + "with: '${result.x}'}", "with", 2, "`result` is not known", USUAL),
        (
            STEP + "catch: [{if: result.x}]}",
            "catch/0/if",
            0,
            "`result` is not known",
            "there is error, " + USUAL[9:],
        ),
        ("- {wait: {until: item.at}}", "wait/until", 0, "`item` is not known", USUAL),
        (
            "- {for: {in: '${line}', each: line}, do: []}",
            "for/in",
            2,
            "`line` is not known",
            USUAL,
        ),
        (
            "- {for: {in: [], each: line, at: nr}, do: [{set: {a: '${item}'}}]}",
            "do/0/set/a",
            2,
            "`item` is not known",
            "there is event, input, line, nr, run, steps, vars",
        ),
        ("- {set: {a: '${index}'}}", "set/a", 2, "`index` is not known", USUAL),
    ],
)
def test_a_bad_expression_is_placed_and_answered(
    definition: Callable[[str], Any], text: str, path: str, offset: int, message: str, hint: str | None
) -> None:
    (finding,) = check_expressions(Survey(definition(text)))
    assert "/".join(map(str, finding.path)) == f"steps/0/{path}"
    assert (finding.offset, finding.message, finding.hint) == (offset, message, hint)


@pytest.mark.parametrize(
    ("text", "path", "message"),
    [
        ("steps: []\ntriggers: [{event: e, if: run.id}]", "triggers/0/if", "`run` is not known"),
        (
            "steps: []\ntriggers: [{event: e, input: {a: '${vars.x}'}}]",
            "triggers/0/input/a",
            "`vars` is not known",
        ),
        ("steps: []\nrollout: {when: steps.a.output}", "rollout/when", "`steps` is not known"),
        ("steps: []\nrollout: {key: '${run.id}'}", "rollout/key", "`run` is not known"),
    ],
)
def test_before_there_is_a_run_only_the_event_is_known(
    definition: Callable[[str], Any], text: str, path: str, message: str
) -> None:
    (finding,) = check_expressions(Survey(definition(text)))
    assert "/".join(map(str, finding.path)) == path
    assert (finding.message, finding.hint) == (message, "there is event, input")


@pytest.mark.parametrize(
    "text",
    [
        STEP + "with: {a: '${input.x}', b: '$${inptu}', c: '{{ x }}', d: 3}}",
        STEP + "if: true}",
        STEP + "output: '${result.x}', catch: [{if: error.type == 'x', output: {a: '${error}'}}]}",
        "- {for: {in: '${input.xs}', each: line, at: nr}, do: [{set: {a: '${line} ${nr}'}}]}",
        "- {while: index < 3, do: [{set: {a: '${index}'}}]}",
        "- {until: index > 3, do: [{set: {a: '${index}'}}]}",
        "- {try: [], catch: [{do: [{set: {a: '${error.type}'}}]}]}",
        "- {listen: {event: e, match: event.data.x == input.x, key: {event: event.data.id, run: input.id}}}",
        "steps: []\non_failure: [{set: {a: '${error}'}}]\nfinally: [{set: {a: '${error}'}}]",
        "steps: []\nlabels: {a: '${input.x} ${vars.?y.orValue(1)} ${run.id} ${event.id}'}",
        "steps: []\ntriggers: [{event: e, if: input.x == event.id}]\nrollout: {when: event.type == 'x'}",
    ],
)
def test_each_place_has_the_variables_of_its_moment(definition: Callable[[str], Any], text: str) -> None:
    assert list(check_expressions(Survey(definition(text)))) == []
