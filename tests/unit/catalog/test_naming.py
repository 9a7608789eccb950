"""Every step goes by an id, and no two that see each other by the same."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.catalog.naming import STEP_KINDS, kind_key, step_ids
from resistor.messages.names import STEP_ID


def action(name: str, **more: Any) -> dict[str, Any]:
    return {"module": "m", "action": name, **more}


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_a_step_without_an_action_goes_by_its_kind(kind: str) -> None:
    steps: list[Any] = [{kind: {}}, {kind: {}}]
    assert kind_key(steps[0]) == kind
    assert step_ids(steps) == (kind, f"{kind}_2")


def test_a_step_goes_by_its_action_with_other_characters_turned_into_underscores() -> None:
    assert step_ids([action("order.send-now")]) == ("order_send_now",)
    assert step_ids([action("a" * 100), action("a" * 100)]) == ("a" * 64, "a" * 62 + "_2")


def test_an_action_that_is_an_expression_is_no_name() -> None:
    assert step_ids([action("${input.what}")]) == ("module",)


def test_a_number_is_added_where_an_id_is_taken() -> None:
    assert step_ids([action("a"), action("b", id="a"), action("a")]) == ("a_2", "a", "a_3")
    assert step_ids([action("a")], taken={"a", "a_2"}) == ("a_3",)


def test_an_explicit_id_stays_as_it_is_whatever_is_taken() -> None:
    assert step_ids([action("b", id="a")], taken={"a"}) == ("a",)


@pytest.mark.parametrize("word", ["exit", "end", "in", "true", "false", "null"])
def test_a_default_id_is_no_word_that_means_something_else(word: str) -> None:
    assert step_ids([action(word)]) == (f"{word}_2",)


def test_an_end_step_may_go_by_end() -> None:
    assert step_ids([{"end": {}}]) == ("end",)


def test_what_cannot_be_said_is_left_open() -> None:
    assert step_ids([None, {}, {"id": 3}, "x", {"colour": "red"}]) == (None,) * 5


def test_a_thousand_equal_actions_are_cheap_and_all_different() -> None:
    ids = step_ids([action("send")] * 5000)
    assert len(set(ids)) == 5000
    assert all(STEP_ID.match(str(each)) for each in ids)
