"""A command to start a run → what it tells that run, or the step that asked for it. Called by inbox.py."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import msgspec

from resistor.daemon.definitions import Definitions
from resistor.daemon.told import Told
from resistor.engine.inbound import ChildEnded, Reuse, Start
from resistor.engine.run import Parent, Run, RunStatus
from resistor.errors import Reason, RejectedMessage
from resistor.messages.command import StartRun
from resistor.messages.event import TRACEPARENT, TRACESTATE, Event
from resistor.messages.names import DOTTED, WORD
from resistor.messages.result import Failure
from resistor.ports import Delivery

ReadRun = Callable[[str], Awaitable[Run | None]]
"""What reads a whole run, by its id; None where there is none, or none that can be read."""


class Starter:
    """Reads commands to start runs."""

    def __init__(self, definitions: Definitions, read_run: ReadRun) -> None:
        """Take what knows workflows, and what reads runs."""
        self._definitions = definitions
        self._read_run = read_run

    async def read(self, delivery: Delivery, command: StartRun) -> Told:
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
        reuse = await self._reuse(command)
        event = Event(
            namespace=command.namespace,
            name=command.workflow,
            data=bytes(command.input) or (b"" if reuse is None else reuse.run.input),
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
        start = Start(run=command.run, event=event, parent=parent, depth=command.depth, reuse=reuse)
        return Told(command.run, workflow, start, delivery.queue, delivery)

    async def _reuse(self, command: StartRun) -> Reuse | None:
        """Read the run that a rerun takes earlier results from, as it is now."""
        if command.rerun_of is None:
            return None
        run = await self._read_run(command.rerun_of)
        if run is None:
            raise RejectedMessage(Reason.UNKNOWN_RUN, f"there is no run {command.rerun_of} to rerun")
        return Reuse(run=run, path=command.rerun_at)


def _formed(text: str | None, form: re.Pattern[str]) -> str | None:
    """Return what is in `form`: the run counts, not who watches it."""
    return text if text is not None and form.match(text) else None
