"""YAML is read strictly: what is dangerous or surprising in it is refused, with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from resistor.catalog import load_text, reading, show
from resistor.catalog.reading import MAX_BYTES, MAX_DEPTH, read


def value_of(text: str, file: str = "file.yaml") -> Any:
    document = read(text.encode(), file)
    assert document.problems == ()
    assert document.source.root is not None
    return document.source.root.value


def only_problem(text: str | bytes, file: str = "file.yaml") -> tuple[int, int, str]:
    raw = text if isinstance(text, bytes) else text.encode()
    (problem,) = read(raw, file).problems
    return problem.line, problem.column, problem.message


@pytest.fixture(params=["libyaml", "pure Python"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes with libyaml, and in some builds without."""
    monkeypatch.setattr(reading, "_Parser", {"libyaml": yaml.CSafeLoader}.get(request.param, yaml.SafeLoader))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("no", "No", "yes", "on", "off", "y", "n")),
        *((word, word) for word in ("1:30", "012", "00", "-07", "01.5", "1_000", "0b1", "2026-01-01", "=")),
        ("0", 0),
        ("12", 12),
        ("+3", 3),
        ("-3", -3),
        ("0o17", 15),
        ("0x1F", 31),
        ("9007199254740993", 9007199254740993),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e3", -1000.0),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("'1'", "1"),
        ('"true"', "true"),
        ("|\n  1\n", "1\n"),
        ("${input.order.id}", "${input.order.id}"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_a_scalar_is_what_yaml_1_2_says(text: str, value: Any) -> None:
    found = value_of(f"a: {text}")["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: &x 1\n", 1, 4, "`&x`: anchors are not allowed: every workflow is written out in full"),
        ("a: *x\n", 1, 4, "`*x`: aliases are not allowed: every workflow is written out in full"),
        ("a: !!str 1\n", 1, 4, "`!!str`: tags are not allowed: a value is what it looks like"),
        (
            "a: !!python/name:os.system x\n",
            1,
            4,
            "`!!python/name:os.system`: tags are not allowed: a value …",
        ),
        ("a:\n  - !x {b: 1}\n", 2, 5, "`!x`: tags are not allowed: a value is what it looks like"),
        ("a: 1\nb: 2\na: 3\n", 3, 1, "the key `a` stands here twice, first on line 1"),
        ("a: {b: 1, b: 2}\n", 1, 11, "the key `b` stands here twice, first on line 1"),
        ("1: x\n", 1, 1, "a key must be text, and this is not"),
        ("a:\n  true: x\n", 2, 3, "a key must be text, and this is not"),
        ("? [a]\n: b\n", 1, 3, "a key must be text, not a mapping or a list"),
        ("<<: {a: 1}\n", 1, 1, "`<<` is not allowed: every workflow is written out in full"),
        ("a: .inf\n", 1, 4, "infinity and NaN cannot be kept as JSON"),
        ("a: 1e400\n", 1, 4, "the number is too large for a double"),
        (f"a: {'9' * 5000}\n", 1, 4, "a number of 5000 digits is too long: 1000 at most"),
        ("%YAML 1.1\n---\na: no\n", 1, 1, "directives are not allowed: definitions are YAML 1.2"),
        ("a: 1\n---\nb: 2\n", 2, 1, "a second document begins here: a file holds one"),
        ("a: \x07\n", 1, 4, "a control character, U+0007: is this a text file?"),
    ],
)
@pytest.mark.usefixtures("either_parser")
@pytest.mark.bad_input(39)
def test_what_yaml_allows_and_a_definition_does_not(text: str, line: int, column: int, message: str) -> None:
    *place, found = only_problem(text)
    assert place == [line, column]
    assert found.startswith(message.removesuffix("…"))


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("a:\n\t- b\n", 2, 1, "a tab cannot indent YAML", "use spaces"),
        ("a: @b\n", 1, 4, "text cannot begin with `@`", "put it in quotes"),
        ("a: b: c\n", 1, 5, "a `: ` cannot stand here", "put text that holds a colon in quotes"),
        ("a: 'b\nc: d\n", 1, 4, "the quote that opens here is never closed", None),
        ("a: [1,\n", 1, 6, "the file ends where a value is expected", "is a bracket left open?"),
        ("a: {b: 1\n", 1, 4, "the `{` that opens here is not closed, or a comma is missing", None),
        ("a: {b: ${input.b}}\n", 1, 4, "the `{` that opens here is not closed", "an expression needs quotes"),
        ("a: b\nc\n", 2, 1, "a key and a colon are expected here", "indented"),
        ("a:\n  b: 1\n c: 2\n", 3, 2, "a key is expected here", "indented"),
        ('a: "\\q"\n', 1, 5, "this escape is unknown between double quotes", "backslash twice"),
    ],
)
def test_a_syntax_error_is_said_in_plain_words(
    text: str, line: int, column: int, message: str, hint: str | None
) -> None:
    (problem,) = read(text.encode(), "file.yaml").problems
    assert (problem.line, problem.column) == (line, column)
    assert problem.message.startswith(message)
    assert hint is None or hint in (problem.hint or "")
    assert problem.source == text.splitlines()[line - 1]


