"""Scenarios as they are played: what modules answer, what happens then, and what is expected of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from resistor.catalog import load_text
from resistor.testing.scenarios.playing import playing
from resistor.testing.scenarios.reading import read_scenarios
from tests.unit.testing.scenarios.conftest import Play

TEA = "scenario: s\nevent: shop.order.placed\ndata: {sku: tea}\n"
CUP = TEA.replace("tea", "cup")
PIANO = TEA.replace("tea", "piano")
ANSWERED = "answers: {'*': {output: r-1}}\n"
DONE = "expect: {status: completed}\n"

# ---------------------------------------------------------------------------------------- answers

ANSWERS = {
    "an output": ("{output: {id: 5}}", "{output: {receipt: {id: 5}}}"),
    "nothing": ("{}", "{status: completed}"),
    "an output of the call": (
        "{output: '${input.sku}/${attempt}/${step}/${run.namespace}/${run.workflow}/${run.version}'}",
        "{output: {receipt: tea/1/pay/shop/order.placed/2}}",
    ),
    "a dollar": ("{output: '$${input}'}", "{output: {receipt: '${input}'}}"),
    "one after the other": ("[{retry: busy}, {output: 5}]", "{attempts: {pay: 2}, output: {receipt: 5}}"),
    "a failure": ("{fail: declined}", "{status: failed, error: declined, attempts: {pay: 1}}"),
    "a failure in full": (
        "{fail: {type: declined, message: no, details: {code: 51}}}",
        "{error: {type: declined, message: no, details: {code: 51}}}",
    ),
    "a retry": ("{retry: busy}", "{status: failed, error: retry, attempts: {pay: 2}}"),
    "a retry in full": (
        "[{retry: {type: busy, message: later, after: 3h}}, {output: 1}]",
        "{status: completed, took: {at_least: 3h, at_most: 3h}}",
    ),
    "later": ("[{later: 20m}, {output: 1}]", "{attempts: {pay: 1}, took: {at_least: 20m, at_most: 20m}}"),
    "never, as a word": ("never", "{status: failed, error: timeout, attempts: {pay: 2}}"),
    "never": ("{never: true}", "{status: failed, error: timeout, took: {at_least: 2h}}"),
    "a crash, as a word": ("[crash, {output: 1}]", "{attempts: {pay: 1}, output: {receipt: 1}}"),
    "a crash": ("[{crash: true}, {output: 1}]", "{output: {receipt: 1}}"),
    "an answer that takes its time": (
        "{takes: 20m, output: 1}",
        "{took: {at_least: 20m, at_most: 20m}, output: {receipt: 1}}",
    ),
    "a failure that takes its time": ("{takes: 20m, fail: no}", "{error: no, took: {at_least: 20m}}"),
    "an answer that takes too long": ("[{takes: 2h, output: 1}, {output: 2}]", "{output: {receipt: 2}}"),
    "an answer that is given twice": ("{twice: true, output: 1}", "{status: completed, attempts: {pay: 1}}"),
    "an answer to some calls": (
        "[{when: input.sku == 'cup', output: 1}, {when: input.sku == 'tea', output: 2}]",
        "{output: {receipt: 2}}",
    ),
    "an answer to some attempts": (
        "[{when: attempt == 1, retry: busy}, {when: attempt == 2, output: 2}]",
        "{output: {receipt: 2}}",
    ),
}


@pytest.mark.parametrize(("answer", "expect"), ANSWERS.values(), ids=ANSWERS)
def test_a_module_answers_as_it_is_told(play: Play, answer: str, expect: str) -> None:
    played = play(f"{TEA}answers: {{'*': {{}}, bank.charge: {answer}}}\nexpect: {expect}\n")
    assert played.difference is None


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            "{stock.reserve: {}}",
            "nothing answers bank.charge, which step pay calls: give `bank.charge` an answer",
        ),
        (
            "{stock.reserve: {}, bank.charge: {when: input.sku == 'cup'}}",
            "no entry of bank.charge fits this call of bank.charge: its input is {'sku': 'tea'}",
        ),
        (
            "{stock.reserve: {}, bank.charge: {output: '${input.price}'}}",
            "an answer of bank.charge: ",
        ),
        ("{stock.reserve: {}, bank.charge: {when: input.price > 5}}", "`when` of an answer of bank.charge: "),
    ],
)
def test_a_call_that_gets_no_answer_says_why(play: Play, answers: str, told: str) -> None:
    played = play(f"{TEA}answers: {answers}\n{DONE}")
    assert played.difference is not None
    assert played.difference.startswith(told)
    assert len(played.trees) == 1


# ------------------------------------------------------------------------------------- what happens


THEN = {
    "time passes": (CUP, "[{expect: {waiting: [back]}}, {after: 3d}]", "{status: failed, error: timeout}"),
    "an event": (
        CUP,
        "[{after: 1d}, {event: shop.parcel.returned, data: {ok: true}}]",
        "{steps: {back: {output: {ok: true}}}, took: {at_least: 1d, at_most: 1d}}",
    ),
    "an event that starts another run": (
        TEA,
        "[{event: shop.order.placed, data: {sku: pot}}]",
        "{runs: 2, labels: {sku: tea}}",
    ),
    "an event that was there before": (
        TEA + "id: e-1\n",
        "[{event: shop.order.placed, data: {sku: tea}, id: e-1}]",
        "{runs: 1}",
    ),
    "a signal": (CUP, "[{signal: parcel.returned, data: {ok: 1}}]", "{steps: {back: {output: {ok: 1}}}}"),
    "an answer": (PIANO, "[{answer: {yes: true}}]", "{steps: {sure: {output: {yes: true}}}}"),
    "an answer to a step": (PIANO, "[{answer: 5, step: sure}]", "{steps: {sure: {output: 5}}}"),
    "a cancel": (CUP, "[cancel]", "{status: cancelled, compensations: [reserve]}"),
    "a cancel with its reason": (CUP, "[{cancel: no longer wanted}]", "{status: cancelled}"),
    "a terminate": (CUP, "[terminate]", "{status: terminated, compensations: []}"),
    "a pause": (CUP, "[pause, {expect: {status: paused}}, resume]", "{status: failed, error: timeout}"),
    "a pause without an end": (CUP, "[{pause: why not}]", "{status: paused}"),
    "a skip": (CUP, "[{skip: back, output: {by: hand}}]", "{steps: {back: {output: {by: hand}}}}"),
    "a skip without an output": (CUP, "[{skip: back}]", "{status: completed}"),
}


@pytest.mark.parametrize(("begin", "then", "expect"), THEN.values(), ids=THEN)
def test_something_happens(play: Play, begin: str, then: str, expect: str) -> None:
    assert play(f"{begin}{ANSWERED}then: {then}\nexpect: {expect}\n").difference is None


@pytest.mark.parametrize(
    ("begin", "then", "told"),
    [
        (
            PIANO,
            "[{after: 1h}, {expect: {waiting: []}}]",
            'then[1].waiting goes on with "sure", expected its end',
        ),
        (TEA, "[{answer: 5}]", "then[0].answer: run "),
        (PIANO, "[{answer: 5, step: suer}]", "then[0].answer: run "),
        (
            CUP,
            "[{signal: parcel.lost}]",
            "then[0].signal: signal is refused, invalid_input: no step of the run listens",
        ),
        (
            CUP,
            "[{skip: bakc}]",
            "then[0].skip: skip is refused, invalid_input: the run has not come to a step bakc",
        ),
        (TEA, "[{event: shop.order.placed}]", "then[0].event: shop.order.placed is refused, invalid_input: "),
    ],
)
def test_what_cannot_happen_is_told_with_its_place(play: Play, begin: str, then: str, told: str) -> None:
    played = play(f"{begin}{ANSWERED}then: {then}\n{DONE}")
    assert played.difference is not None
    assert played.difference.startswith(told)


def test_nobody_can_be_told_what_to_do_before_a_run_has_begun(play: Play) -> None:
    played = play("scenario: s\nschedules: true\nthen: [cancel]\nexpect: {runs: 0}\n")
    assert played.difference == "no run has begun that could be told to cancel"


# ------------------------------------------------------------------------------------- what is expected


GOOD = {
    "workflow": "shop/order.placed@2",
    "status": "completed",
    "path": "[reserve, pay, emit]",
    "calls": "[stock.reserve, {bank.charge: {sku: tea}}]",
    "attempts": "{pay: 1, sure: 0}",
    "steps": "{pay: {status: completed, output: r-1, attempt: 1, input: {sku: "
    "tea}}, sure: {status: skipped}}",
    "compensations": "[]",
    "emitted": "[{shop.order.done: {sku: tea}}]",
    "waiting": "[]",
    "labels": "{sku: tea}",
    "took": "{at_least: 0s, at_most: 1s}",
    "output": "{receipt: r-1}",
    "runs": "1",
}


@pytest.mark.parametrize(("key", "value"), GOOD.items(), ids=GOOD)
def test_what_came_as_expected_is_good(play: Play, key: str, value: str) -> None:
    played = play(f"{TEA}{ANSWERED}expect: {{{key}: {value}}}\n")
    assert (played.difference, played.trees, played.is_good) == (None, (), True)


BAD = {
    "workflow": ("shop/order.placed@1", 'workflow is "shop/order.placed@2", expected "shop/order.placed@1"'),
    "status": ("failed", 'status is "completed", expected "failed"'),
    "error": ("busy", 'error is null, expected {"type":"busy"}'),
    "path": ("[reserve, pay]", 'path goes on with "emit", expected its end after 2'),
    "calls, fewer": ("[stock.reserve]", 'calls goes on with "bank.charge", expected its end after 1'),
    "calls, more": (
        "[stock.reserve, bank.charge, bank.refund]",
        'calls ends after 2, expected "bank.refund" next',
    ),
    "calls, others": ("[bank.charge, stock.reserve]", 'calls[0] is "stock.reserve", expected "bank.charge"'),
    "calls, their input": (
        "[stock.reserve, {bank.charge: {sku: cup}}]",
        'calls[1].bank.charge.sku is "tea", expected "cup"',
    ),
    "attempts": ("{pay: 2}", "attempts.pay is 1, expected 2"),
    "attempts of no step": ("{pya: 1}", "attempts has no 'pya', expected 1; it has "),
    "steps": ("{pay: {status: failed}}", 'steps.pay.status is "completed", expected "failed"'),
    "steps, one that is not there": ("{pya: {}}", "steps: there is no step pya: did you mean `pay`?"),
    "steps, a key that is not there": ("{pay: {statsu: a}}", "steps.pay has no 'statsu', expected"),
    "compensations": ("[reserve]", 'compensations ends after 0, expected "reserve" next'),
    "emitted": ("[]", 'emitted goes on with "shop.order.done", expected its end after 0'),
    "emitted, its data": (
        "[{shop.order.done: {sku: cup}}]",
        'emitted[0].shop.order.done.sku is "tea", expected "cup"',
    ),
    "waiting": ("[back]", 'waiting ends after 0, expected "back" next'),
    "labels": ("{sku: cup}", 'labels.sku is "tea", expected "cup"'),
    "took, at least": ("{at_least: 1h}", "took: 0.000s is less than 1h00m"),
    "output": ("{receipt: r-2}", 'output.receipt is "r-1", expected "r-2"'),
    "runs": ("2", "runs is 1, expected 2"),
    "refused": ("invalid_input", "refused: the event is not refused, expected invalid_input"),
}


@pytest.mark.parametrize(("value", "told"), BAD.values(), ids=BAD)
def test_what_came_otherwise_is_told_at_its_first_difference(
    play: Play, request: pytest.FixtureRequest, value: str, told: str
) -> None:
    key = request.node.callspec.id.partition(",")[0].partition(" ")[0]
    played = play(f"{TEA}{ANSWERED}expect: {{{key}: {value}}}\n")
    assert played.difference is not None
    assert played.difference.startswith(told)
    assert "shop/order.placed@2" in played.trees[0]


def test_a_run_that_took_too_long_is_told(play: Play) -> None:
    played = play(f"{CUP}{ANSWERED}expect: {{took: {{at_most: 1d}}}}\n")
    assert played.difference == "took: 3d00h is more than 1d00h"
    assert played.passed == 3 * 86400


def test_no_more_than_the_written_keys_of_mappings_are_compared(play: Play) -> None:
    played = play(
        f"{TEA}answers: {{'*': {{output: {{a: 1, b: 2}}}}}}\nexpect: {{output: {{receipt: {{a: 1}}}}}}\n"
    )
    assert played.is_good


def test_an_event_that_is_to_be_refused_may_be_refused_for_no_other_reason(play: Play) -> None:
    begin = "scenario: s\nevent: shop.order.placed\n"
    assert play(f"{begin}expect: {{refused: invalid_input, runs: 0}}\n").is_good
    other = play(f"{begin}expect: {{refused: malformed}}\n")
    assert other.difference is not None
    assert other.difference.startswith("shop.order.placed is refused, invalid_input: ")
    unwanted = play(f"{begin}{DONE}")
    assert unwanted.difference is not None
    assert '"sku" is a required property' in unwanted.difference


def test_a_workflow_is_begun_by_its_version(play: Play) -> None:
    played = play(f"scenario: s\nworkflow: shop/order.placed@2\ndata: {{sku: tea}}\n{ANSWERED}{DONE}")
    assert played.is_good


def test_an_event_may_be_written_with_a_slash(play: Play) -> None:
    assert play(
        f"{TEA.replace('shop.order', 'shop/order')}{ANSWERED}expect: {{labels: {{sku: tea}}}}\n"
    ).is_good


def test_nothing_is_logged_while_a_scenario_is_played(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    assert play(f"{TEA}answers: {{'*': {{fail: no}}}}\nexpect: {{status: failed}}\n").is_good
    assert caplog.records == []
    assert logging.root.manager.disable == logging.NOTSET


# -------------------------------------------------------------------------------- other workflows


Alone = Callable[[str, str], str | None]


@pytest.fixture
def alone(tmp_path: Path) -> Alone:
    """Give what plays a scenario of a definition of its own, and returns the difference."""

    def alone(definition: str, scenario: str) -> str | None:
        catalog = load_text(definition.encode()).or_raise()
        (tmp_path / "own.yaml").write_text(scenario)
        found = read_scenarios([tmp_path], catalog)
        assert found.problems == ()
        with playing(found.scenarios[0], catalog) as (result, _):
            return result.difference

    return alone


def test_a_call_whose_input_is_no_mapping_may_be_expected_by_its_name(alone: Alone) -> None:
    definition = "a: {b: {version: 1, steps: [{module: m, action: do, with: '${input.list}'}]}}"
    begin = "scenario: s\nevent: a.b\ndata: {list: [1, 2]}\nanswers: {m.do: {}}\n"
    assert alone(definition, f"{begin}expect: {{calls: [m.do]}}\n") is None
    assert alone(definition, f"{begin}expect: {{calls: [{{m.do: [1, 2]}}]}}\n") is None
    told = alone(definition, f"{begin}expect: {{calls: [{{m.do: [1]}}]}}\n")
    assert told == "calls[0].m.do goes on with 2, expected its end after 1"


def test_null_is_an_answer_and_an_output(alone: Alone) -> None:
    definition = "a: {b: {version: 1, steps: [{id: who, ask: {prompt: Who?}}, {module: m, action: do}]}}"
    begin = "scenario: s\nevent: a.b\nanswers: {m.do: {output: null}}\nthen: [{answer: null}]\n"
    assert alone(definition, f"{begin}expect: {{status: completed, output: null}}\n") is None
    assert alone(definition, f"{begin}expect: {{output: 5}}\n") == "output is null, expected 5"


def test_schedules_begin_runs_in_their_time(alone: Alone) -> None:
    definition = """
