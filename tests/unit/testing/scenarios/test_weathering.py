"""Scenarios under faults: what is sound always ends the same, and what is not is found.

The proof is worth something only if it fails where there is something to find: so what keeps runs whole is
switched off, one thing after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from resistor.catalog import load_or_raise, load_text
from resistor.daemon import inbox
from resistor.daemon.sweeper import Sweeper
from resistor.engine.identity import run_id
from resistor.messages.event import Event
from resistor.ports import Delivery
from resistor.testing.broker import MemoryLane
from resistor.testing.housekeeping import Housekeeper
from resistor.testing.scenarios.reading import Scenario, read_scenarios
from resistor.testing.scenarios.report import weathered_lines, weathered_summary
from resistor.testing.scenarios.weathering import Weathered, weather
from resistor.testing.storms import Crash, Storm

DEFINITIONS = Path(__file__).parents[4] / "definitions"
FEW = range(1, 6)
ENOUGH = range(1, 61)  # each mutation was seen to show within forty

PLAIN = """
a:
  b:
    version: 1
    steps:
      - {id: one, module: m, action: do, compensate: {module: m, action: undo}}
      - {id: two, module: m, action: go}
"""
GOOD = "scenario: s\nevent: a.b\nanswers: {m.*: {output: 5}}\nexpect: {status: completed}\n"
BAD = "scenario: s\nevent: a.b\nanswers: {m.*: {}, m.go: {fail: no}}\nexpect: {status: failed}\n"

Weathering = Callable[..., Weathered]


@pytest.fixture
def weathering(tmp_path: Path) -> Weathering:
    """Give what plays a scenario of a definition under faults."""

    def weathering(definition: str, scenario: str, seeds: range = FEW) -> Weathered:
        catalog = load_text(definition.encode()).or_raise()
        (tmp_path / "s.yaml").write_text(scenario)
        found = read_scenarios([tmp_path], catalog)
        assert found.problems == ()
        return weather(found.scenarios[0], catalog, seeds)

    return weathering


# --------------------------------------------------------------------------------- what is sound


CATALOG = load_or_raise(DEFINITIONS)
SHIPPED = read_scenarios([DEFINITIONS], CATALOG).scenarios


@pytest.mark.parametrize("scenario", SHIPPED, ids=lambda scenario: Path(scenario.file).name)
def test_the_scenarios_that_ship_always_end_the_same(scenario: Scenario) -> None:
    weathered = weather(scenario, CATALOG, FEW)
    assert (weathered.weather, weathered.difference) == (None, "")
    assert weathered.count >= len(FEW) + 2  # at least one commit and one publish to die after


SOUND = {
    "a failure that is undone": (PLAIN, BAD),
    "the same event twice": (
        PLAIN,
        "scenario: s\nevent: a.b\nid: e\nanswers: {'*': {}}\n"
        "then: [{event: a.b, id: e}]\nexpect: {runs: 1}\n",
    ),
    "modules that crash, answer twice, and late": (
        PLAIN,
        "scenario: s\nevent: a.b\n"
        "answers: {m.do: [crash, {twice: true, takes: 5s}], m.go: [{later: 1m}, {}]}\n"
        "expect: {status: completed}\n",
    ),
    "a module that always crashes": (
        PLAIN,
        "scenario: s\nevent: a.b\nanswers: {'*': crash}\nexpect: {error: poison}\n",
    ),
    "attempts that time out": (
        "a: {b: {version: 1, steps: [{module: m, action: do, timeout: 10s, retry: {limit: 3, delay: 1s}}]}}",
        "scenario: s\nevent: a.b\nanswers: {m.do: [never, {takes: 20s}, {output: 3}]}\nexpect: {output: 3}\n",
    ),
    "an order in the middle": (
        PLAIN,
        "scenario: s\nevent: a.b\nanswers: {m.go: {takes: 1h}, '*': {}}\nthen: [{after: 1m}, cancel]\n"
        "expect: {status: cancelled, compensations: [one]}\n",
    ),
    "schedules": (
        "a: {b: {version: 1, schedule: {every: 15m}, steps: [{module: m, action: do}]}}",
        "scenario: s\nschedules: true\nanswers: {'*': {takes: 5s}}\nthen: [{after: 1h}]\nexpect: {runs: 4}\n",
    ),
    "limits of modules": (
        "modules: {m: {rate: 1/m, concurrency: 1}}\n"
        "a: {b: {version: 1, steps: [{for: {in: '${[1, 2, 3]}'}, do: [{module: m, action: do}]}]}}",
        "scenario: s\nevent: a.b\nanswers: {'*': {takes: 5s}}\nexpect: {status: completed}\n",
    ),
    "runs that start runs": (
        """
a:
  b: {version: 1, steps: [{run: {workflow: c}}, {emit: {event: e}}]}
  c: {version: 1, steps: [{module: m, action: do}]}
  d: {version: 1, triggers: [{event: e}], steps: [{module: m, action: do}]}
""",
        "scenario: s\nevent: a.b\nanswers: {'*': {}}\nexpect: {runs: 3}\n",
    ),
    "an event that is refused": (
        "a: {b: {version: 1, input: {type: object, required: [x]}, steps: []}}",
        "scenario: s\nevent: a.b\nexpect: {refused: invalid_input}\n",
    ),
    "ids that are drawn": (
        """
a:
  b: {version: 1, steps: [{module: m, action: do}, {set: {id: '${uuid()}'}}], output: '${vars.id}'}
