"""What can be wrong with a scenario file: each is one problem, at its place, with what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from resistor.catalog import Catalog
from resistor.errors import OperatorMistake
from resistor.testing.scenarios.reading import read_scenarios
from tests.unit.testing.scenarios.conftest import Read, Told

BEGIN = "scenario: s\nevent: shop.order.placed\ndata: {sku: tea}\n"
EXPECT = "expect: {status: completed}\n"

OUTLINE = {
    "an unknown key": (
        "scenario: s\nevnt: shop.order.placed\n" + EXPECT,
        "2:1: `evnt` is not a key of a scenario | did you mean `event`?",
    ),
    "no expect": (
        BEGIN,
        "1:1: a scenario needs `expect` | say what must come of it: expect: {status: completed}",
    ),
    "an empty expect": (
        BEGIN + "expect: {}\n",
        "4:9: `expect` says nothing | say what must have come of it: `status: completed`",
    ),
    "expect without a value": (
        BEGIN + "expect:\n",
        "4:8: `expect` has no value | say what must come of it: expect: {status: completed}",
    ),
    "expect as a word": (
        BEGIN + "expect: completed\n",
        "4:9: `expect` must be a mapping like {status: completed}, not the text `completed` | None",
    ),
    "no event": (
        "scenario: s\n" + EXPECT,
        "1:1: a scenario needs `event` | the event that begins it: event: shop.order.placed",
    ),
    "an event and a workflow": (
        "scenario: s\nevent: shop.order.placed\nworkflow: shop/order.placed@2\n" + EXPECT,
        "3:11: `event` and `workflow` both begin it | leave one of them out",
    ),
    "a title that is no text": (
        BEGIN.replace("scenario: s", "scenario: 5") + EXPECT,
        "1:11: `scenario` must be text, not the number 5 | put it in quotes",
    ),
    "data that is a list": (
        "scenario: s\nevent: shop.order.placed\ndata: [tea]\n" + EXPECT,
        "3:7: `data` must be a mapping, not a list | None",
    ),
    "a time that is none": (
        BEGIN + "at: tomorrow\n" + EXPECT,
        "4:5: `at` must be a time like 2026-11-23T09:00:00Z, not the text `tomorrow` | None",
    ),
    "schedules that are a word": (
        BEGIN + "schedules: yes\n" + EXPECT,
        "4:12: `schedules` must be true or false, not the text `yes` | None",
    ),
    "YAML that is none": (
        "scenario: s\nevent: [a\n" + EXPECT,
        "2:8: the `[` that opens here is not closed, or a comma is missing | None",
    ),
    "a key twice": (
        BEGIN + "data: {}\n" + EXPECT,
        "4:1: the key `data` stands here twice, first on line 3 | None",
    ),
    "an anchor": (
        "scenario: s\nevent: &e shop.order.placed\n" + EXPECT,
        "2:8: `&e`: anchors are not allowed: every workflow is written out in full | None",
    ),
}

NAMES = {
    "an unknown event": (
        "event: shop.order.plaecd",
        "2:8: no workflow here is started by `shop.order.plaecd` | did you mean `shop.order.placed`?",
    ),
    "an unknown namespace": ("event: zoo.fed", "2:8: no workflow here is started by `zoo.fed` | None"),
    "an event that is only listened for": (
        "event: shop.parcel.returned",
        "2:8: no workflow here is started by `shop.parcel.returned` | None",
    ),
    "an event without a namespace": (
        "event: order",
        "2:8: `order` is no event | write it as `event: NAMESPACE.EVENT`",
    ),
    "an event with a blank": (
        "event: shop order",
        "2:8: `shop order` is no event | write it as `event: NAMESPACE.EVENT`",
    ),
    "an event with a version": (
        "event: shop/order.placed@2",
        "2:8: `shop/order.placed@2` is not what `event` takes | "
        "write it as `workflow: NAMESPACE/EVENT@VERSION`",
    ),
    "a workflow without a version": (
        "workflow: shop/order.placed",
        "2:11: `shop/order.placed` is not what `workflow` takes | name its version: @1",
    ),
    "a version that is not there": (
        "workflow: shop/order.placed@1",
        "2:11: there is no workflow `shop/order.placed@1` here | there is version 2",
    ),
    "a workflow that is not there": (
        "workflow: shop/order.plaecd@2",
        "2:11: there is no workflow `shop/order.plaecd@2` here | did you mean `shop.order.placed`?",
    ),
    "a version that is no number": (
        "workflow: shop/order.placed@v2",
        "2:11: `shop/order.placed@v2` is no workflow | write it as `workflow: NAMESPACE/EVENT@VERSION`",
    ),
}

ANSWERS = {
    "two answers in one": (
        "{bank.charge: {output: 1, fail: busy}}",
        "4:24: an answer is one thing, not `output` and `fail` | several answers are a list",
    ),
    "the output itself": (
        "{bank.charge: {receipt: r-1}}",
        "4:25: `receipt` is not a key of an answer | if `receipt` is a part of the output: "
        "{output: {receipt: …}}",
    ),
    "a misspelled key": (
        "{bank.charge: {ouput: 1}}",
        "4:25: `ouput` is not a key of an answer | did you mean `output`?",
    ),
    "a word": (
        "{bank.charge: ok}",
        "4:24: an answer must be a mapping like {output: …}, {fail: card_declined}, or "
        "the word never or crash, "
        "not the text `ok` | None",
    ),
    "no answer in a list": (
        "{bank.charge: []}",
        "4:24: there is no answer in this list | one for each call: [{fail: busy}, {output: 5}]",
    ),
    "a list of actions": ("[bank.charge]", "4:10: `answers` must be a mapping, not a list | None"),
    "an unknown action": (
        "{bank.chrage: {}}",
        "4:11: no workflow here has an action or a step `bank.chrage` | did you mean `bank.charge`?",
    ),
    "an unknown module": (
        "{zoo.feed: {}}",
        "4:11: no workflow here has an action or a step `zoo.feed` | "
        "modules are asked for bank.charge, stock.release, stock.reserve",
    ),
    "every action of an unknown module": (
        "{zoo.*: {}}",
        "4:11: no workflow here has an action or a step `zoo.*` | "
        "modules are asked for bank.charge, stock.release, stock.reserve",
    ),
    "a failure without its type": (
        "{bank.charge: {fail: {message: no}}}",
        "4:24: `fail` needs `type` | the error's type: {type: card_declined}",
    ),
    "a failure that is true": (
        "{bank.charge: {fail: true}}",
        "4:24: `fail` must be a mapping like {type: card_declined}, or the error's type "
        "alone, not true | None",
    ),
    "a duration in words": (
        "{bank.charge: {takes: 2 minutes}}",
        "4:24: `takes` must be a duration such as 30s, 1h30m or PT30S, not the text `2 minutes` | None",
    ),
    "a duration without its unit": (
        "{bank.charge: {later: 5}}",
        "4:24: `later` must be a duration such as 30s, 1h30m or PT30S, not the number 5 | with its unit: 5s",
    ),
    "progress of nothing": (
        "{bank.charge: {progress: 1s}}",
        "4:24: `progress` is reported while an answer `takes` its time | say how long: `takes: 2m`",
    ),
    "never, in words": (
        "{bank.charge: {never: yes}}",
        "4:24: `never` must be true or false, not the text `yes` | None",
    ),
    "an unknown variable": (
        "{bank.charge: {output: {a: '${inptu.x}'}}}",
        "4:40: `inptu` is not known; did you mean input? | None",
    ),
    "an expression that ends too early": (
        "{bank.charge: {output: '${input.}'}}",
        "4:42: the expression ends too early | None",
    ),
    "an expression in the second answer": (
        "{bank.charge: [{}, {output: '${input.}'}]}",
        "4:47: the expression ends too early | None",
    ),
    "a condition that assigns": (
        "{bank.charge: {when: input.sku = 1}}",
        "4:41: unexpected `=`: equality is written == | None",
    ),
    "a condition that is a number": (
        "{bank.charge: {when: 1}}",
        "4:24: `when` must be an expression, not the number 1 | None",
    ),
}

THEN = {
    "two things in one": (
        "[{after: 1s, cancel: no}]",
        "4:8: an entry of `then` is one thing, not `after` and `cancel` | "
        "one after the other: each is an entry of its own",
    ),
    "nothing that happens": (
        "[{data: {a: 1}}]",
        "4:8: an entry of `then` is one of `after`, `event`, `signal`, `answer`, `cancel`, `terminate`, "
        "`pause`, `resume`, `retry`, `skip` or `expect` | None",
    ),
    "a mapping": (
        "{after: 1s}",
        "4:7: `then` must be a list, not a mapping | begin it with `- `: each entry of a list does",
    ),
    "a misspelled word": (
        "[cancle]",
        "4:8: `cancle` is no entry of `then` by itself | did you mean `cancel`?",
    ),
    "a word that needs more": (
        "[answer]",
        "4:8: `answer` is no entry of `then` by itself | "
        "`cancel`, `terminate`, `pause`, `resume` or `retry` may stand alone",
    ),
    "a word with nothing behind it": (
        "[{cancel: }]",
        "4:17: `cancel` has no value | say why, or write the word alone: - cancel",
    ),
    "wait": (
        "[{wait: 1h}]",
        "4:9: `wait` is not a key of an entry of `then` | time passes with `after`: {after: 1h}",
    ),
    "data of no event": ("[{after: 1s, data: {}}]", "4:20: `data` goes with `event` or `signal` | None"),
    "a step of no answer": ("[{skip: pay, step: pay}]", "4:20: `step` goes with `answer` or `retry` | None"),
    "an event that nobody hears": (
        "[{event: shop.parcel.retruned}]",
        "4:16: no workflow here is started by `shop.parcel.retruned`, nor listens for it | None",
    ),
    "an event without a namespace": (
        "[{event: parcel}]",
        "4:16: `parcel` is no event | write it as `event: NAMESPACE.EVENT`",
    ),
    "a misspelled expectation": (
        "[{expect: {statsu: a}}]",
        "4:18: `statsu` is not a key of `expect` | did you mean `status`?",
    ),
    "an empty expectation": (
        "[{expect: {}}]",
        "4:17: `expect` says nothing | say what must have come of it: `status: completed`",
    ),
    "a refusal on the way": (
        "[{expect: {refused: malformed}}]",
        "4:8: `refused` is of the event that begins it, and stands in the last `expect` | None",
    ),
}

EXPECTATIONS = {
    "an unknown status": (
        "{status: complete}",
        "4:18: `status` must be `running`, `paused`, `completed`, `failed`, "
        "`cancelled`, `terminated` or `timed_out`, "
        "not the text `complete` | did you mean `completed`?",
    ),
    "a misspelled key": (
        "{stauts: completed}",
        "4:10: `stauts` is not a key of `expect` | did you mean `status`?",
    ),
    "a refusal and more": (
        "{refused: malformed, status: failed}",
        "4:9: an event that is refused starts no run, of which something could be expected | None",
    ),
    "calls in words": (
        "{calls: bank.charge}",
        "4:17: `calls` must be a list, not the text `bank.charge` | as a list: [bank.charge]",
    ),
    "two calls in one": (
        "{calls: [{a: 1, b: 2}]}",
        "4:18: an entry of `calls` must be a name, or one name with what goes with it: "
        "{payments.charge: {amount: 5}}, not a mapping | None",
    ),
    "a path in words": ("{path: pay}", "4:16: `path` must be a list, not the text `pay` | as a list: [pay]"),
    "attempts below none": (
        "{attempts: {pay: -1}}",
        "4:26: `pay` must be 0 or more, not the number -1 | None",
    ),
    "attempts in words": (
        "{attempts: {pay: two}}",
        "4:26: `pay` must be a whole number, not the text `two` | None",
    ),
    "a steps status alone": (
        "{steps: {pay: completed}}",
        "4:23: `pay` must be a mapping like {status: completed, output: …}, not the text `completed` | None",
    ),
    "a time that it took": (
        "{took: 2h}",
        "4:16: `took` must be a mapping like {at_least: 2h, at_most: 3h}, not the text `2h` | None",
    ),
    "a time that says nothing": (
        "{took: {}}",
        "4:16: `took` says nothing | like {at_least: 2h, at_most: 3h}",
    ),
    "a time that cannot be": (
        "{took: {at_least: 2h, at_most: 1h}}",
        "4:16: `at_least` is longer than `at_most` | None",
    ),
    "a label that is a number": (
        "{labels: {a: 5}}",
        "4:22: `a` must be text, not the number 5 | put it in quotes",
    ),
    "an error that is a list": (
        "{error: [a]}",
        "4:17: `error` must be the error's type, or a mapping with `type`, `message`, …, not a list | None",
    ),
}


@pytest.mark.parametrize(("text", "expected"), OUTLINE.values(), ids=OUTLINE)
def test_a_mistake_in_the_outline(told: Told, text: str, expected: str) -> None:
    assert told(text) == expected


@pytest.mark.parametrize(("line", "expected"), NAMES.values(), ids=NAMES)
def test_a_mistake_in_what_begins_it(told: Told, line: str, expected: str) -> None:
    assert told(f"scenario: s\n{line}\n{EXPECT}") == expected


@pytest.mark.parametrize(("answers", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_a_mistake_in_an_answer(told: Told, answers: str, expected: str) -> None:
    assert told(f"{BEGIN}answers: {answers}\n{EXPECT}") == expected


@pytest.mark.parametrize(("then", "expected"), THEN.values(), ids=THEN)
def test_a_mistake_in_what_happens_then(told: Told, then: str, expected: str) -> None:
    assert told(f"{BEGIN}then: {then}\n{EXPECT}") == expected


@pytest.mark.parametrize(("expect", "expected"), EXPECTATIONS.values(), ids=EXPECTATIONS)
def test_a_mistake_in_what_is_expected(told: Told, expect: str, expected: str) -> None:
    assert told(f"{BEGIN}expect: {expect}\n") == expected


def test_a_refusal_of_no_event_is_a_mistake(told: Told) -> None:
    said = told("scenario: s\nschedules: true\nexpect: {refused: malformed}\n")
    assert said == "1:1: `refused` is of the event that begins it, and there is no `event` | None"


def test_all_mistakes_are_told_in_the_order_of_the_file(read: Read) -> None:
    _, problems = read(
        "scenario: s\nevent: shop.order.plaecd\n"
        "answers: {bank.chrage: {}, bank.charge: {output: '${x}'}}\nthen: [{event: a.b}]\n" + EXPECT
    )
    assert [(problem.line, problem.column) for problem in problems] == [(2, 8), (3, 11), (3, 53), (4, 16)]


@pytest.mark.parametrize("name", ["bank.charge", "bank.*", "*", "pay", "reserve/compensate", "stock.release"])
def test_answers_may_go_by_action_module_step_or_for_all(read: Read, name: str) -> None:
    scenarios, problems = read(f"{BEGIN}answers: {{'{name}': {{}}}}\n{EXPECT}")
    assert problems == []
    assert list(scenarios[0].answers) == [name]


def test_an_unknown_event_may_be_what_is_to_be_refused(read: Read) -> None:
    scenarios, problems = read("scenario: s\nevent: shop.nothing\nexpect: {refused: unknown_workflow}\n")
    assert (len(scenarios), problems) == (1, [])


def test_a_path_that_is_not_there_is_the_operators_mistake(shop: Catalog) -> None:
    with pytest.raises(OperatorMistake, match="there is no file or directory"):
        read_scenarios([Path("nowhere")], shop)
