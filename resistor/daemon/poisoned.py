"""A dead letter out of a module's queue → what it tells its run: nobody will answer that step, so it fails.

Called by the inbox for the poisoned queue, where the broker puts a copy of every such letter. Must never make
a dead letter of what it cannot use: the original is in the dead queue already, with the broker's word on why.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from resistor.bus.names import Names
from resistor.daemon.told import Told
from resistor.engine.inbound import Answered
from resistor.errors import RejectedMessage
from resistor.messages.envelope import TOKEN_HEADER
from resistor.messages.result import Failed, Failure
from resistor.ports import Delivery
from resistor.tokens import TokenKeys

log = logging.getLogger(__name__)

POISON = "poison"
"""The type of the failure, as `catch` and `retry` see it."""

_WHY = {
    "delivery_limit": "was delivered {count} and never answered: the module dies with it, or gives it back",
    "rejected": "was refused by the module, which did not answer",
    "expired": "waited in the queue for longer than the broker keeps it there",
    "maxlen": "did not fit into the queue any more",
}


def poisoned(names: Names, keys: TokenKeys, delivery: Delivery) -> Told | None:
    """Return what the letter tells its run; None, with a line in the log, where it is no action of ours.

    A token that has expired counts all the same: the step waits for it, and nothing else will ever come.
    """
    try:
        token = delivery.envelope.text_header(TOKEN_HEADER)
        place = keys.read(token or "")
    except RejectedMessage as why:
        _ignore(delivery, why.detail)
        return None
    module = names.module_of(delivery.routing_key)
    if place.module != module:
        _ignore(delivery, f"its token is for module {place.module}")
        return None
    failure = Failure(POISON, f"the action {_why(delivery.envelope.headers)}", retryable=False)
    # No delivery: nothing that may be wrong with it makes another letter.
    return Told(place.run, None, Answered(place.step, place.attempt, Failed(failure)), delivery.queue)


def _ignore(delivery: Delivery, why: str) -> None:
    log.warning(
        "a dead letter of %s is no action of ours: %s",
        delivery.routing_key,
        why,
        extra={"action": "letter_ignored"},
    )


def _why(headers: Mapping[str, Any]) -> str:
    deaths = headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else {}
    reason = str(newest.get("reason") if isinstance(newest, Mapping) else None)
    count = headers.get("x-delivery-count")
    told = f"{count + 1} times" if isinstance(count, int) else "as often as its queue allows"
    return _WHY.get(reason, "died in the module's queue").format(count=told)
