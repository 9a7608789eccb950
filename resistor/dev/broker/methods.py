"""queue.* and exchange.*: declaring, binding, purging and deleting.

Called by `connection` through `ANSWERS`: each function takes the channel and the method and gives the reply.
Meaning lives in `topology`; here are only the names and flags of the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pamqp import commands, constants
from pamqp.base import Frame

from resistor.dev.broker.arguments import queue_settings
from resistor.dev.broker.channel import Channel
from resistor.dev.broker.exchanges import KINDS, Binding, Exchange, Target
from resistor.dev.broker.faults import ChannelFault, ConnectionFault, no_exchange
from resistor.dev.broker.queues import Queue

Answer = Callable[[Channel, Any], Frame | None]


def named_queue(channel: Channel, name: str | None) -> Queue:
    """Give the queue of that name; an empty one means the last that this channel declared."""
    name = name or channel.last_queue
    if not name:
        raise ChannelFault(404, "no previously declared queue")
    return channel.topology.queue(name, channel.peer)


def _check_name(name: str, domain: str, most: int) -> None:
    """Refuse names that our codec could not send back; RabbitMQ would take them."""
    if len(name) > most or not constants.DOMAIN_REGEX[domain].fullmatch(name):
        raise ChannelFault(
            406, f"the dev broker takes {domain}s of letters, digits and -_.:@#,/+ , not '{name}'"
        )


def _declare_queue(channel: Channel, method: commands.Queue.Declare) -> Frame:
    name = method.queue or ""
    if method.passive:
        queue = named_queue(channel, name)
        queue.touch()
    else:
        _check_name(name, "queue-name", 255)
        settings = queue_settings(
            name,
            method.arguments or {},
            durable=method.durable,
            exclusive=method.exclusive,
            auto_delete=method.auto_delete,
        )
        queue = channel.topology.declare_queue(name, settings, channel.peer)
    channel.last_queue = queue.name
    return commands.Queue.DeclareOk(queue.name, queue.depth, queue.consumer_count)


def _bind_queue(channel: Channel, method: commands.Queue.Bind) -> Frame:
    queue = named_queue(channel, method.queue)
    channel.topology.bind(method.exchange or "", _binding("queue", queue.name, method))
    return commands.Queue.BindOk()


def _unbind_queue(channel: Channel, method: commands.Queue.Unbind) -> Frame:
    name = method.queue or channel.last_queue
    channel.topology.unbind(method.exchange or "", _binding("queue", name, method))
    return commands.Queue.UnbindOk()


def _purge_queue(channel: Channel, method: commands.Queue.Purge) -> Frame:
    return commands.Queue.PurgeOk(named_queue(channel, method.queue).purge())


def _delete_queue(channel: Channel, method: commands.Queue.Delete) -> Frame:
    name = method.queue or channel.last_queue
    if not channel.topology.has_queue(name):
        return commands.Queue.DeleteOk(0)
    queue = named_queue(channel, name)
    for unwanted, word in (
        (method.if_unused and queue.consumer_count, "in use"),
        (method.if_empty and queue.depth, "not empty"),
    ):
        if unwanted:
            raise ChannelFault(406, f"queue '{name}' in vhost '/' {word}")
    return commands.Queue.DeleteOk(channel.topology.delete_queue(name))


def _declare_exchange(channel: Channel, method: commands.Exchange.Declare) -> Frame:
    name = method.exchange or ""
    if method.passive:
        if not channel.topology.has_exchange(name):
            raise no_exchange(name)
        return commands.Exchange.DeclareOk()
    _check_name(name, "exchange-name", 127)
    kind = next((kind for kind in KINDS if kind == method.exchange_type), None)
    if kind is None:
        raise ConnectionFault(503, f"invalid exchange type '{method.exchange_type}'")
    wanted = Exchange(
        name,
        kind,
        durable=method.durable,
        auto_delete=method.auto_delete,
        internal=method.internal,
        arguments=method.arguments,
    )
    channel.topology.declare_exchange(wanted)
    return commands.Exchange.DeclareOk()


def _delete_exchange(channel: Channel, method: commands.Exchange.Delete) -> Frame:
    channel.topology.delete_exchange(method.exchange or "", if_unused=method.if_unused)
    return commands.Exchange.DeleteOk()


def _bind_exchange(channel: Channel, method: commands.Exchange.Bind) -> Frame:
    binding = _binding("exchange", method.destination or "", method)
    channel.topology.bind(method.source or "", binding)
    return commands.Exchange.BindOk()


def _unbind_exchange(channel: Channel, method: commands.Exchange.Unbind) -> Frame:
    binding = _binding("exchange", method.destination or "", method)
    channel.topology.unbind(method.source or "", binding)
    return commands.Exchange.UnbindOk()


def _binding(kind: Any, name: str, method: Any) -> Binding:
    return Binding(Target(kind, name), method.routing_key or "", method.arguments or {})


ANSWERS: dict[type[Frame], Answer] = {
    commands.Queue.Declare: _declare_queue,
    commands.Queue.Bind: _bind_queue,
    commands.Queue.Unbind: _unbind_queue,
    commands.Queue.Purge: _purge_queue,
    commands.Queue.Delete: _delete_queue,
    commands.Exchange.Declare: _declare_exchange,
    commands.Exchange.Delete: _delete_exchange,
    commands.Exchange.Bind: _bind_exchange,
    commands.Exchange.Unbind: _unbind_exchange,
}
