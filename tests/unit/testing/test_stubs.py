"""Which answer a call gets, and what is said where it gets none."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.sdk import Fail, Module
from resistor.testing import Call, Unanswered, Workflows

ONE = "shop: {order: {version: 1, steps: [{id: pay, module: bank, action: charge}]}}"
EACH = """
shop:
  order:
    version: 1
    steps:
      - id: pack
        for: {in: "${input.lines}", each: line}
        do: [{module: stock, action: pick, with: {sku: "${line}"}}]
      - {id: guarded, try: [{id: pay, module: bank, action: charge, retry: none}],
         catch: [{errors: [busy], retry: 3}]}
"""


def outputs(workflows: Workflows, lines: list[Any]) -> Any:
    return workflows.start("shop.order", {"lines": lines}).step("pack").output


def test_each_answer_is_for_one_call_and_the_last_one_for_good(workflows: Workflows) -> None:
    workflows.define(EACH)
    workflows.stub("bank.charge", None)
    workflows.stub("stock.pick", 1, 2)
    assert outputs(workflows, ["a", "b", "c", "d"]) == [1, 2, 2, 2]


def test_the_nearest_name_wins(workflows: Workflows) -> None:
    workflows.define(EACH)
    workflows.stub("*", "any")
    assert outputs(workflows, ["a", "b"]) == ["any", "any"]
    workflows.stub("stock.*", "module")
    assert outputs(workflows, ["a", "b"]) == ["module", "module"]
    workflows.stub("stock.pick", "action")
    assert outputs(workflows, ["a", "b"]) == ["action", "action"]
    workflows.stub("pack/*/pick", "items")
    assert outputs(workflows, ["a", "b"]) == ["items", "items"]
    workflows.stub("pack/1/pick", "item")
    assert outputs(workflows, ["a", "b"]) == ["items", "item"]


def test_what_is_said_later_takes_the_place_of_what_was_said(workflows: Workflows) -> None:
    workflows.define(ONE)
    workflows.stub("bank.charge", 1)
    workflows.stub("bank.charge", 2)
    assert workflows.start("shop.order").output == 2


def test_a_condition_chooses_the_calls(workflows: Workflows) -> None:
    workflows.define(EACH)
    workflows.stub("*", "other")
    workflows.stub("stock.pick", "b!", when=lambda call: call.input["sku"] == "b")
    assert outputs(workflows, ["a", "b", "b"]) == ["other", "b!", "b!"]


def test_a_condition_that_comes_too_late_to_matter_is_not_asked(workflows: Workflows) -> None:
    def broken(call: Call) -> bool:
        raise KeyError("sku")

    workflows.define(ONE)
    workflows.stub("*", "any")
    workflows.stub("bank.charge", 1, when=lambda call: True)
    workflows.stub("bank.*", 2, when=broken)
    assert workflows.start("shop.order").output == 1


@pytest.mark.parametrize(
    ("stubbed", "told"),
    [
        ([], "nothing answers bank.charge, which step pay calls: give `bank.charge` an answer, or `*` for"),
        (["bank.chrage"], "nothing answers bank.charge, which step pay calls: did you mean `bank.chrage`?"),
        (["mail.send"], "give `bank.charge` an answer"),
    ],
)
def test_a_call_that_nobody_answers_fails_the_test_with_what_to_do(
    workflows: Workflows, stubbed: list[str], told: str
) -> None:
    workflows.define(ONE)
    for name in stubbed:
        workflows.stub(name, None)
    with pytest.raises(Unanswered) as caught:
        workflows.start("shop.order")
    assert told in str(caught.value)
    assert isinstance(caught.value, AssertionError)


def test_a_call_that_no_entry_fits_says_its_input(workflows: Workflows) -> None:
    workflows.define(ONE)
    workflows.stub("bank.charge", None, when=lambda call: False)
    with pytest.raises(Unanswered, match=r"no entry of bank.charge fits this call .* \{'amount': 5\}"):
        workflows.start("shop.order", {"amount": 5})


def test_a_condition_that_fails_fails_the_test(workflows: Workflows) -> None:
    workflows.define(ONE)
    workflows.stub("bank.charge", None, when=lambda call: bool(call.input["amount"]))
    with pytest.raises(
        Unanswered, match=r"`when` of a stub fails for bank.charge with \{\}: KeyError: 'amount'"
    ):
        workflows.start("shop.order")


def test_a_call_that_comes_later_is_missed_when_it_comes(workflows: Workflows) -> None:
    workflows.define(
        "shop: {order: {version: 1, steps: [{wait: 1h}, {id: pay, module: bank, action: charge}]}}"
    )
    run = workflows.start("shop.order")
    with pytest.raises(Unanswered, match=r"nothing answers bank.charge"):
        workflows.advance("1h")
    assert run.path == ["wait", "pay"]


def test_the_paths_of_a_second_try_are_its_own(workflows: Workflows) -> None:
    workflows.define(EACH)
    workflows.stub("*", "ok")
    workflows.stub("guarded/try/pay", Fail("busy"))
    run = workflows.start("shop.order", {"lines": []})
    workflows.finish()
    assert (run.status, run.path[-2:]) == ("completed", ["guarded/try/pay", "guarded/try#2/pay"])


@pytest.mark.parametrize(
    ("reactions", "error"), [([], ValueError), ([ValueError], TypeError), ([1, Fail], TypeError)]
)
def test_what_can_be_no_answer_is_refused_where_it_is_said(
    workflows: Workflows, reactions: list[Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^stub\('bank.charge'\)"):
        workflows.stub("bank.charge", *reactions)


# ------------------------------------------------------------------------------- modules of the SDK


def bank() -> Module:
    module = Module("bank")

    @module.action("charge")
    async def charge(order: dict[str, Any]) -> dict[str, Any]:
        return {"charged": order["amount"]}

    @module.action("refund")
    def refund(order: dict[str, Any]) -> dict[str, Any]:
        return {"refunded": order["amount"]}

    return module


TWO = """
shop:
  order:
    version: 1
    steps: [{module: bank, action: charge, retry: none}, {module: bank, action: refund}]
    output: {charge: "${steps.charge.output}", refund: "${steps.refund.output}"}
"""


def test_a_module_does_its_actions_on_the_loop_and_in_threads(workflows: Workflows) -> None:
    workflows.define(TWO)
    workflows.use(bank())
    run = workflows.start("shop.order", {"amount": 5})
    assert run.output == {"charge": {"charged": 5}, "refund": {"refunded": 5}}
    assert workflows.elapsed == 0.0


def test_a_stub_takes_the_place_of_one_action(workflows: Workflows) -> None:
    workflows.define(TWO)
    workflows.use(bank())
    workflows.stub("bank.charge", "stubbed")
    run = workflows.start("shop.order", {"amount": 5})
    assert run.output == {"charge": "stubbed", "refund": {"refunded": 5}}


def test_what_a_module_raises_fails_its_step(workflows: Workflows) -> None:
    workflows.define(TWO)
    workflows.use(bank())
    run = workflows.start("shop.order", {})
    assert run.error is not None
    assert (run.error["type"], run.error["step"]) == ("KeyError", "charge")


def test_an_action_that_a_module_has_not_fails_its_step(workflows: Workflows) -> None:
    workflows.define(ONE)
    workflows.use(Module("bank"))
    run = workflows.start("shop.order")
    assert run.error is not None
    assert run.error["type"] == "unknown_action"
