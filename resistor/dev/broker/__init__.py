"""A small AMQP 0-9-1 broker in the process: what `resistor dev` and most tests run on instead of RabbitMQ.

Started by `resistor dev` and by tests; any AMQP client in any language connects to `Broker.url`. It behaves
as RabbitMQ 3.10 does, and one suite (`tests/contract/`) runs on both to keep it so. Everything is in memory
and gone at the end, it listens on loopback only, and it must never be used in production.

    server.py        listening, stopping, looking in
    connection.py    one client's socket, from its first byte to its last     handshake.py  logging in
    channels.py      which channel gets a frame, what a fault closes     heartbeat.py  who is silent how long
    channel.py       one channel: its consumers, what is unacknowledged     confirms.py  answers to publishers
    methods.py       queue.*, exchange.*     deliveries.py  basic.*     publishing.py  content in
    topology.py      names -> exchanges and queues; the way of a published message
    exchanges.py     who gets a routing key
    queues.py        ready messages, taking turns, expiry, limits     arguments.py  how a queue was declared
    dead_letters.py  what a message that died says about it
    properties.py    a message's properties, kept as the bytes that came
    wire.py          bytes <-> frames     faults.py  what closes a channel or a connection
"""

from __future__ import annotations

from resistor.dev.broker.server import Broker

__all__ = ["Broker"]
