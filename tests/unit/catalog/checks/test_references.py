"""What reads a step names one that it can see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resistor.catalog.checks.references import check_references

Found = Callable[..., list[str]]
KEEP = "what is needed elsewhere can be kept with `set`, and read as `vars.NAME`"


def inside(path: str, step: str, block: str, hint: str) -> str:
    return (
        f"{path}: step `{step}` stands inside `{block}`: it cannot be read from outside that block | {hint}"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "- {module: m, action: charge}\n- {module: m, action: b, with: {x: '${steps.chrage.output}'}}\n",
            ["/steps/1/with/x: there is no step `chrage` | did you mean `charge`?"],
            id="misspelled",
        ),
        pytest.param(
            "- {module: m, action: charge}\n- {module: m, action: b, if: steps.whatever.status == 'x'}\n",
            ["/steps/1/if: there is no step `whatever` | there is `charge` and `b`"],
            id="nothing near",
        ),
        pytest.param(
            "- {id: guard, try: [{module: m, action: pay}]}\n- {wait: {until: steps.pay.output.at}}\n",
            [
                inside(
                    "/steps/1/wait/until",
                    "pay",
                    "guard",
                    "read `steps.guard.output`, what the block hands on",
                )
            ],
            id="inside a block that is over",
        ),
        pytest.param(
            "- {id: guard, try: [{fork: {branches: {a: [{module: m, action: pay}]}}}]}\n"
            "- {wait: {until: steps.pay.output.at}}\n",
            [
                inside(
                    "/steps/1/wait/until", "pay", "fork", "read `steps.guard.output`, what the block hands on"
                )
            ],
            id="deep inside",
        ),
        pytest.param(
            "- id: guard\n  try: [{module: m, action: pay}]\n"
            "  catch: [{do: [{wait: {until: steps.pay.output}}]}]\n",
            [inside("/steps/0/catch/0/do/0/wait/until", "pay", "guard", KEEP)],
            id="of the guarded block, in its catch",
        ),
        pytest.param(
            "- {id: guard, try: [{module: m, action: pay}], catch: [{if: 'has(steps.pay.output)'}]}\n",
            [inside("/steps/0/catch/0/if", "pay", "guard", KEEP)],
            id="of the guarded block, on its catch",
        ),
        pytest.param(
            "- id: both\n  fork:\n    branches:\n      a: [{module: m, action: x}]\n"
            "      b: [{wait: {until: steps.x.output}}]\n",
            [inside("/steps/0/fork/branches/b/0/wait/until", "x", "both", KEEP)],
            id="of another branch",
        ),
        pytest.param(
            "steps: []\non_failure: [{module: m, action: x}]\n"
            "finally: [{wait: {until: steps.?x.output.orValue(0)}}]\n",
            ["/finally/0/wait/until: step `x` stands in `on_failure`: it cannot be read from here"],
            id="of on_failure, in finally",
        ),
        pytest.param(
            "steps: [{module: m, action: a}]\nlabels: {a: x, b: '${steps.?a.output.orValue(0)}'}\n"
            "concurrency: {key: '${steps.b.output}'}\n",
            [
                "/labels/b: `labels` is evaluated before the first step: no step can be read",
                "/concurrency/key: `concurrency` is evaluated before the first step: no step can be read",
            ],
            id="before there is any",
        ),
        pytest.param(
            "steps: [{module: m, action: a}]\noutput: {x: '${steps.b.output}'}\n",
            ["/output/x: there is no step `b` | there is `a`"],
            id="in the workflow's output",
        ),
        pytest.param(
            "- {module: m, action: a}\n- {for: {in: []}, do: [{try: [{wait: {until: steps.a.output}}]}]}\n",
            [],
            id="of a list around",
        ),
        pytest.param(
            "steps: [{module: m, action: a}]\nfinally: [{wait: {until: steps.?a.output.orValue(0)}}]\n",
            [],
            id="in finally",
        ),
        pytest.param(
            "- {until: steps.a.output.ok, do: [{module: m, action: a}]}\n", [], id="of a round, in its until"
        ),
        pytest.param(
            "- {colour: red}\n- {wait: {until: steps.a.output}}\n", [], id="an id that is not known"
        ),
    ],
)
def test_a_step_that_cannot_be_seen_is_named(found: Found, text: str, expected: list[str]) -> None:
    assert found(check_references, text) == expected


def test_a_while_does_not_see_into_its_rounds(found: Found) -> None:
    text = "- {id: poll, while: '!has(steps.a.output)', do: [{module: m, action: a}]}\n"
    assert found(check_references, text) == [inside("/steps/0/while", "a", "poll", KEEP)]
