"""Logging in: what the broker says of itself, whom it lets in, what both sides agree on.

Called by `connection`. Pure: frames in, values or faults out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pamqp import commands
from pamqp.base import Frame

from resistor import __version__
from resistor.dev.broker.faults import ConnectionFault
from resistor.dev.broker.wire import MAX_FRAME

_CHANNELS = 2047
_HEARTBEAT_S = 60
_SMALLEST_FRAME = 4096  # frame-min-size of the specification
_PASSWORD = "guest"  # noqa: S105 - the well-known one: the broker is for one machine, not for secrets
_CAPABILITIES = {
    "publisher_confirms": True,
    "exchange_exchange_bindings": True,
    "basic.nack": True,
    "consumer_cancel_notify": True,
    "per_consumer_qos": True,
    "authentication_failure_close": True,
}


@dataclass(frozen=True, slots=True)
class Client:
    """Who logged in, and what its library understands."""

    user: str
    hears_cancel: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What was agreed on: bytes of a frame, highest channel number, seconds between heartbeats (0: none)."""

    frame_max: int
    channel_max: int
    heartbeat_s: float


class Refused(Exception):
    """The login is wrong. `fault`: what to tell a client that understands it; others see the socket close."""

    def __init__(self, fault: ConnectionFault | None) -> None:
        """Hold the fault."""
        super().__init__(str(fault))
        self.fault = fault


def start() -> Frame:
    """Give connection.start."""
    properties: dict[str, Any] = {
        "product": "Resistor dev broker",
        "version": __version__,
        "platform": "Python",
        "information": "In memory, for one machine, never for production",
        "capabilities": dict(_CAPABILITIES),
    }
    return commands.Connection.Start(0, 9, properties, "PLAIN", "en_US")


def log_in(reply: commands.Connection.StartOk) -> Client:
    """Check the credentials: any user whose password is `guest`. Raises Refused."""
    properties = reply.client_properties or {}
    capabilities = properties.get("capabilities")
    capabilities = capabilities if isinstance(capabilities, dict) else {}
    parts = str(reply.response or "").split("\0")
    if reply.mechanism != "PLAIN" or len(parts) != 3 or parts[2] != _PASSWORD:
        text = f"Login was refused using authentication mechanism {reply.mechanism}. The password is 'guest'."
        raise Refused(
            ConnectionFault(403, text) if capabilities.get("authentication_failure_close") else None
        )
    return Client(parts[1], bool(capabilities.get("consumer_cancel_notify")))


def tune() -> Frame:
    """Give connection.tune."""
    return commands.Connection.Tune(_CHANNELS, MAX_FRAME, _HEARTBEAT_S)


def agree(reply: commands.Connection.TuneOk) -> Limits:
    """Read what the client settled for; 0 would be no limit, which is more than ours. Raises 530."""
    frame_max, channel_max = reply.frame_max, reply.channel_max
    if not _SMALLEST_FRAME <= frame_max <= MAX_FRAME:
        raise ConnectionFault(
            530, f"negotiated frame_max = {frame_max} is not in {_SMALLEST_FRAME}..{MAX_FRAME}"
        )
    if not 1 <= channel_max <= _CHANNELS:
        raise ConnectionFault(530, f"negotiated channel_max = {channel_max} is not in 1..{_CHANNELS}")
    return Limits(frame_max, channel_max, float(reply.heartbeat or 0))


def check_vhost(request: commands.Connection.Open) -> None:
    """Let clients into the one virtual host, `/` (some libraries write it as nothing). Raises 530."""
    if request.virtual_host not in ("", "/"):
        raise ConnectionFault(530, f"vhost {request.virtual_host} not found")
