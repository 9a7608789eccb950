"""A delivery → what a run is told, or why it is refused.

The token is verified before the body is looked at. Called by the pipeline for each delivery of a batch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import uuid4

from resistor.bus.names import Names
from resistor.daemon.definitions import Definitions
from resistor.engine.identity import run_id
from resistor.engine.inbound import Answered, Inbound, Start
from resistor.engine.limits import Limits
from resistor.engine.workflow import Workflow
from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import TOKEN_HEADER
from resistor.messages.event import event_from_envelope
from resistor.messages.result import Failed, Failure, answer_from_envelope
from resistor.ports import Delivery
from resistor.tokens import TokenKeys

RESULT_FRAME_BYTES = 1024  # what a result's body has around its output


@dataclass(frozen=True, slots=True)
class Told:
    """One message, read: `run` is told `inbound`, in the version `workflow`.

    `refusal` is set where the message itself goes to the dead letters although the run hears of it.
    """

    run: str
    workflow: Workflow
    inbound: Inbound
    queue: str
    delivery: Delivery | None = None
    refusal: RejectedMessage | None = None


class Inbox:
    """Reads deliveries of the events and results queues."""

    def __init__(self, names: Names, keys: TokenKeys, definitions: Definitions, limits: Limits) -> None:
        """Take what names queues, verifies tokens, knows workflows and bounds bodies."""
        self._names = names
        self._keys = keys
        self._definitions = definitions
        self._limits = limits
        self._prefix = uuid4().hex

    async def read(self, delivery: Delivery) -> Told:
        """Return what `delivery` tells which run. Raises `RejectedMessage`."""
        if delivery.envelope.headers.keys() & {"CC", "BCC"}:
            # They bypass a broker's topic permissions (RabbitMQ before 4.0): nobody honest needs them here.
            raise RejectedMessage(Reason.BAD_HEADERS, "CC and BCC headers are not accepted")
        if delivery.queue == self._names.events_queue:
            return self._event(delivery)
        return await self._result(delivery)

    def _event(self, delivery: Delivery) -> Told:
        event = event_from_envelope(delivery.envelope, delivery.routing_key, limit=self._limits.payload_bytes)
        workflow = self._definitions.starting(event.namespace, event.name)
        # The same at every reading of this delivery, so that trying a batch again is no second run.
        once = f"{self._prefix}:{delivery.queue}:{delivery.generation}:{delivery.tag}"
        run = run_id(event, once)
        return Told(run, workflow, Start(run, event), delivery.queue, delivery)

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