""",
        GOOD,
    ),
}


@pytest.mark.parametrize(("definition", "scenario"), SOUND.values(), ids=SOUND)
def test_what_is_sound_ends_as_in_calm(weathering: Weathering, definition: str, scenario: str) -> None:
    weathered = weathering(definition, scenario)
    assert (weathered.weather, weathered.difference) == (None, "")


# ------------------------------------------------------------------------------- what is not sound


NOW = "a: {b: {version: 1, steps: [{module: m, action: do}, {set: {at: '${now()}'}}], output: '${vars.at}'}}"


def test_an_output_that_depends_on_the_time_is_found(weathering: Weathering) -> None:
    weathered = weathering(NOW, GOOD, ENOUGH)
    assert isinstance(weathered.weather, Crash | Storm)
    assert weathered.difference.startswith("a/b@1.output is ")
    assert weathered.script
    assert "a/b@1" in weathered.trees[0]


def test_the_same_seed_tells_the_same_story(weathering: Weathering) -> None:
    stories = [weathering(NOW, GOOD, ENOUGH) for _ in range(2)]
    assert [each.script for each in stories] == [stories[0].script] * 2
    assert len({(str(each.weather), each.difference, each.count) for each in stories}) == 1


def test_the_report_says_in_which_weather_and_what_went_wrong(weathering: Weathering) -> None:
    weathered = weathering(NOW, GOOD, ENOUGH)
    lines = list(weathered_lines(weathered))
    assert lines[0] == f"✗ {weathered.scenario.file}  s: {weathered.weather}"
    assert lines[1] == f"    {weathered.difference}"
    assert lines[2].startswith("    fault: ")
    assert "1 did not always end as in calm" in weathered_summary([weathered], 1.0)


def test_a_scenario_that_needs_every_second_says_that_it_cannot_be_played(weathering: Weathering) -> None:
    weathered = weathering(
        "a: {b: {version: 1, steps: [{id: sure, ask: {prompt: Sure?, timeout: 1s}}]}}",
        "scenario: s\nevent: a.b\nthen: [{answer: 1}]\nexpect: {output: 1}\n",
    )
    assert weathered.weather is None
    assert weathered.count == 0
    assert weathered.left_out is not None
    assert weathered.left_out.startswith("then[0].answer: run ")
    assert "2.000s pass" in weathered.left_out


def test_an_ending_that_is_another_one_without_any_fault_is_no_ending_to_compare_with(
    weathering: Weathering,
) -> None:
    weathered = weathering(
        "a: {b: {version: 1, steps: [{id: heard, listen: {event: x, timeout: 1s}}]}}",
        "scenario: s\nevent: a.b\nthen: [{event: a.x}]\nexpect: {status: completed}\n",
    )
    assert weathered.left_out is not None
    assert weathered.left_out.startswith('status is "failed", expected "completed" (after each event')


@pytest.mark.parametrize("last", ["{emit: {event: done}}", "{run: {workflow: c, detach: true}}"])
def test_what_a_run_lets_out_with_its_end_is_waited_for(weathering: Weathering, last: str) -> None:
    definition = f"""
a:
  b: {{version: 1, steps: [{{wait: 1m}}, {last}]}}
  c: {{version: 1, steps: []}}
"""
    weathered = weathering(definition, "scenario: s\nevent: a.b\nexpect: {status: completed}\n")
    assert weathered.difference == ""
    assert weathered.left_out is None


def nobody_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks at what is due: what is lost stays lost."""

    async def sweep(self: Sweeper) -> int:
        return 0

    def moments(self: Housekeeper) -> Iterator[float]:
        return iter(())

    monkeypatch.setattr(Sweeper, "sweep", sweep)
    monkeypatch.setattr(Housekeeper, "_moments", moments)


def every_delivery_is_another_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same event twice starts two runs."""
    deliveries = count()

    def new_run_id(event: Event, delivery: str) -> str:
        del delivery
        return run_id(Event(namespace=event.namespace, name=event.name, data=b"{}"), f"{next(deliveries)}")

    monkeypatch.setattr(inbox, "run_id", new_run_id)


def acknowledged_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken is acknowledged before it is worked on."""
    take = MemoryLane.take

    async def takes(self: MemoryLane, limit: int) -> list[Delivery]:
        deliveries = list(await take(self, limit))
        await self.ack(deliveries)
        return deliveries

    monkeypatch.setattr(MemoryLane, "take", takes)


@pytest.mark.parametrize(
    ("switch_off", "told"),
    [
        (nobody_sweeps, 'a/b@1.status is "running", expected "completed"'),
        (every_delivery_is_another_event, "run of a/b@1"),
        (acknowledged_too_early, "a/b@1"),
    ],
)
def test_what_keeps_runs_whole_is_missed_when_it_is_gone(
    weathering: Weathering,
    monkeypatch: pytest.MonkeyPatch,
    switch_off: Callable[[pytest.MonkeyPatch], None],
    told: str,
) -> None:
    switch_off(monkeypatch)
    weathered = weathering(PLAIN, GOOD, ENOUGH)
    assert weathered.weather is not None
    assert told in weathered.difference


def test_crashes_need_no_seed(weathering: Weathering) -> None:
    weathered = weathering(PLAIN, GOOD, range(0))
    assert (weathered.count, weathered.weather) == (
        5,
        None,
    )  # three commits, and two actions that are published
