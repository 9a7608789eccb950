"""The schema for editors takes what the language takes, and refuses the typos that it can see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from resistor.catalog import editor_schema, load_text
from resistor.catalog.reading import read
from resistor.catalog.scenario_files import is_scenario
from tests.unit.catalog.marked import steps, workflow

DEFINITIONS = Path(__file__).parents[3] / "definitions"
FILE = DEFINITIONS / "schema.json"
VALIDATOR = jsonschema_rs.Draft202012Validator(editor_schema())

EVERYTHING = """
modules:
  payments:
    defaults: {timeout: 30s, retry: {limit: 5}}
    concurrency: 20
    rate: {key: "${input.id}", limit: 100/s}
    actions: {charge: {timeout: 10s, retry: none, concurrency: {key: "${input.id}", limit: 1}, rate: 5/30s}}
shop:
  order.placed:
    - version: 1
      steps: []
    - version: 2
      description: All that there is.
      input: {type: object, properties: {id: {type: string}}}
      output: ${steps.charge.output}
      timeout: 1h30m
      defaults: {retry: 5, timeout: PT30S, heartbeat: 500ms}
      rollout: {percent: 10.5, key: "${input.id}", when: input.a}
      triggers: [{event: again, if: true, input: {a: 1}}]
      schedule: {cron: 0 6 * * *, timezone: UTC, input: {a: 1}, overlap: allow}
      concurrency: {key: "${input.id}", limit: 2, on_conflict: cancel_running}
      on_failure: [{module: mail, action: send}]
      finally: [{module: mail, action: send}]
      labels: {customer: "${input.id}"}
      retention: 1w
      steps:
        - {id: charge, module: payments, action: charge, metadata: {any: [1]}, with: "${input}",
           output: {a: "${result}"}, timeout: 1s, heartbeat: 1s, priority: 0, on_error: continue,
           retry: {limit: 2, delay: 1s, backoff: linear, factor: 2, max_delay: 1m, jitter: 0, within: 1h,
                   on: [a], except: [b]},
           catch: [{errors: ["*"], if: error.attempt > 1, retry: 2, do: [], output: {}}],
           compensate: {module: payments, action: refund, with: {}, retry: none}}
        - {switch: [{when: input.a, do: [{wait: 1s}]}, {when: input.b, then: last}, {do: []}]}
        - {fork: {branches: {a: [{wait: 1s}], b: []}, join: [a], on_error: finish}}
        - {for: {in: "${input.l}", each: line, at: n, concurrency: 2, join: any, on_error: continue}, do: []}
        - {while: input.a, do: [], limit: 3, keep: 2}
        - {until: input.a, do: []}
        - {wait: {until: event.time}, if: false, then: last}
        - {listen: {event: e, match: event.data.a, key: {event: event.id, run: run.id}, count: 2, buffer: 1h,
                    timeout: 1d}}
        - {ask: {prompt: a, form: {type: string}, to: b, timeout: 1d}}
        - {emit: {event: e, data: {a: 1}, namespace: n}}
        - {set: {a: [1]}}
        - {run: {workflow: w, namespace: n, version: 1, input: {}, id: "${input.id}", detach: true}}
        - {run: {workflow: "${input.w}"}, timeout: 3s, catch: []}
        - {try: [{raise: {type: a, message: b, details: {c: 1}}}], catch: [], finally: []}
        - {id: last, end: {status: failed, output: {}, message: m}}
vip:
  order.placed:
    version: 1
    extends: shop/order.placed@2
    timeout: 2h
    changes:
      - {after: charge, insert: [{id: gift, module: gifts, action: wrap}]}
      - {before: charge, insert: []}
      - {step: charge, merge: {metadata: {speed: express}}}
"""


def faults(text: str) -> list[str]:
    root = read(text.encode(), "a.yaml").source.root
    assert root is not None
    return [error.message for error in VALIDATOR.iter_errors(root.value)]


def test_the_schema_that_ships_is_the_present_one() -> None:
    # `resistor workflow schema > definitions/schema.json` writes it.
    assert FILE.read_text() == json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n"


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(editor_schema())


def test_everything_that_there_is_validates_and_loads() -> None:
    assert faults(EVERYTHING) == []
    assert load_text(EVERYTHING.encode()).problems == ()


@pytest.mark.parametrize(
    "file",
    [file for file in sorted(DEFINITIONS.rglob("*.yaml")) if not is_scenario(file.read_bytes())],
    ids=lambda file: str(file.name),
)
def test_the_definitions_that_ship_validate(file: Path) -> None:
    assert faults(file.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        *("shop: 3", "sh.op: {}", "shop:\n  a/b: {version: 1, steps: []}", "shop:\n  placed: []"),
        *("shop:\n  placed: {version: 1}", "shop:\n  placed: {steps: []}"),
        *("modules:\n  m: {timeout: 3s}", "modules:\n  m: {defaults: {timeout: 3}}"),
        workflow("timeuot: 1s"),
        workflow("timeout: 60"),
        workflow("timeout: 1 hour"),
        workflow("changes: []"),
        workflow("schedule: {corn: 0 6 * * *}"),
        workflow("on_failure: [{wiat: 1s}]"),
        *map(
            steps,
            [
                "{modul: m, action: x}",
                "{module: m}",
                "{module: m, action: x, wait: 1s}",
                "{module: m, action: x, retyr: 3}",
                "{module: m, action: x, retry: {limt: 3}}",
                "{module: m, action: x, retry: 0}",
                "{module: m, action: x, retry: {backoff: exponental}}",
                "{module: m, action: x, catch: [{error: [a]}]}",
                "{module: m, action: x, priority: 10}",
                "{module: m, action: x, with: everything}",
                "{swich: []}",
                "{switch: [{wen: input.a}]}",
                "{fork: {brnches: {}}}",
                "{fork: {branches: {a: [{modul: m}]}}}",
                "{for: {in: input.lines}, do: []}",
                "{while: input.a}",
                "{try: [{try: [{modul: m, action: x}]}]}",
                "{wait: 3s, catch: []}",
                "{wait: 30}",
                "{listen: {event: e}, timeout: 3s}",
                "{end: completed}",
                "{end: {status: canceled}}",
                "{}",
            ],
        ),
    ],
)  # fmt: skip
def test_a_typo_is_refused(text: str) -> None:
    assert faults(text) != []
    assert load_text(text.encode()).problems != ()


def described(schema: Any) -> bool:
    return "description" in schema or "$ref" in schema


def test_every_key_is_described() -> None:
    for name, form in editor_schema()["$defs"].items():
        for key, schema in form.get("properties", {}).items():
            assert described(schema), f"{name}.{key}"
