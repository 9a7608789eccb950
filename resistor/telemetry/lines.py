"""What a fact's log line says beside its name. Called by `recording.py`, for facts that are logged. Pure."""

from __future__ import annotations

from typing import Any

from resistor.engine.facts import Fact, FactName
from resistor.engine.run import Run
from resistor.messages.result import Failure
from resistor.telemetry.steps import Does


def fields_of(fact: Fact, run: Run, does: Does, seconds: float | None) -> dict[str, Any]:
    """Return the fields of a fact's line. No payload and no error's message: those may be personal."""
    origin = run.origin
    fields: dict[str, Any] = {
        "run": run.id,
        "namespace": origin.namespace,
        "workflow": origin.workflow,
        "version": origin.version,
    }
    if fact.step is not None:
        fields["step"] = fact.step
        if fact.attempt is not None:
            fields["attempt"] = fact.attempt
    if does.module:
        fields |= {"module": does.module, "module_action": does.action}
    if seconds is not None:
        fields["seconds"] = round(seconds, 6)
    failure = fact.details.get("error")
    if isinstance(failure, Failure):
        fields["error_type"] = failure.type
    if "compensated" in fact.details:
        fields["compensated"] = fact.details["compensated"]
    if fact.name is FactName.STEP_STARTED and "run" in fact.details:
        fields["child"] = fact.details["run"]
    return fields
