"""Deliveries → what they tell which runs.

The door: everything that is wrong with a message by itself is found here, before anything is loaded. A token
is verified before the body is looked at. An event may concern many runs: the one that bears its name, those
that it triggers, and those that listen for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import msgspec

from resistor.daemon.commanding import inbound_of
from resistor.daemon.definitions import Definitions
from resistor.daemon.hearing import Arrived, arrived_for
from resistor.daemon.poisoned import poisoned
from resistor.daemon.rules import Rules
from resistor.daemon.starting import Starter
from resistor.daemon.told import Told
from resistor.engine.identity import run_id, triggered_run_id
from resistor.engine.inbound import Answered, AnsweredLate, Start
from resistor.engine.rollout import triggered
from resistor.errors import ExpressionError, Reason, RejectedMessage
from resistor.messages.command import StartRun, command_from_envelope
from resistor.messages.envelope import APP_ID, TOKEN_HEADER, Envelope
from resistor.messages.event import Event, event_from_envelope
from resistor.messages.result import Failed, Failure, answer_from_envelope
from resistor.ports import Delivery
from resistor.tokens import Place, TokenKeys

RESULT_FRAME_BYTES = 1024  # what a result's body has around its output


@dataclass(slots=True)
class Read:
    """What a delivery tells; the event that others may listen for; and why a copy of it is refused."""

    told: list[Told] = field(default_factory=list)
    arrived: Arrived | None = None
    refusals: list[RejectedMessage] = field(default_factory=list)


class Inbox:
    """Reads deliveries of the events, results, commands and poisoned queues."""

    def __init__(
        self,
        rules: Rules,
        keys: TokenKeys,
        definitions: Definitions,
        starter: Starter,
        module_users: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Take the settings, what verifies tokens, knows workflows and reads starts, and who answers."""
        self._module_users = module_users
        self._names = rules.names
        self._keys = keys
        self._definitions = definitions
        self._limits = rules.limits
        self._starter = starter
        self._clock = rules.clock
        self._prefix = rules.new_id()

    async def read(self, delivery: Delivery) -> Read:
        """Return what `delivery` tells, and whom else it may concern. Raises `RejectedMessage`."""
        if delivery.queue == self._names.poisoned_queue:
            told = poisoned(self._names, self._keys, delivery)
            return Read([] if told is None else [told])
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
        place = self._keys.read(token)
        self._check_user(place, envelope)
        late = self._clock() - place.expires_at
        if late >= 0:
            # It is ours and too old to count. Nobody could use it later either: the run's history has it.
            inbound = AnsweredLate(place.step, place.attempt, late)
            return Told(place.run, None, inbound, delivery.queue, delivery)
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
        answered = Answered(place.step, place.attempt, answer)
        return Told(place.run, workflow, answered, delivery.queue, delivery, refusal)

    def _check_user(self, place: Place, envelope: Envelope) -> None:
        """Refuse a result that the module's own user of the broker has not sent, where it has such a user.

        The broker lets nobody bear another's user id, so one that is there is true.
        """
        user = self._module_users.get(place.module)
        if user is not None and envelope.user_id != user:
            sender = f"{envelope.user_id[:64]!r}" if envelope.user_id else "nobody who says so"
            raise RejectedMessage(
                Reason.WRONG_USER, f"module {place.module} answers as user {user!r}, and this is of {sender}"
            )

    # ---------------------------------------------------------------------------------------- commands

    async def _command(self, delivery: Delivery) -> Told:
        limit = self._limits.payload_bytes + RESULT_FRAME_BYTES
        command = command_from_envelope(delivery.envelope, limit=limit)
        if isinstance(command, StartRun):
            return await self._starter.read(delivery, command)
        inbound = inbound_of(command, id=delivery.envelope.message_id or "")
        return Told(command.run, None, inbound, delivery.queue, delivery)
