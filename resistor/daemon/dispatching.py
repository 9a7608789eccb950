"""What the engine lets out → the message that carries it: actions with their tokens, events, commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never
from zlib import crc32

import msgspec

from resistor.bus.names import BUCKETS
from resistor.daemon.rules import Rules
from resistor.engine.decision import (
    Dispatch,
    Emission,
    EndChild,
    Nudge,
    RetryChild,
    StartChild,
    TellEnd,
    TellRevived,
)
from resistor.engine.run import Run
from resistor.engine.workflow import Workflow
from resistor.messages.action import Action, action_to_envelope
from resistor.messages.command import (
    NO_OUTPUT,
    CancelRun,
    Command,
    RetryRun,
    RunEnded,
    RunRevived,
    StartRun,
    TerminateRun,
    WakeRun,
    command_to_envelope,
)
from resistor.messages.envelope import APP_ID
from resistor.messages.event import Event, event_to_envelope
from resistor.messages.ids import ids
from resistor.ports import Publish
from resistor.tokens import Place, TokenKeys

LONGEST_BUCKET = max(BUCKETS, key=BUCKETS.__getitem__)

Traceparent = Callable[[Run, str, int], str | None]

Publishable = Dispatch | Emission | StartChild | EndChild | RetryChild | TellEnd | TellRevived | Nudge


class Dispatcher:
    """Makes messages."""

    def __init__(
        self, rules: Rules, keys: TokenKeys, traceparent: Traceparent, *, token_ttl_seconds: float
    ) -> None:
        """Take the settings, the signing keys, what makes a traceparent, and how long a token lives."""
        self._names = rules.names
        self._clock = rules.clock
        self._keys = keys
        self._traceparent = traceparent
        self._token_ttl = token_ttl_seconds
        self._replies = [self._names.reply_to(number) for number in range(rules.result_partitions)]
        self._message_ids = ids(f"{rules.new_id()[:16]}-")

    def message(self, workflow: Workflow, run: Run, outgoing: Publishable) -> Publish:
        """Return the message to publish: but for its message id and timestamp, the same bytes every time."""
        match outgoing:
            case Dispatch():
                return self._action(workflow, run, outgoing)
            case Emission():
                return self._event(run, outgoing)
            case Nudge():
                return self._nudge(run, outgoing)
            case _:
                return self._command(_command_of(run, outgoing))

    def _action(self, workflow: Workflow, run: Run, dispatch: Dispatch) -> Publish:
        place = Place(
            namespace=workflow.namespace,
            workflow=workflow.name,
            version=workflow.version,
            digest=workflow.short_digest,
            run=run.id,
            step=dispatch.name,
            attempt=dispatch.attempt,
            module=dispatch.module,
            expires_at=int(dispatch.scheduled_at + self._token_ttl),
        )
        action = Action(
            module=dispatch.module,
            action=dispatch.action,
            input=dispatch.input,
            metadata=dispatch.metadata,
            run=run.id,
            namespace=workflow.namespace,
            workflow=workflow.name,
            version=workflow.version,
            step=dispatch.path,
            attempt=dispatch.attempt,
            idempotency_key=dispatch.idempotency_key,
            token=self._keys.sign(place),
            reply_to=self._reply_to(run.id),
            deadline=dispatch.deadline,
            traceparent=self._traceparent(run, dispatch.name, dispatch.attempt),
            tracestate=run.origin.tracestate,
        )
        envelope = action_to_envelope(action, message_id=next(self._message_ids), now=self._clock())
        if dispatch.priority is not None:
            envelope = msgspec.structs.replace(envelope, priority=dispatch.priority)
        return Publish(exchange=self._names.actions, routing_key=dispatch.module, envelope=envelope)

    def _reply_to(self, run_id: str) -> str:
        """Return where a run's results go: all of them to one queue."""
        replies = self._replies
        return replies[0] if len(replies) == 1 else replies[crc32(run_id.encode()) % len(replies)]

    def _event(self, run: Run, emission: Emission) -> Publish:
        """An emitted event goes by an id that is derived, so that two deliveries of it are one event."""
        event = Event(
            namespace=emission.namespace,
            name=emission.event,
            data=emission.data,
            id=emission.id,
            source=APP_ID,
            traceparent=run.origin.traceparent,
            tracestate=run.origin.tracestate,
        )
        envelope = msgspec.structs.replace(event_to_envelope(event), correlation_id=run.id)
        routing_key = f"{emission.namespace}.{emission.event}"
        return Publish(exchange=self._names.events, routing_key=routing_key, envelope=envelope)

    def _command(self, command: Command) -> Publish:
        envelope = command_to_envelope(command, message_id=next(self._message_ids), now=self._clock())
        return Publish(exchange=self._names.commands, routing_key=command.verb, envelope=envelope)

    def _nudge(self, run: Run, nudge: Nudge) -> Publish:
        """Put a wake-up into the delay queue that is just long enough."""
        pause = nudge.at - self._clock()
        bucket = next((name for name, seconds in BUCKETS.items() if seconds >= pause), LONGEST_BUCKET)
        wake = self._command(WakeRun(run=run.id))
        return msgspec.structs.replace(wake, exchange=self._names.retry, routing_key=bucket)


def _command_of(run: Run, outgoing: StartChild | EndChild | RetryChild | TellEnd | TellRevived) -> Command:
    """Return what one run tells another."""
    match outgoing:
        case StartChild():
            return _start(run, outgoing)
        case EndChild(run=child, parent=parent, is_forced=is_forced):
            end = TerminateRun if is_forced else CancelRun
            why = f"run {run.id}, which started it, is over"
            return end(
                run=child,
                why=why,
                parent=parent.run,
                address=parent.address,
                revivals=outgoing.revivals,
            )
        case RetryChild(id=order, run=child, parent=parent):
            return RetryRun(run=child, id=order, parent=parent.run, address=parent.address)
        case TellEnd():
            return _ended(run, outgoing)
        case TellRevived(to=to):
            return RunRevived(run=to.run, address=to.address, child=run.id, revivals=outgoing.revivals)
        case _:
            assert_never(outgoing)


def _start(run: Run, outgoing: StartChild) -> StartRun:
    return StartRun(
        run=outgoing.run,
        namespace=outgoing.namespace,
        workflow=outgoing.workflow,
        version=outgoing.version,
        input=msgspec.Raw(outgoing.input),
        parent=outgoing.parent.run,
        address=outgoing.parent.address,
        awaits=outgoing.parent.awaits,
        depth=outgoing.depth,
        key=outgoing.key,
        traceparent=run.origin.traceparent,
        tracestate=run.origin.tracestate,
    )


def _ended(run: Run, outgoing: TellEnd) -> RunEnded:
    return RunEnded(
        run=outgoing.to.run,
        address=outgoing.to.address,
        child=run.id,
        status=str(outgoing.status),
        output=NO_OUTPUT if outgoing.output is None else msgspec.Raw(outgoing.output),
        error=outgoing.failure,
        revivals=outgoing.revivals,
        order=outgoing.order,
    )
