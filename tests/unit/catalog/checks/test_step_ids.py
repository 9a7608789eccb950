"""Two steps that see each other have two ids."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resistor.catalog.checks.step_ids import check_step_ids

Found = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "- {module: m, action: a, id: pay}\n- {module: m, action: b, id: pay}\n",
            ["/steps/1/id: another step, the 1st, has the id `pay` already"],
            id="in one list",
        ),
        pytest.param(
            "- {id: x, wait: 1s}\n- {wait: 1s}\n- {id: x, wait: 1s}\n- {id: x, wait: 1s}\n",
            [
                "/steps/2/id: another step, the 1st, has the id `x` already",
                "/steps/3/id: another step, the 1st, has the id `x` already",
            ],
            id="three times",
        ),
        pytest.param(
            "- try: [{try: [{id: send, wait: 1s}]}]\n- {module: m, action: send}\n",
            ["/steps/0/try/0/try/0/id: the 2nd step of the workflow has the id `send` already"],
            id="of a list further out, where it is a default id that comes later",
        ),
        pytest.param(
            "- {id: outer, try: [{id: x, wait: 1s}, {try: [{id: x, wait: 1s}]}]}\n",
            ["/steps/0/try/1/try/0/id: the 1st step around this one, in `outer`, has the id `x` already"],
            id="of a block around",
        ),
        pytest.param(
            "- {id: x, try: [{id: x, wait: 1s}]}\n",
            ["/steps/0/try/0/id: the 1st step of the workflow has the id `x` already"],
            id="of the step that holds it",
        ),
        pytest.param(
            "steps: [{id: x, wait: 1s}]\nfinally: [{id: x, wait: 1s}]\n",
            ["/finally/0/id: the 1st step of the workflow has the id `x` already"],
            id="in finally",
        ),
        pytest.param(
            "steps: []\nfinally: [{id: x, wait: 1s}, {try: [{id: x, wait: 1s}]}]\n",
            ["/finally/1/try/0/id: the 1st step of `finally` has the id `x` already"],
            id="inside finally",
        ),
        pytest.param(
            "- try: [{id: x, wait: 1s}]\n  catch: [{do: [{id: x, wait: 1s}]}]\n- try: [{id: x, wait: 1s}]\n",
            [],
            id="blocks beside each other",
        ),
        pytest.param(
            "steps: []\non_failure: [{id: x, wait: 1s}]\nfinally: [{id: x, wait: 1s}]\n",
            [],
            id="on_failure and finally",
        ),
        pytest.param("- {wait: 1s}\n- {wait: 1s}\n- {module: m, action: wait}\n", [], id="default ids"),
        pytest.param("- {id: 3, wait: 1s}\n- {id: 3, wait: 1s}\n- x\n", [], id="what is no id"),
    ],
)
def test_the_second_is_named_with_the_place_of_the_first(
    found: Found, text: str, expected: list[str]
) -> None:
    assert found(check_step_ids, text) == expected
