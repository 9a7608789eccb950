"""Every id that Resistor makes, each derived from what it names: nothing here is drawn by chance.

Called by the daemon (which run is this event?), the engine, and telemetry (which span?).
"""

from __future__ import annotations

import hashlib
from base64 import b32encode

from resistor.messages.event import Event

_RUN_ID_BYTES = 13  # 104 bits, of which 100 are written: a chance collision in 10^12 runs is under 10^-6
_RUN_ID_CHARACTERS = 20
_LONGEST_EVENT_ID = 200  # an AMQP short string has 255 bytes


def run_id(event: Event, delivery: str) -> str:
    """Return the id of the run that `event` starts.

    The same namespace, name and event id give the same run, whatever the version: that is the whole
    idempotency of starts. An event without an id takes `delivery`, which must be new for every delivery.
    """
    key = event.id if event.id is not None else f"\0{delivery}"
    return _run_id("run", event.namespace, event.name, key)


def run_id_of(namespace: str, workflow: str, key: str) -> str:
    """Return the id of the run that goes by an idempotency key: the one that an event of that id starts."""
    return _run_id("run", namespace, workflow, key)


def child_run_id(parent: str, address: str, tries: int) -> str:
    """Return the id of the run that a `run` step starts, the `tries`-th time."""
    return _run_id("child", parent, address, str(tries))


def scheduled_run_id(namespace: str, workflow: str, at: float) -> str:
    """Return the id of the run that a schedule starts for the moment `at`, in seconds since the epoch."""
    return _run_id("scheduled", namespace, workflow, f"{at:.3f}")


def triggered_run_id(namespace: str, workflow: str, event: Event, delivery: str) -> str:
    """Return the id of the run of `workflow` that an event of another name starts."""
    key = event.id if event.id is not None else f"\0{delivery}"
    return _run_id("triggered", namespace, workflow, event.name, key)


def idempotency_key(run: str, step: str) -> str:
    """Return what is the same for every attempt and redelivery of a step: `<run>:<step>`."""
    return f"{run}:{step}"


def emitted_event_id(run: str, address: str) -> str:
    """Return the id of the event that an `emit` step publishes: it fits into a message's properties."""
    readable = f"{run}:{address}"
    return readable if len(readable) <= _LONGEST_EVENT_ID else f"{run}:{_digest(address).hex()}"


def trace_id(run: str) -> str:
    """Return the W3C trace id of a run whose event brought none: 32 hex digits."""
    return _digest("trace", run)[:16].hex()


def span_id(run: str, step: str = "", attempt: int = 0) -> str:
    """Return the W3C span id of a run, or of one attempt at one of its steps: 16 hex digits."""
    return _digest("span", run, step, str(attempt))[:8].hex()


def _run_id(*parts: str) -> str:
    digest = _digest(*parts)
    return b32encode(digest[:_RUN_ID_BYTES]).decode().lower()[:_RUN_ID_CHARACTERS]


def _digest(*parts: str) -> bytes:
    """Hash `parts` so that no two lists of parts read the same: each is led by its length."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()
