"""Deliveries → what they tell which runs.

The door: everything that is wrong with a message by itself is found here, before anything is loaded. A token
is verified before the body is looked at. An event may concern many runs: the one that bears its name, those
that it triggers, and those that listen for it.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec

from resistor.bus.names import Names
from resistor.daemon.definitions import Definitions
from resistor.daemon.hearing import Arrived, arrived_for
from resistor.daemon.told import Told
from resistor.engine.identity import run_id, triggered_run_id
from resistor.engine.inbound import (
    Answered,
    Cancel,
    ChildEnded,
    Inbound,
    Reconcile,
    Replied,
    Start,
    Terminate,
)
from resistor.engine.limits import Limits
from resistor.engine.rollout import triggered
from resistor.engine.run import Parent, RunStatus
from resistor.errors import ExpressionError, Reason, RejectedMessage
from resistor.messages.command import (
    AnswerStep,
    CancelRun,
    Command,
    ReconcileRun,
    RunEnded,
    StartRun,
    TerminateRun,
    command_from_envelope,
)
from resistor.messages.envelope import APP_ID, TOKEN_HEADER
from resistor.messages.event import TRACEPARENT, TRACESTATE, Event, event_from_envelope
from resistor.messages.names import DOTTED, WORD
from resistor.messages.result import Failed, Failure, answer_from_envelope
from resistor.ports import Delivery
from resistor.tokens import TokenKeys

RESULT_FRAME_BYTES = 1024  # what a result's body has around its output


@dataclass(slots=True)
class Read:
    """What a delivery tells; the event that others may listen for; and why a copy of it is refused."""

    told: list[Told] = field(default_factory=list)
    arrived: Arrived | None = None
    refusals: list[RejectedMessage] = field(default_factory=list)


class Inbox:
    """Reads deliveries of the events, results and commands queues."""

    def __init__(self, names: Names, keys: TokenKeys, definitions: Definitions, limits: Limits) -> None:
        """Take what names queues, verifies tokens, knows workflows and bounds bodies."""
        self._names = names
        self._keys = keys
        self._definitions = definitions
        self._limits = limits
        self._prefix = uuid4().hex

    async def read(self, delivery: Delivery) -> Read:
        """Return what `delivery` tells, and whom else it may concern. Raises `RejectedMessage`."""
        if delivery.envelope.headers.keys() & {"CC", "BCC"}:
            # They bypass a broker's topic permissions (RabbitMQ before 4.0): nobody honest needs them here.
            raise RejectedMessage(Reason.BAD_HEADERS, "CC and BCC headers are not accepted")
        if delivery.queue == self._names.events_queue:
            return await self._event(delivery)
        if delivery.queue == self._names.commands_queue:
            return Read([await self._command(delivery)])
        return Read([await self._result(delivery)])

    # ------------------------------------------------------------------------------------------ events

    async def _event(self, delivery: Delivery) -> Read:
        event = event_from_envelope(delivery.envelope, delivery.routing_key, limit=self._limits.payload_bytes)
        # The same at every reading of this delivery, so that trying a batch again is no second run.
        once = f"{self._prefix}:{delivery.queue}:{delivery.generation}:{delivery.tag}"
        read = Read()
        self._add_started(read, delivery, event, once)
        self._add_triggered(read, delivery, event, once)
        listens = self._definitions.listeners(event.namespace, event.name)
        read.arrived = arrived_for(listens, delivery, event, once)
        if read.told or read.arrived is not None or read.refusals:
            return read
        if await self._definitions.refresh():
            return await self._event(delivery)
        is_emitted = delivery.envelope.app_id == APP_ID  # for whoever else is bound to it
        if not is_emitted and not self._definitions.is_known(event.namespace, event.name):
            raise self._definitions.unknown(event.namespace, event.name)
        return read

    def _add_started(self, read: Read, delivery: Delivery, event: Event, once: str) -> None:
        run = run_id(event, once)
        workflow = self._definitions.starting(event, run)
        if workflow is not None:
            read.told.append(Told(run, workflow, Start(run=run, event=event), delivery.queue, delivery))

    def _add_triggered(self, read: Read, delivery: Delivery, event: Event, once: str) -> None:
        """Add what the event sets off by triggers. One that cannot be evaluated spoils none of the others."""
        for workflow, trigger in self._definitions.triggered_by(event.namespace, event.name):
            run = triggered_run_id(workflow.namespace, workflow.name, event, once)
            try:
                data = triggered(trigger, event, run)
            except ExpressionError as error:
                detail = f"the trigger of {workflow.namespace}/{workflow.name}: {error}"
                read.refusals.append(RejectedMessage(Reason.INVALID_INPUT, detail))
                continue
            if data is not None:
                start = Start(run=run, event=msgspec.structs.replace(event, data=data))
                chosen = self._definitions.choose(workflow.namespace, workflow.name, start.event, run)
                read.told.append(Told(run, chosen or workflow, start, delivery.queue, delivery))

    # ----------------------------------------------------------------------------------------- results

    async def _result(self, delivery: Delivery) -> Told:
        envelope = delivery.envelope
        token = envelope.text_header(TOKEN_HEADER)
        if not token:
            raise RejectedMessage(Reason.MISSING_TOKEN, f"a result carries the {TOKEN_HEADER} of its action")
        place = self._keys.verify(token, now=time.time())
        workflow = await self._definitions.pinned(
            place.namespace, place.workflow, place.version, short_digest=place.digest
        )
        refusal = None
        try:
            answer = answer_from_envelope(envelope, limit=self._limits.payload_bytes + RESULT_FRAME_BYTES)
        except RejectedMessage as rejected:
            if rejected.reason is not Reason.TOO_LARGE:
                raise
            # The module means an answer that we cannot take: the step fails, or the run would wait for ever.
            answer = Failed(Failure("payload_too_large", rejected.detail, retryable=False))
            refusal = rejected
        inbound = Answered(place.step, place.attempt, answer)
        return Told(place.run, workflow, inbound, delivery.queue, delivery, refusal)

    # ---------------------------------------------------------------------------------------- commands

    async def _command(self, delivery: Delivery) -> Told:
        limit = self._limits.payload_bytes + RESULT_FRAME_BYTES
        command = command_from_envelope(delivery.envelope, limit=limit)
        if isinstance(command, StartRun):
            return await self._start(delivery, command)
        return Told(command.run, None, _inbound(command), delivery.queue, delivery)

    async def _start(self, delivery: Delivery, command: StartRun) -> Told:
        """Start a run on command; where that cannot be, the step that asked learns why."""
        try:
            return await self._begun(delivery, command)
        except RejectedMessage as why:
            if command.parent is None or not command.awaits:
                raise
            failure = Failure("validation", why.detail, retryable=False)
            ended = ChildEnded(
                address=command.address, run=command.run, status=RunStatus.FAILED, failure=failure
            )
            return Told(command.parent, None, ended, delivery.queue, delivery)

    async def _begun(self, delivery: Delivery, command: StartRun) -> Told:
        event = Event(
            namespace=command.namespace,
            name=command.workflow,
            data=bytes(command.input),
            id=command.key,
            traceparent=_formed(command.traceparent, TRACEPARENT),
            tracestate=_formed(command.tracestate, TRACESTATE),
        )
        if not WORD.match(event.namespace) or not DOTTED.match(event.name) or not event.data.startswith(b"{"):
            raise RejectedMessage(
                Reason.MALFORMED, "a run needs a namespace, a workflow and an object as input"
            )
        workflow = await self._definitions.wanted(event, command.run, command.version)
        refusal = workflow.refusal_of(msgspec.json.decode(event.data)) if workflow.accepts else None
        if refusal is not None:
            raise RejectedMessage(Reason.INVALID_INPUT, refusal)
        parent = None
        if command.parent is not None:
            parent = Parent(command.parent, command.address, awaits=command.awaits)
        start = Start(run=command.run, event=event, parent=parent, depth=command.depth)
        return Told(command.run, workflow, start, delivery.queue, delivery)


def _inbound(command: Command) -> Inbound:
    match command:
        case RunEnded(address=address, child=child, status=status, output=output, error=error):
            given = bytes(output) or None
            return ChildEnded(
                address=address, run=child, status=RunStatus(status), output=given, failure=error
            )
        case CancelRun(why=why, by=by):
            return Cancel(why=why, by=by, parent=_parent(command))
        case TerminateRun(why=why, by=by):
            return Terminate(why=why, by=by, parent=_parent(command))
        case AnswerStep(step=step, data=data, by=by):
            return Replied(address=step, data=bytes(data), by=by)
        case ReconcileRun():
            return Reconcile()
        case StartRun():
            raise AssertionError("a start is read by itself")


def _parent(command: CancelRun | TerminateRun) -> Parent | None:
    return None if command.parent is None else Parent(command.parent, command.address)


def _formed(text: str | None, form: re.Pattern[str]) -> str | None:
    """Return what is in `form`: the run counts, not who watches it."""
    return text if text is not None and form.match(text) else None
