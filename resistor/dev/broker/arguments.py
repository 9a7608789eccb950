"""What a queue was declared with, checked as RabbitMQ checks it.

Called by `topology`. Pure: tables in, a frozen value or a fault out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from resistor.dev.broker.faults import ChannelFault, inequivalent

QueueKind = Literal["classic", "quorum"]
Overflow = Literal["drop-head", "reject-publish", "reject-publish-dlx"]

_AT_LEAST = {  # whole numbers and their smallest value
    "x-message-ttl": 0,
    "x-expires": 1,
    "x-max-length": 0,
    "x-max-length-bytes": 0,
    "x-delivery-limit": 0,
    "x-max-priority": 0,
    "x-quorum-initial-group-size": 1,
}
_WORDS = {
    "x-overflow": ("drop-head", "reject-publish", "reject-publish-dlx"),
    "x-dead-letter-strategy": ("at-most-once", "at-least-once"),
}
_TEXTS = ("x-dead-letter-exchange", "x-dead-letter-routing-key")
# Arguments that make two declarations of one name different; others are ignored, as RabbitMQ ignores them.
_IDENTITY = (*_AT_LEAST, *_WORDS, *_TEXTS, "x-single-active-consumer")
_NOT_FOR = {
    "classic": ("x-delivery-limit", "x-dead-letter-strategy", "x-quorum-initial-group-size"),
    "quorum": ("x-max-priority",),
}


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """A queue's declaration. Times in seconds, lengths in messages, sizes in bytes; None: not set."""

    durable: bool
    exclusive: bool
    auto_delete: bool
    kind: QueueKind
    ttl_s: float | None
    expires_s: float | None
    dead_letter_exchange: str | None
    dead_letter_routing_key: str | None
    delivery_limit: int | None
    max_length: int | None
    max_bytes: int | None
    overflow: Overflow
    arguments: Mapping[str, Any]

    def check_same(self, other: QueueSettings, name: str) -> None:
        """Raise 406 when `other`, a later declaration of queue `name`, is not this one."""
        thing = f"queue '{name}'"
        for flag in ("durable", "auto_delete"):
            if getattr(self, flag) != getattr(other, flag):
                raise inequivalent(flag, thing, getattr(other, flag), getattr(self, flag))
        if self.kind != other.kind:
            raise inequivalent("x-queue-type", thing, other.kind, self.kind)
        for key in _IDENTITY:
            if self.arguments.get(key) != other.arguments.get(key):
                raise inequivalent(key, thing, other.arguments.get(key), self.arguments.get(key))


def queue_settings(
    name: str, arguments: Mapping[str, Any], *, durable: bool, exclusive: bool, auto_delete: bool
) -> QueueSettings:
    """Read the declaration of queue `name`. Raises ChannelFault 406 when something in it cannot be."""
    kind: QueueKind = arguments.get("x-queue-type") or "classic"
    if kind not in _NOT_FOR:
        raise _invalid("x-queue-type", name, f"\"unsupported queue type '{kind}'\"")
    _check_arguments(name, arguments)
    _check_kind(name, arguments, kind)
    if kind == "quorum":
        _check_quorum(name, durable=durable, exclusive=exclusive, auto_delete=auto_delete)
    return QueueSettings(
        durable=durable,
        exclusive=exclusive,
        auto_delete=auto_delete,
        kind=kind,
        ttl_s=_seconds(arguments.get("x-message-ttl")),
        expires_s=_seconds(arguments.get("x-expires")),
        dead_letter_exchange=arguments.get("x-dead-letter-exchange"),
        dead_letter_routing_key=arguments.get("x-dead-letter-routing-key"),
        delivery_limit=arguments.get("x-delivery-limit"),
        max_length=arguments.get("x-max-length"),
        max_bytes=arguments.get("x-max-length-bytes"),
        overflow=arguments.get("x-overflow", "drop-head"),
        arguments=dict(arguments),
    )


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _check_arguments(name: str, arguments: Mapping[str, Any]) -> None:
    for key, least in _AT_LEAST.items():
        value = arguments.get(key, least)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _invalid(key, name, f'"expected integer, got {type(value).__name__}"')
        if value < least:
            raise _invalid(key, name, f"{{{'value_negative' if value < 0 else 'value_zero'},{value}}}")
    for key, words in _WORDS.items():
        if arguments.get(key, words[0]) not in words:
            raise _invalid(key, name, f"invalid_{key.removeprefix('x-').replace('-', '_')}")
    for key in _TEXTS:
        if not isinstance(arguments.get(key, ""), str):
            raise _invalid(key, name, "unacceptable_type")
    if "x-dead-letter-routing-key" in arguments and "x-dead-letter-exchange" not in arguments:
        raise _invalid("x-dead-letter-routing-key", name, "routing_key_but_no_dlx_defined")


def _check_kind(name: str, arguments: Mapping[str, Any], kind: QueueKind) -> None:
    for key in _NOT_FOR[kind]:
        if key in arguments:
            text = f"invalid arg '{key}' for queue '{name}' in vhost '/' of queue type rabbit_{kind}_queue"
            raise ChannelFault(406, text)


def _check_quorum(name: str, *, durable: bool, exclusive: bool, auto_delete: bool) -> None:
    for wrong, what in (
        (not durable, "non-durable"),
        (exclusive, "exclusive-owner"),
        (auto_delete, "auto-delete"),
    ):
        if wrong:
            raise ChannelFault(406, f"invalid property '{what}' for queue '{name}' in vhost '/'")


def _invalid(key: str, name: str, why: str) -> ChannelFault:
    return ChannelFault(406, f"invalid arg '{key}' for queue '{name}' in vhost '/': {why}")
