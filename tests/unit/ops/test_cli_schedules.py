"""`resistor schedule …`, as a person and as a program see it."""

from __future__ import annotations

import json
import time

import msgspec
import pytest

from resistor.messages.command import StartRun, command_from_envelope
from resistor.ops.text import every, how_soon, short_time
from resistor.ports import ScheduleState
from tests.unit.ops.conftest import Call, FakeBus, FakeStore
from tests.unit.telemetry.playing import workflow_of

HOURLY = """
shop:
  report:
    version: 2
    schedule: {cron: "0 6 * * MON-FRI", timezone: Europe/Berlin, input: {kind: daily}}
    steps: []
"""
OFTEN = "shop: {sweep: {version: 1, schedule: {every: 15m}, steps: []}}"


@pytest.fixture(autouse=True)
def scheduled(store: FakeStore) -> FakeStore:
    """Let two workflows have schedules."""
    for text in (HOURLY, OFTEN):
        store.catalogue.keep(workflow_of(text))
    at = time.time() + 3600.5
    for name in ("shop/report", "shop/sweep"):
        store.schedules.states[name] = ScheduleState(name=name, digest="d", next_at=at)
    store.schedules.states["shop/sweep"] = ScheduleState(
        name="shop/sweep", digest="d", next_at=at, last_at=1_700_000_000.0, last_run="l" * 20, is_paused=True
    )
    return store


def test_schedules_are_listed(call: Call) -> None:
    assert [line.split() for line in call("schedule", "list").stdout.splitlines()] == [
        ["WORKFLOW", "WHEN", "ZONE", "NEXT", "LAST", "RUN"],
        ["shop/report", "0", "6", "*", "*", "MON-FRI", "Europe/Berlin", "in", "1h00m", "-"],
        ["shop/sweep", "every", "15m", "-", "paused", "l" * 20],
    ]


def test_a_program_gets_a_schedule_an_object(call: Call) -> None:
    report, sweep = json.loads(call("schedule", "list", "-o", "json").stdout)
    assert report.pop("next_at").endswith("Z")
    assert report == {
        "namespace": "shop",
        "workflow": "report",
        "version": 2,
        "cron": "0 6 * * MON-FRI",
        "every": None,
        "timezone": "Europe/Berlin",
        "overlap": "skip",
        "paused": False,
        "last_at": None,
        "last_run": None,
        "waiting": 0,
    }
    assert (sweep["every"], sweep["last_at"]) == (900.0, "2023-11-14T22:13:20.000Z")


def test_a_schedule_is_triggered_with_its_input(call: Call, bus: FakeBus) -> None:
    said = call("schedule", "trigger", "shop/report")
    [published] = bus.published
    command = command_from_envelope(published.envelope, limit=10_000)
    assert isinstance(command, StartRun)
    assert said.stdout == f"{command.run}\n"
    assert (command.namespace, command.workflow, command.version) == ("shop", "report", None)
    assert msgspec.json.decode(command.input) == {"kind": "daily"}


def test_a_schedule_is_paused_and_goes_on(call: Call, store: FakeStore) -> None:
    assert call("schedule", "pause", "shop/report").stderr == "shop/report is paused\n"
    assert store.schedules.states["shop/report"].is_paused
    assert call("schedule", "resume", "shop/report").stderr.startswith(
        "shop/report goes on: next in 1h00m, at 20"
    )
    assert not json.loads(call("schedule", "resume", "shop/sweep", "-o", "json").stdout)["paused"]


@pytest.mark.parametrize("verb", ["trigger", "pause", "resume"])
def test_a_schedule_that_is_not_there_is_one_line(call: Call, bus: FakeBus, verb: str) -> None:
    assert call("schedule", verb, "shop/reports", code=1).stderr == (
        "Error: there is no schedule of shop/reports: did you mean `shop/report`?\n"
    )
    assert call("schedule", verb, "shop/report@2", code=2).stderr == (
        "Error: a schedule belongs to a workflow, not to one of its versions: leave out the @\n"
    )
    assert bus.published == []


def test_times_are_as_short_as_they_can_be() -> None:
    now = 1_700_000_000.0
    assert short_time("2023-11-14T22:00:00.000Z", now) == "22:00:00"
    assert short_time("2023-11-10T22:00:00.000Z", now) == "11-10 22:00"
    assert short_time("2022-11-10T22:00:00.000Z", now) == "2022-11-10"
    assert (every(900), every(7200), every(86400), every(90)) == ("15m", "2h", "1d", "90s")
    assert (how_soon(-1), how_soon(8.2), how_soon(65)) == ("now", "in 9s", "in 1m05s")
