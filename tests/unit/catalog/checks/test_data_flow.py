"""What may not be there is read only by an expression that says what to do then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resistor.catalog.checks.data_flow import check_data_flow
from resistor.catalog.checks.survey import Survey

Found = Callable[..., list[str]]
A = "- {module: m, action: a}\n"
READ = "- {module: m, action: r, with: '${steps.%s}'}\n"
READ_A = READ % "a.output"


def lacking(path: str, what: str, why: str) -> str:
    step, _, part = what.partition(".")
    end = f".{part}" if part else ""
    return (
        f"{path}: `steps.{what}` may not be there: {why}"
        f" | write `steps.?{step}{end}.orValue(…)`, or ask `has(steps.{what})` first"
    )


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("- {module: m, action: a, if: input.x}\n", "step `a` is skipped when its `if` is false"),
        (
            "- {module: m, action: a, on_error: continue}\n",
            "step `a` has no output when it fails: `on_error: continue` lets the run go on",
        ),
        (
            "- {module: m, action: a, catch: [{errors: [x]}]}\n",
            "step `a` has no output where its 1st `catch` takes the error",
        ),
        (
            "- {module: m, action: a, catch: [{output: {}}, {do: [{wait: 1s}]}]}\n",
            "step `a` may have no output where its 2nd `catch` takes the error",
        ),
        (
            "- {id: a, switch: [{when: input.x, do: [{module: m, action: b}]}]}\n",
            "step `a` has no output when no case matches",
        ),
        (
            "- {id: a, switch: [{when: input.x, do: [{module: m, action: b}]}, {do: [{wait: 1s}]}]}\n",
            "step `a` may have no output: no step inside has to complete",
        ),
        (
            "- {id: a, switch: [{when: input.x, then: r}, {do: [{module: m, action: b}]}]}\n",
            "step `a` has no output in its 1st case",
        ),
        (
            "- {id: a, until: input.x, do: [{module: m, action: b, if: input.y}]}\n",
            "step `a` may have no output: no step inside has to complete",
        ),
        (
            "- {id: a, try: [{module: m, action: b, on_error: continue}]}\n",
            "step `a` may have no output: no step inside has to complete",
        ),
        (
            "- {id: z, wait: 1s, if: input.x, then: r}\n" + A,
            "`then` of step `z` leads past step `a`",
        ),
        (
            "- {id: z, switch: [{when: input.x, do: []}, {when: input.y, then: r}]}\n" + A,
            "the 2nd case of step `z` leads past step `a`",
        ),
        (
            "- {id: z, run: {workflow: w}, catch: [{errors: [x], then: r}]}\n" + A,
            "the 1st `catch` of step `z` leads past step `a`",
        ),
        (
            "- {id: z, switch: [{when: input.x, then: c}]}\n- {module: m, action: a, then: r}\n"
            "- {id: c, wait: 1s}\n",
            "the 1st case of step `z` leads past step `a`",
        ),
    ],
)
def test_an_output_that_some_way_lacks_is_refused_with_the_way(found: Found, steps: str, why: str) -> None:
    number = steps.count("\n")
    assert found(check_data_flow, steps + READ_A) == [lacking(f"/steps/{number}/with", "a.output", why)]
    for guarded in ("?a.output.orValue(0)", "?a.?output.orValue(0)"):
        assert found(check_data_flow, steps + READ % guarded) == []
    asks = "- {module: m, action: r, if: 'has(steps.a.output) && steps.a.output.x'}\n"
    assert found(check_data_flow, steps + asks) == []


@pytest.mark.parametrize(
    "steps",
    [
        A,
        "- {module: m, action: a, if: true}\n",
        "- {module: m, action: a, catch: [{errors: [x], output: {b: 1}}, {do: [{module: m, action: b}]}]}\n",
        "- {module: m, action: a, catch: [{then: end}]}\n",
        "- {module: m, action: a, catch: [{do: [{raise: {type: x}}]}]}\n",
        "- {id: a, switch: [{when: input.x, do: [{module: m, action: b}]}, {do: [{ask: {prompt: p}}]}]}\n",
        "- {id: a, switch: [{when: input.x, then: end}, {do: [{listen: {event: e}}]}]}\n",
        "- {id: a, until: input.x, do: [{module: m, action: b}]}\n",
        "- {id: a, for: {in: []}, do: [{module: m, action: b, if: input.x}]}\n",
        "- {id: a, fork: {branches: {b: [{wait: 1s}]}, join: any}}\n",
        "- {id: a, run: {workflow: w}}\n",
        "- {id: a, run: {workflow: w, detach: true}}\n",
        "- {id: a, try: [{module: m, action: b}], catch: [{do: [{end: {}}]}], finally: [{wait: 1s}]}\n",
        "- {id: a, try: [{wait: 1s}, {module: m, action: b}, {set: {x: 1}}]}\n",
        "- {id: a, listen: {event: e}}\n- {id: z, wait: 1s, if: input.x, then: r}\n- {wait: 2s}\n",
    ],
)
def test_an_output_that_every_way_has_is_read_as_it_is(found: Found, steps: str) -> None:
    assert found(check_data_flow, steps + READ_A) == []


@pytest.mark.parametrize("part", ["a.status", "a.attempt", "a"])
def test_a_skipped_step_has_a_record_and_one_that_is_jumped_over_has_none(found: Found, part: str) -> None:
    skipped = "- {module: m, action: a, if: input.x}\n"
    assert found(check_data_flow, skipped + READ % part) == []
    over = "- {id: z, wait: 1s, if: input.x, then: r}\n" + A
    why = "`then` of step `z` leads past step `a`"
    assert found(check_data_flow, over + READ % part) == [lacking("/steps/2/with", part, why)]


def test_an_error_is_always_asked_for_first(found: Found) -> None:
    assert found(check_data_flow, A + READ % "a.error.type") == [
        lacking("/steps/1/with", "a.error", "only a step that failed has one")
    ]
    assert found(check_data_flow, A + READ % "?a.error.orValue({})") == []


@pytest.mark.parametrize("kind", ["wait: 1s", "set: {x: 1}", "emit: {event: e}"])
def test_a_step_that_never_has_an_output_is_not_asked_for_one(found: Found, kind: str) -> None:
    name = kind.partition(":")[0]
    hint = " | its variables are read as `vars.NAME`" if name == "set" else ""
    expected = [f"/steps/1/with: step `a` has no output: it is a `{name}` step{hint}"]
    for reading in ("a.output", "?a.output.orValue(0)"):
        assert found(check_data_flow, f"- {{id: a, {kind}}}\n" + READ % reading) == expected
    assert found(check_data_flow, f"- {{id: a, {kind}}}\n" + READ % "a.status") == []


@pytest.mark.parametrize("reading", ["a.output", "?a.output.orValue(0)", "a.status"])
def test_a_step_that_comes_later_cannot_be_read(found: Found, reading: str) -> None:
    message = "step `a` comes later: only steps above this one can be read"
    assert found(check_data_flow, READ % reading + A) == [f"/steps/0/with: {message}"]
    inner = f"- try: [{{set: {{x: '${{steps.{reading}}}'}}}}]\n"
    assert found(check_data_flow, inner + A) == [f"/steps/0/try/0/set/x: {message}"]


def test_a_later_step_can_be_read_where_a_jump_led_back(found: Found) -> None:
    steps = READ % "%s" + "- {wait: 1s}\n- {module: m, action: a, then: r}\n"
    assert found(check_data_flow, steps % "?a.output.orValue(0)") == []
    why = "step `a` comes later, and has run only where a `then` has led back"
    assert found(check_data_flow, steps % "a.output") == [lacking("/steps/0/with", "a.output", why)]


def test_a_step_of_another_way_cannot_be_read(found: Found) -> None:
    steps = "- switch: [{when: input.x, then: r}]\n- {module: m, action: a, then: end}\n" + READ_A
    message = "step `a` cannot have run here: no way leads from it to this place"
    assert found(check_data_flow, steps) == [f"/steps/2/with: {message}"]


def test_a_jump_forwards_and_back_is_followed(found: Found) -> None:
    steps = (
        "- {module: m, action: a, then: c}\n- {module: m, action: b, then: r}\n"
        "- {module: m, action: c, then: b}\n"
    )
    assert found(check_data_flow, steps + READ % "c.output" + READ % "b.output") == []
    assert found(check_data_flow, steps.replace("${", "$") + READ_A) == []


@pytest.mark.parametrize(
    "reader",
    [
        "- {if: has(steps.a.output), set: {x: '${steps.a.output}'}}\n",
        "- {if: 'steps.?a.output.ok.orValue(false)', set: {x: '${steps.a.output}'}}\n",
        "- {if: has(steps.a.output), try: [{try: [{set: {x: '${steps.a.output}'}}]}]}\n",
        "- switch: [{when: has(steps.a.output), do: [{set: {x: '${steps.a.output}'}}]}]\n",
    ],
)
def test_a_condition_that_asks_for_a_step_answers_for_what_it_guards(found: Found, reader: str) -> None:
    assert found(check_data_flow, "- {module: m, action: a, if: input.x}\n" + reader) == []


@pytest.mark.parametrize(
    ("reader", "path"),
    [
        ("- {if: steps.a.output.ok, set: {x: '${steps.?a.output.orValue(1)}'}}\n", "if"),
        ("- {if: has(steps.b.output), set: {x: '${steps.a.output}'}}\n", "set/x"),
        (
            "- switch: [{when: has(steps.a.output), do: []}, {do: [{set: {x: '${steps.a.output}'}}]}]\n",
            "switch/1/do/0/set/x",
        ),
    ],
)
def test_another_condition_does_not(found: Found, reader: str, path: str) -> None:
    steps = "- {module: m, action: a, if: input.x}\n- {module: m, action: b}\n"
    why = "step `a` is skipped when its `if` is false"
    assert found(check_data_flow, steps + reader) == [lacking(f"/steps/2/{path}", "a.output", why)]


# ------------------------------------------------------------------------------------ of itself


@pytest.mark.parametrize(
    "keys",
    [
        "with: '${steps.a.output}'",
        "if: steps.?a.output.orValue(false)",
        "catch: [{if: steps.a.status == 'x'}]",
        "catch: [{output: {x: '${steps.a.attempt}'}}]",
    ],
)
def test_a_step_does_not_read_itself(found: Found, keys: str) -> None:
    (finding,) = found(check_data_flow, f"- {{module: m, action: a, {keys}}}")
    assert finding.endswith(": step `a` reads itself: it has no output before it ends")


def test_its_output_reads_the_result_instead(found: Found) -> None:
    text = "- {module: m, action: a, output: '${steps.a.output}'}"
    assert found(check_data_flow, text) == [
        "/steps/0/output: step `a` reads itself: it has no output before it ends"
        " | `result` is what the module returned"
    ]


def test_a_step_that_may_run_again_reads_what_it_gave_before(found: Found) -> None:
    text = "- {module: m, action: a, with: '${steps.%s}'}\n- {wait: 1s, then: a}\n"
    assert found(check_data_flow, text % "?a.output.orValue(0)") == []
    assert found(check_data_flow, text % "a.output") == [
        lacking("/steps/0/with", "a.output", "step `a` may run for the first time")
    ]


def test_a_compensation_reads_its_own_step_and_what_was_certain_then(found: Found) -> None:
    undo = "compensate: {module: m, action: u, with: {x: '${steps.a.output}', y: '${steps.%s}'}}"
    text = "- {module: m, action: b, if: input.x}\n- {module: m, action: a, if: input.y, %s}\n"
    assert found(check_data_flow, text % (undo % "?b.output.orValue(0)")) == []
    assert found(check_data_flow, text % (undo % "b.output")) == [
        lacking("/steps/1/compensate/with/y", "b.output", "step `b` is skipped when its `if` is false")
    ]
    assert found(check_data_flow, text % (undo % "a.error")) == [
        lacking("/steps/1/compensate/with/y", "a.error", "only a step that failed has one")
    ]


def test_a_loop_reads_its_own_last_round_where_there_is_one(found: Found) -> None:
    for text in (
        "- {id: poll, while: 'steps.%s', do: [{module: m, action: a}]}\n",
        "- {id: poll, until: 'steps.%s', do: [{module: m, action: a}]}\n",
        "- {id: poll, until: input.x, do: [{module: m, action: a, if: 'steps.%s'}]}\n",
    ):
        assert found(check_data_flow, text % "?poll.output.orValue(false)") == []
        (finding,) = found(check_data_flow, text % "poll.output")
        assert ": `steps.poll.output` may not be there: step `poll` has none in its first round" in finding


@pytest.mark.parametrize("reading", ["g.output", "?g.output.orValue(0)", "g.status"])
def test_a_block_that_is_not_over_cannot_be_read_from_inside(found: Found, reading: str) -> None:
    message = (
        "step `g` is not over yet: this stands inside it"
        " | what the steps inside need of each other can be kept with `set`, and read as `vars.NAME`"
    )
    inner = f"{{set: {{x: '${{steps.{reading}}}'}}}}"
    for block, path in (
        (f"try: [{inner}]", "try/0"),
        (f"try: [], catch: [{{do: [{inner}]}}]", "catch/0/do/0"),
        (f"for: {{in: []}}, do: [{inner}]", "do/0"),
        (f"fork: {{branches: {{b: [{inner}]}}}}", "fork/branches/b/0"),
    ):
        assert found(check_data_flow, f"- {{id: g, {block}}}") == [f"/steps/0/{path}/set/x: {message}"]


def test_an_until_reads_the_steps_of_its_round(found: Found) -> None:
    text = "- {until: steps.a.output.ok, do: [{module: m, action: a%s}]}\n"
    assert found(check_data_flow, text % "") == []
    assert found(check_data_flow, text % ", if: input.x") == [
        lacking("/steps/0/until", "a.output", "step `a` is skipped when its `if` is false")
    ]


# ------------------------------------------------------------------------------------ through blocks


def test_what_is_certain_outside_is_certain_inside(found: Found) -> None:
    inner = "- {for: {in: []}, do: [{fork: {branches: {b: [{set: {x: '${steps.a.output}'}}]}}}]}\n"
    assert found(check_data_flow, A + inner) == []
    assert found(check_data_flow, "- {module: m, action: a, if: input.x}\n" + inner) == [
        lacking(
            "/steps/1/do/0/fork/branches/b/0/set/x",
            "a.output",
            "step `a` is skipped when its `if` is false",
        )
    ]


def test_nothing_is_certain_in_on_failure_and_finally(found: Found) -> None:
    text = "steps: [{module: m, action: a}, {wait: 1s}]\n%s: [{try: [{set: {x: '${steps.%s}'}}]}]\n"
    for label in ("on_failure", "finally"):
        assert found(check_data_flow, text % (label, "?a.output.orValue(0)")) == []
        for part in ("a.output", "a.status"):
            why = "the run may have ended before step `a`"
            assert found(check_data_flow, text % (label, part)) == [
                lacking(f"/{label}/0/try/0/set/x", part, why)
            ]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ("{module: m, action: a}", None),
        ("{module: m, action: a}, {module: m, action: b, if: input.x, then: end}, {wait: 1s}", None),
        (
            "{id: z, wait: 1s, if: input.x, then: end}, {module: m, action: a}",
            "`then` of step `z` ends the run before step `a`",
        ),
        (
            "{id: z, wait: 1s, if: input.x, then: exit}, {module: m, action: a}",
            "`then` of step `z` leads past step `a`",
        ),
        ("{id: z, end: {}, if: input.x}, {module: m, action: a}", "step `z` may end the run before step `a`"),
        (
            "{id: z, for: {in: []}, do: [{wait: 1s, then: end}]}, {module: m, action: a}",
            "step `z` may end the run before step `a`",
        ),
        ("{end: {output: {x: 1}}, if: input.x}, {module: m, action: a}", None),
        ("{end: {status: failed}, if: input.x}, {module: m, action: a}", None),
        ("{raise: {type: x}, if: input.x}, {module: m, action: a}", None),
        ("{module: m, action: a, if: input.x}", "step `a` is skipped when its `if` is false"),
        ("{module: m, action: a}, {end: {}}", None),
    ],
)
def test_the_workflows_output_reads_what_is_there_however_the_run_completes(
    found: Found, steps: str, why: str | None
) -> None:
    text = f"steps: [{steps}]\noutput: {{x: '${{steps.a.output}}'}}\n"
    expected = [] if why is None else [lacking("/output/x", "a.output", why)]
    assert found(check_data_flow, text) == expected


# ------------------------------------------------------------------------------------ where nothing is said


@pytest.mark.parametrize(
    "text",
    [
        "- {end: {}}\n" + READ_A + A,
        "- {end: {}}\n" + A + "- {id: b, try: [{set: {x: '${steps.a.error}'}}]}\n",
        "- {module: m, action: a, if: input.x, then: nowhere}\n" + READ_A,
        "- {colour: red, id: a}\n" + READ_A,
        READ % "b.output",
        "steps: [{end: {output: {}}}, {module: m, action: a}]\noutput: '${steps.a.output}'\n",
        "steps: [{end: {}}, {module: m, action: a}]\nfinally: [{set: {x: '${steps.a.output}'}}]\n",
    ],
)
def test_what_only_follows_from_another_mistake_is_not_said(found: Found, text: str) -> None:
    assert found(check_data_flow, text) == []


def test_the_place_is_the_steps_in_the_expression(definition: Callable[[str], Any]) -> None:
    text = "- {module: m, action: b, with: {x: 'a ${input.y + steps.a.output}'}}\n" + A
    (finding,) = check_data_flow(Survey(definition(text)))
    assert finding.offset == len("a ${input.y + ")
