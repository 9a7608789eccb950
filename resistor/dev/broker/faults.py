"""What a client did wrong: one kind closes its channel, the other its connection.

Raised anywhere in the broker, caught by `connection`, which tells the client. The texts follow RabbitMQ's:
people search for them. Nothing here does I/O.
"""

from __future__ import annotations

# Reply codes of AMQP 0-9-1, "reply-code" domain; the names that begin each text are RabbitMQ's.
_NAMES = {
    320: "CONNECTION_FORCED",
    403: "ACCESS_REFUSED",
    404: "NOT_FOUND",
    405: "RESOURCE_LOCKED",
    406: "PRECONDITION_FAILED",
    501: "FRAME_ERROR",
    502: "SYNTAX_ERROR",
    503: "COMMAND_INVALID",
    504: "CHANNEL_ERROR",
    505: "UNEXPECTED_FRAME",
    530: "NOT_ALLOWED",
    540: "NOT_IMPLEMENTED",
    541: "INTERNAL_ERROR",
}
_MOST = 255  # bytes of a short string


class Fault(Exception):
    """A reply code and its text."""

    def __init__(self, code: int, text: str) -> None:
        """Hold the reply code, and the text with RabbitMQ's name for it in front."""
        self.code = code
        self.text = f"{_NAMES[code]} - {text}".encode()[:_MOST].decode(errors="ignore")
        super().__init__(self.text)


class ChannelFault(Fault):
    """The channel is closed; the connection and its other channels live on."""


class ConnectionFault(Fault):
    """The whole connection is closed."""


def no_queue(name: str) -> ChannelFault:
    """The queue is not there."""
    return ChannelFault(404, f"no queue '{name}' in vhost '/'")


def no_exchange(name: str) -> ChannelFault:
    """The exchange is not there."""
    return ChannelFault(404, f"no exchange '{name}' in vhost '/'")


def inequivalent(argument: str, thing: str, received: object, current: object) -> ChannelFault:
    """`thing` ("queue 'q'") exists and was declared with another value of `argument`."""
    text = (
        f"inequivalent arg '{argument}' for {thing} in vhost '/': received {_show(received)} but current is "
    )
    return ChannelFault(406, text + _show(current))


def _show(value: object) -> str:
    if value is None:
        return "none"
    return f"'{str(value).lower() if isinstance(value, bool) else value}'"
