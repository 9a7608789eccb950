"""The JSON Schema of a scenario, for editors: made of the forms, as that of definitions is.

Written to `definitions/scenario.schema.json`, and printed by `resistor workflow test --schema`.
"""

from __future__ import annotations

import json
from typing import Any

from resistor.catalog.editor_schema import DIALECT, definitions_of
from resistor.testing.scenarios.forms import AnswerForm, FailForm, HappeningForm, RetryForm, ScenarioForm


def scenario_schema() -> dict[str, Any]:
    """Return the schema as JSON."""
    definitions = definitions_of([ScenarioForm, AnswerForm, FailForm, HappeningForm, RetryForm])
    scenario = definitions.pop("Scenario")
    return {
        "$schema": DIALECT,
        "title": "Scenarios of Resistor",
        **scenario,
        "anyOf": [{"required": [key]} for key in ("event", "workflow", "schedules")],
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return the schema as it is printed, with a line break at the end."""
    return json.dumps(scenario_schema(), indent=2, ensure_ascii=False) + "\n"
