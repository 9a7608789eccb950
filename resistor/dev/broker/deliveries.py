"""basic.*: consuming, fetching, acknowledging, giving back (and channel.flow).

Called by `connection` through `ANSWERS`, as `methods` is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from pamqp import commands
from pamqp.base import Frame

from resistor.dev.broker.channel import Channel, ChannelConsumer, Delivery, counted
from resistor.dev.broker.faults import ChannelFault, ConnectionFault
from resistor.dev.broker.methods import Answer, named_queue
from resistor.dev.broker.queues import Entry, Queue


def _flow(_channel: Channel, method: commands.Channel.Flow) -> Frame:
    if not method.active:
        raise ConnectionFault(540, "active=false")
    return commands.Channel.FlowOk(True)


def _qos(channel: Channel, method: commands.Basic.Qos) -> Frame:
    if method.prefetch_size:
        raise ConnectionFault(540, f"prefetch_size!=0 ({method.prefetch_size})")
    if method.global_:
        channel.channel_prefetch = method.prefetch_count
        channel.pump(())
    else:
        channel.prefetch = method.prefetch_count
    return commands.Basic.QosOk()


def _consume(channel: Channel, method: commands.Basic.Consume) -> None:
    queue = named_queue(channel, method.queue)
    if channel.channel_prefetch and queue.settings.kind == "quorum":
        raise ConnectionFault(540, f"queue '{queue.name}' in vhost '/' does not support global qos")
    method.consumer_tag = method.consumer_tag or f"amq.ctag-{secrets.token_urlsafe(16)}"
    if method.consumer_tag in channel.consumers:
        raise ConnectionFault(530, f"attempt to reuse consumer tag '{method.consumer_tag}'")
    consumer = ChannelConsumer(channel, queue, method)
    if not queue.admits(consumer):
        raise ChannelFault(403, f"queue '{queue.name}' in vhost '/' in exclusive use")
    channel.consumers[consumer.tag] = consumer
    if not method.nowait:  # here and not by our caller: the reply comes before the first delivery
        channel.send(commands.Basic.ConsumeOk(consumer.tag))
    queue.add_consumer(consumer)


def _cancel(channel: Channel, method: commands.Basic.Cancel) -> Frame:
    consumer = channel.consumers.pop(method.consumer_tag or "", None)
    if consumer is not None:
        consumer.queue.remove_consumer(consumer)
    return commands.Basic.CancelOk(method.consumer_tag)


def _get(channel: Channel, method: commands.Basic.Get) -> Frame | None:
    queue = named_queue(channel, method.queue)
    entry = queue.take(no_ack=method.no_ack)
    if entry is None:
        return commands.Basic.GetEmpty()
    message = counted(entry, queue)
    tag = channel.next_tag(None if method.no_ack else Delivery(entry, queue, None))
    reply = commands.Basic.GetOk(tag, entry.redelivered, message.exchange, message.routing_key, queue.depth)
    channel.send_confirms()
    channel.send_content(reply, message)
    return None


def _ack(channel: Channel, method: commands.Basic.Ack) -> None:
    for queue, entries in _settle(channel, method.delivery_tag, multiple=method.multiple).items():
        queue.settled(len(entries))
        channel.pump((queue,))


def _nack(channel: Channel, method: commands.Basic.Nack) -> None:
    _refuse(channel, method.delivery_tag, multiple=method.multiple, requeue=method.requeue)


def _reject(channel: Channel, method: commands.Basic.Reject) -> None:
    _refuse(channel, method.delivery_tag, multiple=False, requeue=method.requeue)


def _refuse(channel: Channel, tag: int | None, *, multiple: bool, requeue: bool) -> None:
    for queue, entries in _settle(channel, tag, multiple=multiple).items():
        if requeue:
            queue.give_back(entries, asked=True)
        else:
            queue.reject(entries)
        channel.pump((queue,))


def _settle(channel: Channel, tag: int | None, *, multiple: bool) -> dict[Queue, list[Entry]]:
    """Take what a tag stands for out of the unacknowledged; gives the entries by queue, oldest first."""
    by_queue: dict[Queue, list[Entry]] = {}
    for delivery in _deliveries(channel, tag or 0, multiple=multiple):
        by_queue.setdefault(delivery.queue, []).append(delivery.entry)
        if delivery.consumer is not None:
            delivery.consumer.outstanding -= 1
    return by_queue


def _deliveries(channel: Channel, tag: int, *, multiple: bool) -> Sequence[Delivery]:
    if multiple and tag == 0:  # all of them, even if that is none
        everything, channel.unacked = list(channel.unacked.values()), {}
        return everything
    if tag not in channel.unacked:
        raise ChannelFault(406, f"unknown delivery tag {tag}")
    if not multiple:
        return [channel.unacked.pop(tag)]
    tags = []
    for known in channel.unacked:  # tags only grow, so a dict keeps them in order
        if known > tag:
            break
        tags.append(known)
    return [channel.unacked.pop(known) for known in tags]


def _recover(channel: Channel, method: commands.Basic.Recover) -> Frame:
    _recover_without_reply(channel, method)
    return commands.Basic.RecoverOk()


def _recover_without_reply(channel: Channel, method: commands.Basic.Recover) -> None:
    if not method.requeue:
        raise ConnectionFault(540, "basic.recover with requeue=false")
    channel.give_back_all()
    channel.pump(())


ANSWERS: dict[type[Frame], Answer] = {
    commands.Channel.Flow: _flow,
    commands.Basic.Qos: _qos,
    commands.Basic.Consume: _consume,
    commands.Basic.Cancel: _cancel,
    commands.Basic.Get: _get,
    commands.Basic.Ack: _ack,
    commands.Basic.Nack: _nack,
    commands.Basic.Reject: _reject,
    commands.Basic.Recover: _recover,
    commands.Basic.RecoverAsync: _recover_without_reply,
}
