"""`set`: assign variables."""

from __future__ import annotations

from typing import Any

from resistor.engine.draft import Draft
from resistor.engine.moves import complete, refuse, scope_of, start, value_of
from resistor.engine.places import Place
from resistor.engine.run import StepStatus
from resistor.engine.scope import variable_frames, variables
from resistor.engine.workflow import Assign
from resistor.messages import json
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Evaluate all values, then assign them all."""
    values = _values(draft, place)
    if isinstance(values, Failure):
        refuse(draft, place, before, values)
        return
    kept = json.encode(variables(draft, place.frame) | values)
    failure = draft.too_large("the variables together", kept)
    if failure is not None:
        refuse(draft, place, before, failure)
        return
    start(draft, place, before, StepStatus.RUNNING)
    draft.put(f"i:{place.path}", json.encode(values))  # to be seen, and for reruns
    draft.put(f"v:{variable_frames(place.frame)[0]}", kept)
    complete(draft, place)


def _values(draft: Draft, place: Place) -> dict[str, Any] | Failure:
    assign = place.step.kind
    assert isinstance(assign, Assign)  # noqa: S101 - chosen by kind
    scope = scope_of(draft, place)
    values = {}
    for name, template in assign.values.items():
        value = value_of(template, scope)
        if isinstance(value, Failure):
            return value
        values[name] = value
    return values
