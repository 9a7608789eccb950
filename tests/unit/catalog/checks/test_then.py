"""`then` leads somewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resistor.catalog.checks.then import check_then

Found = Callable[..., list[str]]
INTO = "`then` cannot lead into another block"
WORDS = "`exit` leaves the list, `end` ends the run"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "- {module: m, action: pay, then: shp}\n- {module: m, action: ship}\n",
            ["/steps/0/then: there is no step `shp` in this list | did you mean `ship`?"],
            id="misspelled",
        ),
        pytest.param(
            "- {module: m, action: pay, then: nowhere}\n",
            [f"/steps/0/then: there is no step `nowhere` in this list | {WORDS}"],
            id="nothing near",
        ),
        pytest.param(
            "- {module: m, action: pay, then: ends}\n",
            ["/steps/0/then: there is no step `ends` in this list | did you mean `end`?"],
            id="a word",
        ),
        pytest.param(
            "- {wait: 1s, then: inner}\n- try: [{id: inner, wait: 1s, then: wait}]\n",
            [
                f"/steps/0/then: {INTO}: step `inner` is not in this list | {WORDS}",
                f"/steps/1/try/0/then: {INTO}: step `wait` is not in this list | {WORDS}",
            ],
            id="into a block, and out of it",
        ),
        pytest.param(
            "- switch: [{when: input.x, then: lst}, {then: last}]\n"
            "- {module: m, action: b, catch: [{errors: [x], then: lst}, {then: inner}]}\n"
            "- {try: [{id: inner, wait: 1s}], catch: [{then: lst}]}\n"
            "- {id: last, wait: 1s}\n",
            [
                "/steps/0/switch/0/then: there is no step `lst` in this list | did you mean `last`?",
                "/steps/1/catch/0/then: there is no step `lst` in this list | did you mean `last`?",
                f"/steps/1/catch/1/then: {INTO}: step `inner` is not in this list | {WORDS}",
                "/steps/2/catch/0/then: there is no step `lst` in this list | did you mean `last`?",
            ],
            id="of a case and a catch",
        ),
        pytest.param(
            "- {wait: 1s, then: exit}\n- {wait: 1s, then: end}\n- {wait: 1s, then: wait}\n",
            [],
            id="good ones",
        ),
        pytest.param("- {wait: 1s, then: x}\n- {colour: red}\n", [], id="an id that is not known"),
        pytest.param("- {wait: 1s, then: 3}\n- {catch: 3}\n- {switch: {then: x}}\n", [], id="malformed"),
    ],
)
@pytest.mark.bad_input(40)
def test_a_then_that_leads_nowhere_is_named(found: Found, text: str, expected: list[str]) -> None:
    assert found(check_then, text) == expected