def test_every_problem_that_does_not_stop_the_reading_is_found() -> None:
    found = read(b"a: &x 1\n2: b\nc: !t d\nc: 1\n", "file.yaml").problems
    assert [problem.line for problem in found] == [1, 2, 3, 4]


@pytest.mark.bad_input(39)
def test_a_yaml_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a0: &a0 [lol, lol]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 9))
    loaded = load_text(bomb.encode(), "bomb.yaml")
    assert loaded.catalog.workflows == ()
    assert loaded.problems[0].message.startswith("`&a0`: anchors are not allowed")


@pytest.mark.bad_input(39)
def test_an_anchor_that_holds_itself_is_refused() -> None:
    assert len(read(b"a: &a [*a]\n", "file.yaml").problems) == 2


@pytest.mark.usefixtures("either_parser")
@pytest.mark.bad_input(39)
def test_nesting_goes_fifty_levels_and_no_deeper() -> None:
    assert value_of("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert only_problem("[" * (MAX_DEPTH + 1)) == (1, 51, "nested deeper than 50 levels")
    assert only_problem("[" * 100_000) == (1, 51, "nested deeper than 50 levels")
    assert only_problem("- " * 100_000)[2] == "nested deeper than 50 levels"


@pytest.mark.bad_input(39)
def test_a_file_of_256_kib_is_read_and_a_byte_more_is_not() -> None:
    assert read(b"#".ljust(MAX_BYTES, b"x"), "file.yaml").problems == ()
    line, column, message = only_problem(b"#".ljust(MAX_BYTES + 1, b"x"))
    assert (line, column) == (1, 1)
    assert message == "the file has more than 256 KiB: split it, namespaces may span files"


def test_only_utf_8_is_read() -> None:
    assert only_problem(b"a: 1\n\xc3\xa9: \xff") == (2, 4, "the byte 0xff is not UTF-8: is this a text file?")
    assert only_problem("a: 1".encode("utf-16")) == (1, 1, "the file is UTF-16: save it as UTF-8")
    assert value_of("\ufeffa: é🙂") == {"a": "é🙂"}


@pytest.mark.parametrize("text", ["", "\n", "# nothing here\n", "---\n", "~\n", " \n\n"])
def test_an_empty_file_is_nothing_and_no_problem(text: str) -> None:
    loaded = load_text(text.encode())
    assert (loaded.catalog.workflows, loaded.problems) == ((), ())


def test_every_key_and_value_keeps_its_place() -> None:
    root = read(b"a:\n  b: [x, {c: y}]\n", "file.yaml").source.root
    assert root is not None
    assert (root.line, root.column) == (1, 1)
    assert root.at(("a",)).keys == {"b": (2, 3)}
    assert [(root.at(("a", "b", n)).line, root.at(("a", "b", n)).column) for n in (0, 1)] == [(2, 7), (2, 10)]
    assert root.at(("a", "b", 1)).keys == {"c": (2, 11)}


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ('{"a": 1,}', 1, 9, "this is not JSON: expecting property name enclosed in double quotes"),
        ("// no\n{}", 1, 1, "this is not JSON: expecting value"),
        ("{a: 1}", 1, 2, "this is not JSON: expecting property name enclosed in double quotes"),
        ('{"b": "NaN",\n "a": NaN}', 2, 7, "this is not JSON: it has no NaN"),
        ('{"a": 1, "a": 2}', 1, 10, "the key `a` stands here twice, first on line 1"),
        ('{"a": "\\ud800"}', 1, 10, "this is not the code of a character"),
        ('{"a": ' + "9" * 5000 + "}", 1, 7, "a number of 5000 digits is too long: 1000 at most"),
        ("[" * 100_000, 1, 51, "nested deeper than 50 levels"),
    ],
)
def test_a_json_file_is_held_to_json(text: str, line: int, column: int, message: str) -> None:
    assert only_problem(text, "file.json") == (line, column, message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=15,
)


