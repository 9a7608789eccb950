"""Which files are scenarios, and that loading passes them over, however broken they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from resistor.catalog import load, load_text
from resistor.catalog.scenario_files import is_scenario

WORKFLOW = "shop: {order: {version: 1, steps: []}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "scenario: A title",
        "# a comment\n\nscenario: A title",
        "event: a.b\nscenario: A title",
        "'scenario': A title",
        '"scenario" : A title',
        "scenario:   'A title'",
        "scenario: >-\n  A title\n  of two lines",
        "\ufeffscenario: A title",  # as editors on Windows begin a file
        "scenario: A title\r\nevent: a.b\r\n",
        "scenario: A title\nevent: [",
        "scenario: 5",
    ],
)
def test_a_scenario_is_known_by_its_title(text: str) -> None:
    assert is_scenario(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        WORKFLOW,
        "scenario:\n  event: {version: 1, steps: []}",
        "scenario: {event: {version: 1, steps: []}}",
        "scenario: # to do",
        "scenario:",
        "  scenario: A title",
        "shop:\n  scenario: A title",
        "scenarios: A title",
        "Scenario: A title",
    ],
)
def test_anything_else_is_a_definition(text: str) -> None:
    assert not is_scenario(text.encode())


@pytest.mark.parametrize(
    "text", ["scenario: s\nevent: [", "scenario: s\n\tx: y", "scenario: s\nexpect: {}", "scenario: \x00"]
)
def test_loading_passes_scenarios_over_even_broken_ones(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(WORKFLOW)
    (tmp_path / "a.scenario.yaml").write_text(text)
    loaded = load(tmp_path)
    assert (loaded.problems, loaded.broken_files) == ((), frozenset())
    assert loaded.catalog.namespaces == ("shop",)


@pytest.mark.parametrize(
    "text", ["scenario: {order: {version: 1, steps: []}}", "scenario:\n  title: A title\n", "scenario:\n"]
)
def test_no_namespace_is_called_scenario(text: str) -> None:
    [problem] = load_text(text.encode()).problems
    assert (problem.line, problem.column) == (1, 1)
    assert (
        problem.message
        == "`scenario` is for scenarios, in YAML files of their own: no namespace has this name"
    )
    assert problem.hint is not None
    assert "`scenario: A declined card …`" in problem.hint


def test_a_scenario_without_its_title_is_one_problem_and_not_one_for_each_key() -> None:
    loaded = load_text(b"scenario:\nevent: shop.order\nexpect: {status: completed}\n")
    assert len(loaded.problems) == 1


def test_a_namespace_may_have_an_event_called_scenario() -> None:
    assert load_text(b"shop: {scenario: {version: 1, steps: []}}").problems == ()
