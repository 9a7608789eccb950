"""Who gets a routing key: direct, fanout, topic and headers exchanges.

Called by `topology`, which owns the names. Pure bookkeeping, no I/O; an exchange does not know what stands
behind its bindings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ExchangeKind = Literal["direct", "fanout", "topic", "headers"]
KINDS: tuple[ExchangeKind, ...] = ("direct", "fanout", "topic", "headers")
_MOST_REMEMBERED = (
    10_000  # routing keys; forgotten all at once, as keys that differ each time are not worth more
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a binding leads to: a queue or another exchange."""

    kind: Literal["queue", "exchange"]
    name: str


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding. Two with the same target, key and arguments are one."""

    target: Target
    routing_key: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)


class Exchange:
    """One exchange and its bindings."""

    def __init__(
        self,
        name: str,
        kind: ExchangeKind,
        *,
        durable: bool = True,
        auto_delete: bool = False,
        internal: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin without bindings."""
        self.name = name
        self.kind: ExchangeKind = kind
        self.durable = durable
        self.auto_delete = auto_delete
        self.internal = internal
        self.arguments = dict(arguments or {})
        self.bindings: list[Binding] = []
        self._remembered: dict[str, tuple[Target, ...]] = {}

    @property
    def alternate(self) -> str | None:
        """The exchange that gets what nobody here is bound for."""
        name = self.arguments.get("alternate-exchange")
        return name if isinstance(name, str) else None

    def bind(self, binding: Binding) -> None:
        """Add a binding. Idempotent."""
        if binding not in self.bindings:
            self.bindings.append(binding)
            self._remembered.clear()

    def unbind(self, unwanted: Iterable[Binding]) -> bool:
        """Remove bindings, those that are there. Tells whether that left an auto-delete exchange unused."""
        before = len(self.bindings)
        gone = list(unwanted)
        self.bindings = [binding for binding in self.bindings if binding not in gone]
        self._remembered.clear()
        return self.auto_delete and len(self.bindings) < before and not self.bindings

    def targets(self, routing_key: str, headers: Mapping[str, Any]) -> Sequence[Target]:
        """Give every target a message with this routing key and these headers goes to, each once."""
        if self.kind == "headers":
            return _each_once(b.target for b in self.bindings if _headers_match(b.arguments, headers))
        known = self._remembered.get(routing_key)
        if known is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            known = _each_once(b.target for b in self.bindings if self._takes(b, routing_key))
            self._remembered[routing_key] = known
        return known

    def _takes(self, binding: Binding, routing_key: str) -> bool:
        if self.kind == "fanout":
            return True
        if self.kind == "direct":
            return binding.routing_key == routing_key
        return topic_matches(binding.routing_key, routing_key)


def topic_matches(pattern: str, routing_key: str) -> bool:
    """Tell whether a topic pattern takes a routing key: `*` is one word, `#` any number of words."""
    wanted, words = pattern.split("."), routing_key.split(".") if routing_key else []
    if not pattern:
        return not words
    at, word, retry_at, retry_word = 0, 0, -1, 0
    while word < len(words):
        if at < len(wanted) and wanted[at] == "#":
            retry_at, retry_word = at, word  # first try: the # takes nothing
            at += 1
        elif at < len(wanted) and wanted[at] in ("*", words[word]):
            at += 1
            word += 1
        elif retry_at >= 0:  # let the last # take one word more
            retry_word += 1
            at, word = retry_at + 1, retry_word
        else:
            return False
    return all(rest == "#" for rest in wanted[at:])


def _headers_match(arguments: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    wanted = {name: value for name, value in arguments.items() if not name.startswith("x-")}
    hits = [name in headers and value in (None, headers[name]) for name, value in wanted.items()]
    return any(hits) if arguments.get("x-match") == "any" else all(hits)


def _each_once(targets: Iterable[Target]) -> tuple[Target, ...]:
    return tuple(dict.fromkeys(targets))
