"""A run as a test sees it, and what a test may expect of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from resistor.testing import NEVER, Emitted, Fail, Retry, WatchedRun, Workflows, takes

ORDER = """
shop:
  order:
    version: 3
    labels: {customer: "${input.customer}"}
    steps:
      - {module: stock, action: reserve, compensate: {module: stock, action: release, with: {id: 7}}}
      - id: pack
        for: {in: "${input.lines}", each: line}
        do: [{module: stock, action: pick, with: {sku: "${line}"}}]
      - {id: gift, if: input.gift, module: stock, action: wrap}
      - emit: {event: packed, data: {count: "${size(input.lines)}"}}
      - {module: bank, action: charge, retry: {limit: 2, delay: 1m, jitter: 0},
         compensate: {module: bank, action: refund}}
      - {module: mail, action: send, retry: none}
    output: {done: true}
"""
DATA = {"customer": "Ada", "lines": ["tea", "cup"], "gift": False}


@pytest.fixture
def shop(workflows: Workflows) -> Workflows:
    """Give workflows with a shop whose modules all answer."""
    workflows.define(ORDER)
    workflows.stub("*", "ok")
    return workflows


def test_a_run_says_what_it_is(shop: Workflows) -> None:
    run = shop.start("shop.order", DATA)
    assert (run.workflow, run.name, run.version, run.parent) == ("shop/order@3", "order", 3, None)
    assert repr(run) == "<run shop/order@3 completed>"
    assert run.labels == {"customer": "Ada"}
    assert run.view["id"] == run.id
    assert run.view["input"] == DATA


def test_the_path_has_each_step_when_it_begins(shop: Workflows) -> None:
    run = shop.start("shop.order", DATA)
    assert run.path == ["reserve", "pack", "pack/0/pick", "pack/1/pick", "emit", "charge", "send"]
    assert "gift" not in run.path
    assert run.step("gift").status == "skipped"


def test_what_is_undone_is_in_the_path_and_in_the_order_of_undoing(shop: Workflows) -> None:
    shop.stub("mail.send", Fail("no_such_address"))
    run = shop.start("shop.order", DATA)
    assert run.path[-3:] == ["send", "charge/compensate", "reserve/compensate"]
    assert run.compensations == ["charge", "reserve"]
    assert [call.input for call in run.calls("stock.release")] == [{"id": 7}]


def test_attempts_are_counted_by_step(shop: Workflows) -> None:
    shop.stub("bank.charge", Retry("busy"), "paid")
    run = shop.start("shop.order", DATA)
    assert run.waiting == {"charge": 60.0}
    shop.finish()
    assert run.attempts["charge"] == 2
    assert run.attempts["send"] == 1
    assert "gift" not in run.attempts
    assert run.took == 60.0


def test_calls_are_found_by_action_and_by_step(shop: Workflows) -> None:
    run, other = shop.start("shop.order", DATA), shop.start("shop.order", {**DATA, "lines": ["pot"]})
    assert [call.input["sku"] for call in run.calls("stock.pick")] == ["tea", "cup"]
    assert [call.input["sku"] for call in run.calls("pack/1/pick")] == ["cup"]
    assert [call.input["sku"] for call in other.calls("stock.pick")] == ["pot"]
    assert run.calls("stock.pack") == []
    assert len(shop.calls) == len(run.calls()) + len(other.calls())


def test_a_call_says_all_that_a_module_is_told(shop: Workflows) -> None:
    run = shop.start("shop.order", DATA)
    [call] = run.calls("bank.charge")
    assert (call.run, call.workflow, call.version, call.step, call.attempt) == (
        run.id,
        "order",
        3,
        "charge",
        1,
    )
    assert (call.namespace, call.input, call.deadline, call.at, call.deliveries) == (
        "shop",
        DATA,
        None,
        0.0,
        1,
    )
    assert call.idempotency_key == f"{run.id}:charge"


def test_each_run_has_what_it_emitted(shop: Workflows) -> None:
    run, other = shop.start("shop.order", DATA), shop.start("shop.order", {**DATA, "lines": []})
    assert [(each.name, each.data) for each in run.emitted] == [("shop.packed", {"count": 2})]
    assert [each.data for each in other.emitted] == [{"count": 0}]
    assert [each.data for each in shop.emitted] == [{"count": 2}, {"count": 0}]
    assert isinstance(run.emitted[0], Emitted)


def test_the_history_is_the_facts_in_order(shop: Workflows) -> None:
    history = shop.start("shop.order", DATA).history
    assert [fact["seq"] for fact in history] == list(range(1, len(history) + 1))
    assert (history[0]["fact"], history[-1]["fact"]) == ("run_started", "run_completed")


def test_a_step_that_has_not_begun_is_there_and_an_unknown_one_is_not(shop: Workflows) -> None:
    shop.stub("bank.charge", NEVER)
    run = shop.start("shop.order", DATA)
    assert run.step("send").status == "pending"
    assert run.step("charge").input == DATA
    with pytest.raises(KeyError, match=r"there is no step 'chrage': there are reserve, pack, "):
        run.step("chrage")


def test_a_run_that_goes_on_lasts_until_now(shop: Workflows) -> None:
    shop.stub("bank.charge", NEVER)
    run = shop.start("shop.order", DATA)
    shop.advance("90m")
    assert (run.is_over, run.took, run.error, run.output) == (False, 5400.0, None, None)


def test_waiting_says_for_how_long_yet(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - fork:
          branches:
            a: [{id: nap, wait: 1h}]
            b: [{id: paid, listen: {event: paid}}]
            c: [{id: sure, ask: {prompt: Sure?, timeout: 2h}}]
""")
    run = workflows.start("shop.order")
    workflows.advance("30m")
    assert run.waiting == {"fork/a/nap": 1800.0, "fork/b/paid": None, "fork/c/sure": 5400.0}


