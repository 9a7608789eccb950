"""A loop of jumps has a pause in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from resistor.catalog.checks.jump_loops import check_jump_loops

Found = Callable[..., list[str]]
HINT = "put a `wait`, a `listen` or an `ask` on the way round, or use `while` with its `limit`"


def loop(path: str, way: str) -> str:
    return f"{path}: this goes round and round without a pause: {way} | {HINT}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "- {module: m, action: a}\n- {module: m, action: b}\n- {module: m, action: c, then: a}\n",
            [loop("/steps/2/then", "`a` → `b` → `c` → `a`")],
            id="three",
        ),
        pytest.param(
            "- {module: m, action: a, then: a, if: input.x}\n",
            [loop("/steps/0/then", "`a` → `a`")],
            id="itself",
        ),
        pytest.param(
            "- {module: m, action: a}\n- switch: [{when: input.x, then: exit}, {then: a}]\n",
            [loop("/steps/1/switch/1/then", "`a` → `switch` → `a`")],
            id="a case",
        ),
        pytest.param(
            "- {module: m, action: a}\n- {module: m, action: b, catch: [{then: a}]}\n",
            [loop("/steps/1/catch/0/then", "`a` → `b` → `a`")],
            id="a catch",
        ),
        pytest.param(
            "- {module: m, action: a, then: c}\n- {module: m, action: b, then: d}\n"
            "- {module: m, action: c, then: b}\n- {module: m, action: d, then: a}\n",
            [loop("/steps/2/then", "`b` → `d` → `a` → `c` → `b`")],
            id="there and back",
        ),
        pytest.param(
            "- {module: m, action: a}\n- {wait: 1s, if: input.x}\n- {module: m, action: c, then: a}\n",
            [loop("/steps/2/then", "`a` → `wait` → `c` → `a`")],
            id="a pause that may be skipped",
        ),
        pytest.param(
            "- {module: m, action: a}\n"
            "- switch: [{when: input.x, do: [{wait: 1s}]}, {do: [{module: m, action: b}]}]\n"
            "- {module: m, action: c, then: a}\n",
            [loop("/steps/2/then", "`a` → `switch` → `c` → `a`")],
            id="a pause in one case only",
        ),
        pytest.param(
            "- {id: a, try: [{wait: 1s}], catch: [{errors: [x]}], then: a}\n",
            [loop("/steps/0/then", "`a` → `a`")],
            id="a pause that may fail before it begins",
        ),
        pytest.param(
            "- try: [{module: m, action: a}, {module: m, action: b, then: a}]\n",
            [loop("/steps/0/try/1/then", "`a` → `b` → `a`")],
            id="inside a block",
        ),
        pytest.param(
            "".join(f"- {{module: m, action: s{number}}}\n" for number in range(9))
            + "- {module: m, action: t, then: s0}\n",
            [loop("/steps/9/then", "`s0` → `s1` → `s2` → `s3` → `s4` → … → `t` → `s0`")],
            id="a long one",
        ),
        pytest.param(
            "- {module: m, action: a}\n- {module: m, action: b, then: a, if: input.x}\n"
            "- {module: m, action: c}\n- {module: m, action: d, then: c}\n",
            [loop("/steps/1/then", "`a` → `b` → `a`"), loop("/steps/3/then", "`c` → `d` → `c`")],
            id="two of them",
        ),
        *[
            pytest.param(f"- {{id: a, {pause}}}\n- {{module: m, action: b, then: a}}\n", [], id=pause)
            for pause in (
                "wait: 1s",
                "listen: {event: e}",
                "ask: {prompt: x}",
                "try: [{wait: 1s}]",
                "try: [{module: m, action: c}], finally: [{wait: 1s}]",
                "try: [{wait: 1s}], catch: [{do: [{wait: 1s}]}]",
                "until: input.x, do: [{wait: 1s}]",
                "switch: [{when: input.x, do: [{wait: 1s}]}, {do: [{listen: {event: e}}]}]",
                "fork: {branches: {x: [{wait: 1s}], y: [{module: m, action: c}]}}",
                "listen: {event: e, timeout: 5m}, on_error: continue",
            )
        ],
        pytest.param(
            "- {id: a, fork: {branches: {x: [{wait: 1s}], y: [{emit: {event: e}}]}, join: any}, then: a}\n",
            [loop("/steps/0/then", "`a` → `a`")],
            id="a pause in a branch that is not waited for",
        ),
        pytest.param(
            "- {module: m, action: a, then: c}\n- {wait: 1s}\n- {id: c, wait: 1s}\n", [], id="forwards"
        ),
        pytest.param(
            "- {end: {}}\n- {module: m, action: a}\n- {module: m, action: b, then: a}\n",
            [],
            id="out of reach",
        ),
        pytest.param("- {module: m, action: a, then: a}\n- {wait: 1s, then: nowhere}\n", [], id="unsure"),
    ],
)
@pytest.mark.bad_input(40)
def test_a_loop_without_a_pause_is_named_at_the_jump_back(
    found: Found, text: str, expected: list[str]
) -> None:
    assert found(check_jump_loops, text) == expected
