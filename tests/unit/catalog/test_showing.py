"""A problem as it is shown: place, line, caret, hint."""

from __future__ import annotations

from resistor.catalog import load_text, show
from resistor.errors import Problem


def test_a_problem_is_shown_with_its_line_and_a_caret_under_the_place() -> None:
    text = "shop:\n  placed:\n    version: 1\n    steps:\n      - modul: payments\n        action: charge\n"
    (problem,) = load_text(text.encode(), "shop/order.yaml").problems
    assert show(problem) == (
        "shop/order.yaml:5:9: `modul` is not a key of a step\n"
        "  |       - modul: payments\n"
        "  |         ^\n"
        "  did you mean `module`?"
    )


def test_a_problem_without_a_line_or_a_hint_is_one_line() -> None:
    assert show(Problem("the file cannot be read: Is a directory", "a", 1, 1)) == (
        "a:1:1: the file cannot be read: Is a directory"
    )


def test_the_caret_stands_right_under_wide_and_combining_characters() -> None:
    line = "日本e\u0301: x"
    *_, source, caret = show(Problem("m", "f", 1, line.index("x") + 1, line)).splitlines()
    assert source == f"  | {line}"
    assert caret == "  | " + " " * (2 + 2 + 1 + 2) + "^"


def test_a_tab_and_control_characters_are_shown_as_spaces() -> None:
    shown = show(Problem("m", "f", 1, 2, "\tx\x1b[31m"))
    assert shown.splitlines()[1:] == ["  |  x [31m", "  |  ^"]


def test_a_very_long_line_is_cut_around_the_place() -> None:
    shown = show(Problem("m", "f", 1, 5001, "a" * 5000 + "X" + "b" * 5000))
    _, source, caret = shown.splitlines()
    assert len(source) < 120
    assert source[caret.index("^")] == "X"