# ------------------------------------------------------------------------------------------ expect


GOOD: dict[str, Any] = {
    "status": "completed",
    "output": {"done": True},
    "error": None,
    "path": ["reserve", "pack", "pack/0/pick", "pack/1/pick", "emit", "charge", "send"],
    "attempts": {"charge": 1},
    "compensations": [],
    "waiting": {},
    "labels": {"customer": "Ada"},
    "emitted": [("shop.packed", {"count": 2})],
    "steps": {"charge": {"status": "completed", "output": "ok"}},
    "workflow": "shop/order@3",
    "version": 3,
    "took": 0,
    "is_over": True,
    "children": [],
}


def test_everything_that_is_as_expected_is_silent(shop: Workflows) -> None:
    run = shop.start("shop.order", {**DATA})
    run.expect(**GOOD)
    calls = [("stock.reserve", {}), ("stock.pick", {"sku": "tea"}), ("stock.pick", {"sku": "cup"})]
    run.expect(calls=[*calls, ("bank.charge", DATA), ("mail.send", {"gift": False})])


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        ({"status": "failed"}, 'status is "completed", expected "failed"'),
        ({"output": {"done": False}}, "output.done is true, expected false"),
        ({"error": {"type": "x"}}, 'error is null, expected {"type":"x"}'),
        ({"path": ["reserve", "charge"]}, 'path[1] is "pack", expected "charge"'),
        ({"attempts": {"charge": 2}}, "attempts.charge is 1, expected 2"),
        ({"compensations": ["charge"]}, 'compensations ends after 0, expected "charge" next'),
        ({"waiting": {"send": None}}, "waiting has no 'send', expected null; it has []"),
        ({"labels": {"customer": "Bob"}}, 'labels.customer is "Ada", expected "Bob"'),
        ({"emitted": []}, 'emitted goes on with "shop.packed", expected its end after 0'),
        ({"calls": ["stock.reserve"]}, 'calls goes on with "stock.pick", expected its end after 1'),
        ({"waiting": ["charge"]}, 'waiting ends after 0, expected "charge" next'),
        ({"error": "card_declined"}, 'error is null, expected {"type":"card_declined"}'),
        ({"took": {"at_least": 60}}, "took: 0.000s is less than 1m00s"),
        ({"steps": {"charge": {"attempt": 2}}}, "steps.charge.attempt is 1, expected 2"),
        ({"took": 5}, "took is 0.0, expected 5"),
        ({"is_over": 1}, "is_over is true, expected 1"),
        ({"status": "completed", "version": 2}, "version is 3, expected 2"),
    ],
)
def test_the_first_difference_comes_with_the_runs_tree(
    shop: Workflows, expected: dict[str, Any], told: str
) -> None:
    run = shop.start("shop.order", DATA)
    with pytest.raises(AssertionError, match=re.escape(told)) as caught:
        run.expect(**expected)
    assert "shop/order@3" in str(caught.value)
    assert re.search("✓ charge +bank.charge +completed", str(caught.value))


@pytest.mark.parametrize("name", ["statuss", "_world", "cancel", "expect", "tree", "id"])
def test_what_a_run_has_not_cannot_be_expected(shop: Workflows, name: str) -> None:
    run = shop.start("shop.order", DATA)
    with pytest.raises(TypeError, match=f"'{name}' is nothing that a run has"):
        run.expect(**{name: None})


def test_the_tree_has_every_step_with_its_time(shop: Workflows) -> None:
    shop.stub("bank.charge", takes("2h", "paid"))
    run = shop.start("shop.order", DATA)
    shop.finish()
    [line] = [line for line in run.tree().splitlines() if "bank.charge" in line]
    assert "completed  2h00m" in line


def test_a_run_is_watched_by_its_id(shop: Workflows) -> None:
    run = shop.start("shop.order", DATA)
    assert WatchedRun(shop, run.id).status == "completed"
    assert [each.id for each in shop.runs] == [run.id]
