"""The scenarios of every definition in the repository: each is good, and together they take all there is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from resistor.catalog import Catalog, load_or_raise
from resistor.testing.scenarios.coverage import Coverage
from resistor.testing.scenarios.playing import playing
from resistor.testing.scenarios.reading import Found, Scenario, read_scenarios
from resistor.testing.scenarios.weathering import weather

ROOT = Path(__file__).parents[3]
FOLDERS = (
    "definitions",
    "bench/flow/definitions",
    "bench/growth/definitions",
    "chaos/definitions",
    "deploy/kubernetes/definitions",
)
SEEDS = (1, 2, 3)


@cache
def catalog(folder: str) -> Catalog:
    return load_or_raise(ROOT / folder)


@cache
def found(folder: str) -> Found:
    return read_scenarios([ROOT / folder], catalog(folder))


PLAYED = [
    pytest.param(folder, scenario, id=str(Path(scenario.file).relative_to(ROOT)))
    for folder in FOLDERS
    for scenario in found(folder).scenarios
]


def test_these_are_all_folders_with_definitions() -> None:
    inside = [path.relative_to(ROOT) for path in ROOT.glob("*/**/definitions")]
    shipped = {str(path) for path in inside if path.parts[0][0] != "." and path.parts[0] != "tests"}
    assert {folder for folder in FOLDERS if "/" in folder} == shipped


@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_wrong_with_them(folder: str) -> None:
    assert found(folder).problems == ()
    assert found(folder).scenarios


@pytest.mark.parametrize(("folder", "scenario"), PLAYED)
def test_it_is_good(folder: str, scenario: Scenario) -> None:
    with playing(scenario, catalog(folder)) as (played, _):
        assert played.difference is None, "\n\n".join(played.trees)


@pytest.mark.parametrize(("folder", "scenario"), PLAYED)
def test_it_ends_alike_whatever_goes_wrong(folder: str, scenario: Scenario) -> None:
    weathered = weather(scenario, catalog(folder), SEEDS)
    assert weathered.weather is None, f"{weathered.weather}: {weathered.difference}\n{weathered.script}"
    assert weathered.count > len(SEEDS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_they_take_every_step_branch_catch_and_compensation(folder: str) -> None:
    coverage = Coverage(catalog(folder))
    for scenario in found(folder).scenarios:
        with playing(scenario, catalog(folder)) as (_, workflows):
            coverage.add(workflows)
    assert [str(goal) for name in coverage.workflows for goal in coverage.missed(name)] == []
    assert coverage.percent == 100.0


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_two_have_the_same_title(folder: str) -> None:
    titles = [scenario.title for scenario in found(folder).scenarios]
    assert len(set(titles)) == len(titles)
