"""`listen`: wait for events, joined by a business key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from resistor.engine import outbox
from resistor.engine.decision import Verdict
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import Fail, complete, holds, record_of, refuse, scope_of, start, value_of
from resistor.engine.places import Place
from resistor.engine.run import Hearing, StepStatus
from resistor.engine.scope import EventScope
from resistor.engine.workflow import Listen
from resistor.messages import json
from resistor.messages.event import Event
from resistor.messages.moments import moment
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Ask for the events, those too that came within the buffer's time."""
    listen = kind_of(place)
    key = None
    if listen.key_of_run is not None:
        value = value_of(listen.key_of_run, scope_of(draft, place))
        if isinstance(value, Failure):
            refuse(draft, place, before, value)
            return
        key = key_text(value)
    start(
        draft,
        place,
        before,
        StepStatus.WAITING,
        deadline=None if listen.timeout is None else draft.now + listen.timeout,
        control=Hearing(key=key, since=draft.now - listen.buffer),
    )
    draft.say(FactName.STEP_STARTED, place.path, event=listen.event)
    outbox.subscribe(draft, place)


def hear(draft: Draft, place: Place, event_id: str, event: Event) -> Verdict:
    """Count an event, unless it has counted or does not match."""
    listen, record = kind_of(place), record_of(draft, place)
    hearing = record.control
    assert isinstance(hearing, Hearing)  # noqa: S101 - written when the step began
    if draft.payload(f"e:{event_id}") is not None:
        return Verdict.DUPLICATE
    if not _matches(draft, place, listen, event):
        return Verdict.IGNORED
    failure = draft.too_large("the event", event.data)
    if failure is not None:
        outbox.unsubscribe(draft, place)
        draft.agenda.append(Fail(place, failure))
        return Verdict.APPLIED
    draft.put(f"e:{event_id}", place.address.encode())
    draft.say(FactName.STEP_HEARD, place.path, event=event_id)
    count = hearing.count + 1
    name = f"o:{place.path}" if listen.count is None else f"o:{place.address}/{hearing.count}"
    draft.put(name, event.data)
    draft.change(place.path, control=msgspec.structs.replace(hearing, count=count))
    if count >= (listen.count or 1):
        outbox.unsubscribe(draft, place)
        complete(draft, place, output_of=place.path)
    return Verdict.APPLIED


def overdue(draft: Draft, place: Place) -> None:
    """Fail: no event came in time."""
    listen = kind_of(place)
    outbox.unsubscribe(draft, place)
    message = f"no event {listen.event} within {listen.timeout:g} s"
    draft.agenda.append(Fail(place, Failure("timeout", message, retryable=False)))


def keys_of_event(listens: Iterable[Listen], event: Event, event_id: str) -> tuple[str | None, ...]:
    """Return every business key that these give an event, None for those that name none.

    A key that cannot be evaluated for this event is none of its keys.
    """
    keys: set[str | None] = set()
    scope = EventScope(event, event_id, {"event": arriving(event, event_id)})
    for listen in listens:
        if listen.key_of_event is None:
            keys.add(None)
            continue
        value = value_of(listen.key_of_event, scope)
        if not isinstance(value, Failure):
            keys.add(key_text(value))
    return tuple(sorted(keys, key=lambda key: (key is not None, key or "")))


def key_text(value: Any) -> str:
    """Return a business key as both sides write it: canonical JSON, so that 1 and "1" are two keys."""
    return json.encode(value).decode()


def arriving(event: Event, event_id: str | None) -> dict[str, Any]:
    """Return what `event` is to `match` and `key.event`."""
    return {
        "id": event_id,
        "type": event.name,
        "source": event.source,
        "time": moment(event.time),
        "data": json.decode_trusted(event.data),
    }


def kind_of(place: Place) -> Listen:
    """Return the listen step that stands there."""
    assert isinstance(place.step.kind, Listen)  # noqa: S101 - chosen by kind
    return place.step.kind


def _matches(draft: Draft, place: Place, listen: Listen, event: Event) -> bool:
    """Whether `match` holds. One that cannot be evaluated for this event does not."""
    if listen.match is None:
        return True
    scope = scope_of(draft, place, event=arriving(event, event.id))
    return holds(listen.match, scope) is True
