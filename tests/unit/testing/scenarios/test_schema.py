"""The schema for editors takes every scenario that loads, and refuses the typos that it can see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from resistor.catalog.reading import read
from resistor.catalog.scenario_files import is_scenario
from resistor.testing.scenarios.schema import scenario_schema, schema_text

DEFINITIONS = Path(__file__).parents[4] / "definitions"
SCENARIOS = [file for file in sorted(DEFINITIONS.rglob("*.yaml")) if is_scenario(file.read_bytes())]
VALIDATOR = jsonschema_rs.Draft202012Validator(scenario_schema())

EVERYTHING = """
scenario: All that there is
event: shop.order.placed
data: {a: 1}
id: e-1
at: 2026-11-23T09:00:00Z
schedules: true
answers:
  bank.charge:
    [{output: {a: "${input.a}"}, when: attempt == 1, takes: 2m, progress: 10s, twice: true}, never, crash]
  bank.refund: {fail: busy}
  bank.look: {fail: {type: busy, message: m, details: [1]}}
  bank.ask: {retry: busy}
  bank.say: {retry: {type: busy, message: m, after: 0s, details: {}}}
  bank.wait: {later: 1h}
  bank.die: {crash: true, when: true}
  bank.sleep: {never: true}
  "*": {}
then:
  - {after: 3d}
  - {event: shop.paid, data: {}, id: e-2}
  - {signal: paid, data: {}}
  - {answer: [1], step: sure}
  - {answer: false}
  - {cancel: why}
  - cancel
  - terminate
  - pause
  - {resume: why}
  - {retry: why, step: pay}
  - {skip: pay, output: 5}
  - expect: {status: running, waiting: [a]}
expect:
  runs: 1
  workflow: shop/order.placed@1
  status: timed_out
  error: {type: a}
  path: [a]
  calls: [bank.charge, {bank.charge: {a: 1}}, {bank.charge: 5}]
  attempts: {pay: 0}
  steps: {pay: {status: failed}}
  compensations: []
  emitted: [shop.done]
  waiting: []
  labels: {a: b}
  took: {at_least: 0s, at_most: 1h}
  output: [1]
"""


def faults(text: str) -> list[str]:
    """Return what the schema has against a file. (The parser holds what a YAML 1.2 editor would see.)"""
    document = read(text.encode(), "s.yaml")
    assert document.source.root is not None
    return [str(error).splitlines()[0] for error in VALIDATOR.iter_errors(document.source.root.value)]


def test_the_file_is_what_the_command_prints() -> None:
    """Else: `resistor workflow test --schema > definitions/scenario.schema.json`."""
    text = (DEFINITIONS / "scenario.schema.json").read_text()
    assert json.loads(text) == scenario_schema()
    assert text == schema_text()


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(scenario_schema())


def test_everything_that_there_is_passes() -> None:
    assert faults(EVERYTHING) == []


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: str(file.relative_to(DEFINITIONS)))
def test_the_scenarios_that_ship_pass(file: Path) -> None:
    assert faults(file.read_text()) == []
    assert "scenario.schema.json" in file.read_text().splitlines()[0]  # so an editor finds it


def test_there_are_scenarios_that_ship() -> None:
    assert len(SCENARIOS) >= 13


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("event: shop.order", "evnt: shop.order"),
        ("data: {a: 1}", "data: [a]"),
        ("schedules: true", "schedules: yes"),
        ("{fail: busy}", "{fial: busy}"),
        ("{fail: busy}", "busy"),
        ("{fail: busy}", "{fail: 5}"),
        ("{fail: busy}", "[]"),
        ("later: 1h", "later: an hour"),
        ("later: 1h", "later: 3600"),
        ("never, crash]", "nevr]"),
        ("{never: true}", "{never: 1}"),
        ("{type: busy, message: m, details: [1]}", "{message: m}"),
        ("- cancel", "- cancle"),
        ("{after: 3d}", "{wait: 3d}"),
        ("{after: 3d}", "{after: soon}"),
        ("status: timed_out", "status: timedout"),
        ("status: running", "statsu: running"),
        ("path: [a]", "path: a"),
        ("{bank.charge: 5}", "{bank.charge: 5, bank.refund: 6}"),
        ("{bank.charge: 5}", "5"),
        ("attempts: {pay: 0}", "attempts: {pay: -1}"),
        ("attempts: {pay: 0}", "attempts: {pay: two}"),
        ("steps: {pay: {status: failed}}", "steps: {pay: failed}"),
        ("at_least: 0s", "atleast: 0s"),
        ("labels: {a: b}", "labels: {a: 5}"),
        ("runs: 1", "runs: one"),
    ],
)
def test_a_typo_does_not(right: str, wrong: str) -> None:
    assert EVERYTHING.count(right) == 1
    assert faults(EVERYTHING.replace(right, wrong)) != []


@pytest.mark.parametrize(
    "text", ["scenario: s\nevent: a.b\n", "scenario: s\nexpect: {runs: 0}\n", "event: a.b\n"]
)
def test_what_is_missing_is_missed(text: str) -> None:
    assert faults(text) != []


def test_every_key_is_described() -> None:
    schema: dict[str, Any] = scenario_schema()
    for name, form in [("Scenario", schema), *schema["$defs"].items()]:
        for key, each in form.get("properties", {}).items():
            assert each.get("description"), f"{name}.{key}"
