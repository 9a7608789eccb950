"""The engine's `Dispatch` → the action as a module gets it, with its token and trace."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from uuid import uuid4

from resistor.bus.names import Names
from resistor.engine.decision import Dispatch
from resistor.engine.run import Run
from resistor.engine.workflow import Workflow
from resistor.messages.action import Action, action_to_envelope
from resistor.ports import Publish
from resistor.tokens import Place, TokenKeys

Traceparent = Callable[[Run, str, int], str | None]


class Dispatcher:
    """Makes actions."""

    def __init__(
        self, names: Names, keys: TokenKeys, traceparent: Traceparent, *, token_ttl_seconds: float
    ) -> None:
        """Take the names, the signing keys, what makes a step's traceparent, and how long a token lives."""
        self._names = names
        self._keys = keys
        self._traceparent = traceparent
        self._token_ttl = token_ttl_seconds
        # Returns are matched by message id, so each publish has its own. A prefix drawn once and a counter
        # cost a tenth of a UUID each time.
        self._prefix = uuid4().hex[:16]
        self._numbers = count(1)

    def message_id(self) -> str:
        """Return an id that no other publish has."""
        return f"{self._prefix}-{next(self._numbers)}"

    def action(self, workflow: Workflow, run: Run, dispatch: Dispatch) -> Publish:
        """Return the action to publish: but for its message id and timestamp, the same bytes every time."""
        place = Place(
            namespace=workflow.namespace,
            workflow=workflow.name,
            version=workflow.version,
            digest=workflow.short_digest,
            run=run.id,
            step=dispatch.step,
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
            step=dispatch.step,
            attempt=dispatch.attempt,
            idempotency_key=dispatch.idempotency_key,
            token=self._keys.sign(place),
            reply_to=self._names.reply_to(),
            traceparent=self._traceparent(run, dispatch.step, dispatch.attempt),
            tracestate=run.origin.tracestate,
        )
        return Publish(
            exchange=self._names.actions,
            routing_key=dispatch.module,
            envelope=action_to_envelope(action, message_id=self.message_id(), now=time.time()),
        )
