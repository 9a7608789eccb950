"""Publishing: content put together from its frames, routed, returned or confirmed.

Called by `connection`. A message is routed when its last byte is there, never before.
"""

from __future__ import annotations

from pamqp import commands
from pamqp.base import Frame

from resistor.dev.broker import wire
from resistor.dev.broker.channel import Channel, Incoming
from resistor.dev.broker.confirms import Confirms
from resistor.dev.broker.dead_letters import Message
from resistor.dev.broker.faults import ChannelFault, ConnectionFault
from resistor.dev.broker.methods import Answer
from resistor.dev.broker.properties import Properties

_MOST_BYTES = 134_217_728  # of a body: RabbitMQ 3.10's max_message_size
_LONGEST_MS = 315_360_000_000  # ten years: the largest expiration RabbitMQ accepts


def _select(channel: Channel, _method: commands.Confirm.Select) -> Frame:
    channel.confirms = channel.confirms or Confirms()
    return commands.Confirm.SelectOk()


def _publish(channel: Channel, method: commands.Basic.Publish) -> None:
    channel.incoming = Incoming(method)


def receive_header(channel: Channel, payload: bytes) -> None:
    """Take the content header of the publication that `channel` waits for. Raises faults."""
    incoming = channel.incoming
    if incoming is None or incoming.properties is not None:
        raise ConnectionFault(505, "content header without a method that carries content")
    incoming.size, incoming.properties = wire.decode_content_header(payload)
    if incoming.size > _MOST_BYTES:
        raise ChannelFault(
            406, f"message size {incoming.size} is larger than configured max size {_MOST_BYTES}"
        )
    if not incoming.size:
        _finish(channel, incoming)


def receive_body(channel: Channel, payload: bytes) -> None:
    """Take a piece of the body. Raises faults."""
    incoming = channel.incoming
    if incoming is None or incoming.properties is None:
        raise ConnectionFault(505, "content body without a content header")
    incoming.parts.append(payload)
    incoming.received += len(payload)
    if incoming.received > incoming.size:
        raise ConnectionFault(505, f"content body is longer than the {incoming.size} bytes announced")
    if incoming.received == incoming.size:
        _finish(channel, incoming)


def _finish(channel: Channel, incoming: Incoming) -> None:
    channel.incoming = None
    method = incoming.method
    try:
        properties = Properties(incoming.properties or b"")
    except ValueError as problem:
        raise ConnectionFault(502, str(problem)) from problem
    _check(channel, method, properties)
    exchange, key = method.exchange or "", method.routing_key or ""
    message = Message(exchange, key, properties, b"".join(incoming.parts))
    taken = channel.topology.publish(exchange, message)
    if taken is None and method.mandatory:
        channel.send_content(commands.Basic.Return(312, "NO_ROUTE", exchange, key), message)
    if channel.confirms is not None:
        channel.confirms.add(taken=taken is not False)


def _check(channel: Channel, method: commands.Basic.Publish, properties: Properties) -> None:
    if method.immediate:
        raise ConnectionFault(540, "immediate=true")
    channel.topology.check_publish(method.exchange or "")
    user = properties.text("user_id")
    if user is not None and user != channel.peer.user:
        text = f"user_id property set to '{user}' but authenticated user was '{channel.peer.user}'"
        raise ChannelFault(406, text)
    if (expiration := properties.text("expiration")) is not None:
        _check_expiration(expiration)


def _check_expiration(text: str) -> None:
    try:
        milliseconds = int(text) if text.isascii() and "_" not in text and text.strip() == text else None
    except ValueError:
        milliseconds = None
    if milliseconds is None:
        raise ChannelFault(406, f"invalid expiration '{text}': no_integer")
    if not 0 <= milliseconds <= _LONGEST_MS:
        size = "negative" if milliseconds < 0 else "too_large"
        raise ChannelFault(406, f"invalid expiration '{text}': {{value_{size},{milliseconds}}}")


ANSWERS: dict[type[Frame], Answer] = {
    commands.Confirm.Select: _select,
    commands.Basic.Publish: _publish,
}
