"""How a run begins."""

from __future__ import annotations

import msgspec

from resistor.engine import concurrency, ending, outbox, rerunning
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.inbound import Start
from resistor.engine.limits import Limits
from resistor.engine.moves import Enter, text_of, value_of
from resistor.engine.places import BODY, root_frame
from resistor.engine.run import EventRef, Origin, Part, Phase, Run, RunState, RunStatus
from resistor.engine.scope import FrameScope
from resistor.engine.workflow import Workflow
from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.result import Failure

MAX_LABEL = 256  # characters of a label's value: it stands in an index

_sorted = msgspec.json.Encoder(order="sorted").encode


def start(workflow: Workflow, message: Start, *, now: float, limits: Limits) -> Draft:
    """Begin a run. Raises `RejectedMessage` for an event that the workflow's `input` refuses."""
    event = message.event
    refusal = workflow.refusal_of(json.decode_trusted(event.data)) if workflow.accepts is not None else None
    if refusal is not None:
        raise RejectedMessage(Reason.INVALID_INPUT, refusal)
    draft = _draft(workflow, message, {}, now=now, limits=limits)
    labels = _labels(draft)
    if isinstance(labels, dict):
        if labels:
            draft = _draft(workflow, message, labels, now=now, limits=limits)
        _begin(draft)
    else:
        draft.say(FactName.RUN_STARTED, event=event.id)
        ending.end_badly(draft, RunStatus.FAILED, labels)
    return draft


def is_other(draft: Draft, message: Start) -> bool:
    """Whether a second start of a run brings other data than the first: the sender gave one id to two things.

    Written another way, the same data is the same: spaces and the order of keys mean nothing.
    """
    given, data = draft.run.input, message.event.data
    return given != data and _canonical(given) != _canonical(data)


def begin_body(draft: Draft) -> None:
    """Begin the steps, and the run's time."""
    draft.say(FactName.RUN_STARTED, event=draft.run.origin.event.id)
    if draft.workflow.timeout is not None:
        draft.set_state(deadline=draft.now + draft.workflow.timeout)
    if draft.state.rerun_at is not None:
        rerunning.begin(draft, draft.state.rerun_at, draft.state.rerun_behind)
        return
    frame = root_frame(draft.workflow, BODY)
    assert frame is not None  # noqa: S101 - every workflow has a body
    draft.agenda.append(Enter(frame))


def _begin(draft: Draft) -> None:
    if draft.workflow.concurrency is None:
        begin_body(draft)
        return
    draft.set_state(phase=Phase.QUEUED, slot_key=concurrency.key_of(draft))
    draft.say(FactName.RUN_QUEUED, event=draft.run.origin.event.id)
    outbox.acquire_slot(draft)


def _draft(
    workflow: Workflow, message: Start, labels: dict[str, str], *, now: float, limits: Limits
) -> Draft:
    event = message.event
    origin = Origin(
        namespace=workflow.namespace,
        workflow=workflow.name,
        version=workflow.version,
        digest=workflow.digest,
        event=EventRef(event.id, event.name, event.source, event.time),
        started_at=now,
        traceparent=event.traceparent,
        tracestate=event.tracestate,
        labels=labels,
        parent=message.parent,
        depth=message.depth,
        rerun_of=None if message.reuse is None else message.reuse.run.id,
    )
    parts: dict[str, Part] = {}
    state = RunState(RunStatus.RUNNING)
    if message.reuse is not None:
        parts, state = rerunning.inherited(workflow, message.reuse)
    run = Run(id=message.run, origin=origin, state=state, input=event.data, parts=parts, is_whole=True)
    return Draft(workflow, run, now=now, limits=limits)


def _canonical(data: bytes) -> bytes:
    return _sorted(json.decode_trusted(data))


def _labels(draft: Draft) -> dict[str, str] | Failure:
    scope = FrameScope(draft, None, "labels")
    labels = {}
    for name, template in draft.workflow.labels.items():
        value = value_of(template, scope)
        if isinstance(value, Failure):
            return value
        labels[name] = text_of(value)[:MAX_LABEL]
    return labels
