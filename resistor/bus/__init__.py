"""All of RabbitMQ: what everything is called, what has to exist, and a door that survives the broker.

    names.py        every exchange, queue and routing key
    topology.py     which of them exist, with which arguments: values
    declaring.py    makes a topology exist
    bus.py          AmqpBus, the door: implements ports.Bus; one_shot for commands
    consuming.py    a lane: one queue being consumed
    browsing.py     looking through a queue without consuming it
    publishing.py   confirmed publishing in batches
    journal.py      the stream of all events, read again
    connection.py   a connection that comes back by itself
    wire.py         one plain connection, until it breaks
    envelopes.py    an Envelope ⇄ AMQP's properties

Called by the daemon, the SDK and ops. Nothing above this room knows AMQP.
"""

from resistor.bus.browsing import Browser
from resistor.bus.bus import AmqpBus, QueueInfo, one_shot
from resistor.bus.names import Names
from resistor.bus.topology import Topology, journal_topology, module_topology, topology

__all__ = [
    "AmqpBus",
    "Browser",
    "Names",
    "QueueInfo",
    "Topology",
    "journal_topology",
    "module_topology",
    "one_shot",
    "topology",
]
