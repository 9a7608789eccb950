"""Scenarios again, while things go wrong: each must end as it does in calm.

First a daemon dies after every commit and every publish there is, one after the other; then come storms, one
a seed. Modules are told the same as in calm: who is told what does not depend on the order of calls.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from resistor.catalog import Catalog
from resistor.ops.text import how_long
from resistor.testing.scenarios.endings import Ending, difference_between, ending_of
from resistor.testing.scenarios.playing import Different, Happenings, silence
from resistor.testing.scenarios.reading import Scenario
from resistor.testing.storms import CALM_SECONDS, Crash, Storm, StormyInstallation, Weather
from resistor.testing.stubs import Stubs, Unanswered
from resistor.testing.workflows import Workflows

POINTS = ("commit", "publish")
CALM = Crash("", 0)
WHY_OTHERWISE = f"after each event and order {how_long(CALM_SECONDS)} pass, to make good what has gone wrong"
SCRIPT_LINES = 12


@dataclass(frozen=True, slots=True)
class Weathered:
    """What came of one scenario in all weathers.

    `weather` is the first in which it ended otherwise, None where there is none; `difference` how, `script`
    what had gone wrong, `trees` the runs. `others` are the further ones, by their names. `left_out` says why
    it cannot be played like this.
    """

    scenario: Scenario
    count: int
    weather: Weather | None = None
    difference: str = ""
    script: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    left_out: str | None = None


def weather(scenario: Scenario, catalog: Catalog, seeds: Sequence[int]) -> Weathered:
    """Play a scenario after each crash and in each storm."""
    with silence():
        try:
            calm = _calm(scenario, catalog, scenario.stubs())
        except (Different, Unanswered) as error:
            return Weathered(scenario, 0, left_out=f"{error} ({WHY_OTHERWISE})")
        weathers: list[Weather] = [*calm.crashes, *map(Storm, seeds)]
        broken = [found for each in weathers if (found := _broken(scenario, catalog, calm, each)) is not None]
    if not broken:
        return Weathered(scenario, len(weathers))
    others = tuple(str(each.weather) for each in broken[1:])
    return replace(broken[0], count=len(weathers), others=others)


@dataclass(frozen=True, slots=True)
class _Calm:
    """How it ended when nothing went wrong, who was told what, and where a daemon may die."""

    ending: Ending
    stubs: Stubs
    crashes: tuple[Crash, ...]


def _calm(scenario: Scenario, catalog: Catalog, stubs: Stubs) -> _Calm:
    with _playing(scenario, catalog, stubs, CALM, is_checked=True) as (workflows, installation):
        passes = installation.passes
        crashes = [Crash(point, number) for point in POINTS for number in range(1, passes[point] + 1)]
        return _Calm(ending_of(workflows), stubs, tuple(crashes))


def _broken(scenario: Scenario, catalog: Catalog, calm: _Calm, weather: Weather) -> Weathered | None:
    """Play a scenario in a weather; returns None where it ended as in calm."""
    state = random.getstate()
    random.seed(str(weather))  # tenacity draws its pauses there
    try:
        with _playing(scenario, catalog, calm.stubs.again(), weather) as (workflows, installation):
            different = difference_between(calm.ending, ending_of(workflows), workflows)
            if different is None:
                return None
            trees = tuple(run.tree() for run in workflows.runs)
            script = tuple(installation.script[-SCRIPT_LINES:])
            return Weathered(scenario, 1, weather, different, script, trees)
    except (Different, Unanswered) as error:
        return Weathered(scenario, 1, weather, str(error))
    finally:
        random.setstate(state)


@contextmanager
def _playing(
    scenario: Scenario, catalog: Catalog, stubs: Stubs, weather: Weather, *, is_checked: bool = False
) -> Iterator[tuple[Workflows, StormyInstallation]]:
    made: list[StormyInstallation] = []

    def install(stubs: Stubs, *, start: float, has_schedules: bool) -> StormyInstallation:
        made.append(StormyInstallation(weather, stubs, start=start, has_schedules=has_schedules))
        return made[0]

    workflows = Workflows(
        start=scenario.start, has_schedules=scenario.form.schedules, install=install, stubs=stubs
    )
    try:
        workflows.deploy(catalog)
        happenings = Happenings(scenario, workflows)
        happenings.happen(is_checked=False)
        made[0].calm_down()  # something may still be on its way, and start another run
        workflows.finish()
        if is_checked:
            happenings.check()
        yield workflows, made[0]
    finally:
        workflows.close()