@given(
    value=st.dictionaries(st.text(max_size=20), JSON),
    ascii_only=st.booleans(),
)
@example(value={"a": {"<<": None, "\u2028": "\x85\x7f\ufeff\U0001f642\\ud83d/"}}, ascii_only=False)
@example(value={"a": {"<<": None, "\u2028": "\x85\x7f\ufeff\U0001f642\\ud83d/"}}, ascii_only=True)
@settings(max_examples=100, deadline=None)
def test_a_json_file_reads_as_the_json_that_it_is(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert value_of(text, "file.json") == value


@given(raw=st.binary(max_size=200), file=st.sampled_from(["f.yaml", "f.json"]))
@settings(max_examples=300, deadline=None)
def test_no_bytes_raise(raw: bytes, file: str) -> None:
    for problem in load_text(raw, file).problems:
        assert show(problem)


WORDS = [
    "a",
    "shop",
    "version",
    "steps",
    "module",
    "action",
    "with",
    "input",
    "id",
    "$ref",
    "type",
    "1",
    "0x1",
]
EXPRESSIONS = [
    "${input.a}",
    "${steps.a.output}",
    "${",
    "$${",
    "\\ud800",
    "\\U00110000",
    "&x ",
    "*x",
    "!!str ",
    "<<",
]
LAYOUT = [
    ": ",
    ":\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n      ",
    "\n      - ",
    "- ",
    "---\n",
    "...\n",
    "\x85",
    "\u2028",
]
PIECES = st.sampled_from([*WORDS, *EXPRESSIONS, *LAYOUT, *"{}[],'\"|>#?%~\té\ufeff"])


@given(text=st.lists(PIECES, max_size=40).map("".join), file=st.sampled_from(["f.yaml", "f.json"]))
@settings(max_examples=400, deadline=None)
@pytest.mark.parametrize("parser", [yaml.CSafeLoader, yaml.SafeLoader])
def test_no_text_raises_and_every_problem_is_in_the_text(parser: Any, text: str, file: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "_Parser", parser)
        loaded = load_text(text.encode(), file)
    for problem in loaded.problems:
        assert show(problem)
        assert 1 <= problem.line <= max(len(text.splitlines()), 1) + 1
        assert problem.column >= 1


@given(value=JSON)
@settings(max_examples=150, deadline=None)
def test_no_value_in_place_of_a_workflow_raises(value: Any) -> None:
    step = {"module": "m", "action": "a", "with": value, "id": value, "metadata": value}
    workflow = {"version": value, "steps": [step, value], "input": value, "description": value}
    for content in ({"a": {"b": value}}, {"a": value}, {"a": {"b": workflow}}, value):
        for problem in load_text(json.dumps(content).encode(), "f.json").problems:
            assert show(problem)
