"""A finding inside a text is shown at its character, where the line shows the text as it is."""

from __future__ import annotations

import pytest

from resistor.catalog.places import Finding, texts_in
from resistor.catalog.reading import read


@pytest.mark.parametrize(
    ("text", "offset", "column"),
    [
        ("a: ${input.x}", 2, 6),
        ("a: '${input.x}'", 2, 7),
        ('a: "${input.x}"', 2, 7),
        ("a: [b, '${input.x}']", 0, 8),
        ("a: é${input.x}", 3, 7),
        ("a: 'x'", 1, 6),
    ],
)
def test_a_place_inside_a_text_is_that_characters(text: str, offset: int, column: int) -> None:
    path = ("a", 1) if "[" in text else ("a",)
    problem = read(text.encode(), "f.yaml").source.locate(Finding(path, "wrong", offset=offset))
    assert (problem.line, problem.column) == (1, column)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("a: |\n  one\n  ${input.x}", 6),
        ("a: >-\n  one\n  ${input.x}", 6),
        ('a: "\\t${input.x}"', 3),
        ('a: "\\\\\\\\${input.x}"', 4),
        ("a: '''${input.x}'", 3),
        ("a: one\n  ${input.x}", 6),
        ("a: one", 99),
        ("a: 7", 2),
        ("a: [1, 2]", 2),
    ],
)
def test_where_the_line_does_not_show_it_the_texts_begin_is_the_place(text: str, offset: int) -> None:
    problem = read(text.encode(), "f.yaml").source.locate(Finding(("a",), "wrong", offset=offset))
    assert (problem.line, problem.column) == (1, 4)


def test_a_key_is_shown_at_its_begin() -> None:
    problem = read(b"abc: '${x}'", "f.yaml").source.locate(Finding(("abc",), "wrong", at_key=True, offset=2))
    assert (problem.line, problem.column) == (1, 1)


def test_texts_come_in_the_order_in_which_they_stand() -> None:
    value = {"a": ["x", {"b": "y", "c": 3}, "z"], "d": "w"}
    assert list(texts_in(value, ("p",))) == [
        (("p", "a", 0), "x"),
        (("p", "a", 1, "b"), "y"),
        (("p", "a", 2), "z"),
        (("p", "d"), "w"),
    ]


def test_texts_are_found_however_deep() -> None:
    value: object = "x"
    for _ in range(5000):
        value = [value]
    assert [text for _, text in texts_in(value)] == ["x"]
