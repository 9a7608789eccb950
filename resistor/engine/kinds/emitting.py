"""`emit`: publish an event."""

from __future__ import annotations

from resistor.engine import outbox
from resistor.engine.draft import Draft
from resistor.engine.moves import complete, refuse, render, scope_of, start
from resistor.engine.places import Place
from resistor.engine.run import StepStatus
from resistor.engine.workflow import Emit
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Let the event go out, and go on."""
    emit = place.step.kind
    assert isinstance(emit, Emit)  # noqa: S101 - chosen by kind
    data = b"{}" if emit.data is None else render(emit.data, scope_of(draft, place))
    failure = data if isinstance(data, Failure) else _refusal(draft, data)
    if failure is not None or isinstance(data, Failure):
        assert failure is not None  # noqa: S101 - it is what the data turned out to be
        refuse(draft, place, before, failure)
        return
    start(draft, place, before, StepStatus.RUNNING)
    draft.put(f"i:{place.path}", data)
    outbox.emission(draft, place)
    complete(draft, place, event=emit.event)


def _refusal(draft: Draft, data: bytes) -> Failure | None:
    if not data.startswith(b"{"):
        return Failure("expression", "an event's data is an object", retryable=False)
    return draft.too_large("the event", data)
