"""A command → what it tells its run. Called by inbox.py; starts have a file of their own (starting.py)."""

from __future__ import annotations

from typing import assert_never

from resistor.engine.inbound import (
    Cancel,
    ChildEnded,
    ChildRevived,
    Inbound,
    Pause,
    Reconcile,
    Replied,
    Resume,
    Retry,
    Signal,
    Skip,
    Terminate,
    Wake,
)
from resistor.engine.run import Parent, RunStatus
from resistor.messages.command import (
    AnswerStep,
    CancelRun,
    Command,
    PauseRun,
    ReconcileRun,
    ResumeRun,
    RetryRun,
    RunEnded,
    RunRevived,
    SignalRun,
    SkipStep,
    StartRun,
    TerminateRun,
    WakeRun,
)
from resistor.messages.event import Event


def inbound_of(command: Command, *, id: str) -> Inbound:  # noqa: A002 - the message's own word
    """Return what a command tells. `id` is its message's: an order that comes again is followed once."""
    match command:
        case PauseRun() | ResumeRun() | RetryRun() | SkipStep() | SignalRun():
            return _order(command, id)
        case CancelRun(why=why, by=by):
            return Cancel(why=why, by=by, parent=_parent(command), revivals=command.revivals)
        case TerminateRun(why=why, by=by):
            return Terminate(why=why, by=by, parent=_parent(command), revivals=command.revivals)
        case AnswerStep(step=step, data=data, by=by):
            return Replied(address=step, data=bytes(data), by=by)
        case _:
            return _word(command)


def _word(command: RunEnded | RunRevived | WakeRun | ReconcileRun | StartRun) -> Inbound:
    """Return what another run, or a delay queue, tells."""
    match command:
        case RunEnded(address=address, child=child, status=status, output=output, error=error):
            given = bytes(output) or None
            return ChildEnded(
                address=address,
                run=child,
                status=RunStatus(status),
                output=given,
                failure=error,
                revivals=command.revivals,
                order=command.order,
            )
        case RunRevived(address=address, child=child, revivals=revivals):
            return ChildRevived(address=address, run=child, revivals=revivals)
        case WakeRun():
            return Wake(is_nudge=True)
        case ReconcileRun():
            return Reconcile()
        case StartRun():
            raise AssertionError("a start is read by itself")
        case _:
            assert_never(command)


def _order(command: PauseRun | ResumeRun | RetryRun | SkipStep | SignalRun, id: str) -> Inbound:  # noqa: A002
    match command:
        case PauseRun(why=why, by=by):
            return Pause(id=id, why=why, by=by)
        case ResumeRun(why=why, by=by):
            return Resume(id=id, why=why, by=by)
        case RetryRun(step=step, why=why, by=by):
            return Retry(id=command.id or id, step=step, why=why, by=by, parent=_parent(command))
        case SkipStep(step=step, output=output, why=why, by=by):
            return Skip(id=id, step=step, output=bytes(output) or b"null", why=why, by=by)
        case SignalRun(event=name, data=data, by=by):
            return Signal(id=id, event=Event(namespace="", name=name, data=bytes(data), id=id), by=by)
        case _:
            assert_never(command)


def _parent(command: CancelRun | TerminateRun | RetryRun) -> Parent | None:
    return None if command.parent is None else Parent(command.parent, command.address)
