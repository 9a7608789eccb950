"""Data that a workflow's own expressions choke on: the step fails soon, and the daemon goes on."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.engine.run import RunStatus
from tests.integration.play import Play
from tests.integration.worker import echo

bad_input = pytest.mark.bad_input

EACH = """
steps:
  - {id: each, for: {in: "${input.list}"}, do: [{set: {n: "${item}"}}]}
"""


@bad_input(41)
@pytest.mark.parametrize("items", [[], [1], list(range(300))])
async def test_a_for_over_few_or_no_items_completes(play: Play, items: list[int]) -> None:
    await play.begin(job=EACH)
    ended = await play.play(data={"list": items})
    assert ended.status is RunStatus.COMPLETED
    assert len(ended.gave("each")) == len(items)


@bad_input(41)
@pytest.mark.parametrize("items", [None, 7, "text", {"a": 1}, True])
async def test_a_for_over_what_is_no_list_fails_its_step(play: Play, items: Any) -> None:
    await play.begin(job=EACH)
    ended = await play.play(data={"list": items})
    assert (ended.status, ended.error.type) == (RunStatus.FAILED, "expression")


@bad_input(41)
async def test_a_for_over_more_items_than_the_limit_fails_its_step(play: Play) -> None:
    await play.begin(job=EACH)
    ended = await play.play(data=b'{"list":[' + b",".join([b"1"] * 100_001) + b"]}")
    assert (ended.status, ended.error.type) == (RunStatus.FAILED, "limit")


@bad_input(41)
async def test_a_for_over_a_million_made_items_fails_its_step(play: Play) -> None:
    making = 'steps: [{for: {in: "${lists.range(1000000)}"}, do: [{set: {n: "${item}"}}]}]'
    await play.begin(job=making)
    ended = await play.play()
    assert ended.status is RunStatus.FAILED
    assert ended.error.type in ("expression", "limit")


@bad_input(42)
@pytest.mark.parametrize(
    "expression",
    [
        "input.no.such.path",
        "input.list + 1",
        "input.text.matches('(a+)+$')",
        "input.list.map(a, input.list.map(b, input.list.map(c, input.list.map(d, a * b * c * d))))",
        "input.n * input.n * input.n * input.n",
        "1 / input.zero",
        "input.list[99999]",
    ],
)
async def test_an_expression_that_cannot_be_evaluated_ends_within_its_budget(
    play: Play, expression: str
) -> None:
    job = f'steps: [{{module: m, action: do, with: {{a: "${{{expression}}}"}}}}]'
    await play.begin({"do": echo}, job=job, other="steps: []")
    data = {"list": list(range(300)), "text": "a" * 10_000 + "b", "n": 10**15, "zero": 0}
    ended = await play.play(data=data)
    if "matches" in expression:  # the pattern takes linear time, so it simply does not match
        assert ended.gave("do") == {"a": False}
    else:
        assert (ended.status, ended.error.type) == (RunStatus.FAILED, "expression")
    assert (await play.play("other")).status is RunStatus.COMPLETED


@bad_input(43)
@pytest.mark.parametrize(
    "until",
    [
        "timestamp(input.when)",
        "run.started_at + duration(input.long)",
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        {"when": "2300-01-01T00:00:00Z", "long": "999999h"},
        {"when": "9999-12-31T23:59:59Z", "long": "99999999999999s"},
        {"when": "not a time", "long": "NaN"},
        {"when": "2026-02-30T00:00:00Z", "long": "1e400s"},
        {"when": "", "long": ""},
        {"when": None, "long": None},
        {"when": -1e300, "long": 1e300},
    ],
)
async def test_a_moment_that_cannot_be_waited_for_fails_its_step(play: Play, until: str, data: Any) -> None:
    await play.begin(job=f'steps: [{{wait: {{until: "{until}"}}}}]')
    ended = await play.play(data=data)
    assert (ended.status, ended.error.type) == (RunStatus.FAILED, "expression")