a:
  b: {version: 1, schedule: {cron: 0 6 * * *}, steps: [{set: {at: '${now()}'}}], output: '${vars.at}'}
"""
    scenario = "scenario: s\nat: '2026-11-23T05:00:00'\nschedules: true\nthen: [{after: 1d}]\n"
    assert alone(definition, f"{scenario}expect: {{runs: 1, output: '2026-11-23T06:00:00Z'}}\n") is None


def test_a_run_that_failed_goes_on_where_it_stopped(alone: Alone) -> None:
    definition = """
a: {b: {version: 1, steps: [{id: one, module: m, action: do}, {id: two, module: m, action: do}]}}
"""
    begin = "scenario: s\nevent: a.b\nanswers: {one: [{fail: no}, {}], two: [{fail: no}, {output: 5}]}\n"
    then = "then: [{expect: {status: failed}}, retry, {retry: why not, step: two}]\n"
    end = "expect: {status: completed, path: [one, one, two, two], output: 5}\n"
    assert alone(definition, begin + then + end) is None


def test_a_zone_may_stand_in_the_time_that_it_begins(alone: Alone) -> None:
    definition = "a: {b: {version: 1, steps: [{set: {at: '${now()}'}}], output: '${vars.at}'}}"
    scenario = "scenario: s\nevent: a.b\nat: 2026-11-23T05:00:00+02:00\n"
    assert alone(definition, f"{scenario}expect: {{output: '2026-11-23T03:00:00Z'}}\n") is None


def test_the_run_that_is_meant_is_that_of_the_event(alone: Alone) -> None:
    definition = """
a:
  b: {version: 1, steps: [{run: {workflow: c}}]}
  c: {version: 1, steps: [{set: {who: child}}], output: '${vars.who}'}
  early: {version: 1, triggers: [{event: b}], steps: []}
"""
    scenario = "scenario: s\nevent: a.b\nexpect: {workflow: a/b@1, runs: 3, output: child}\n"
    assert alone(definition, scenario) is None
