"""Our own AMQP client, for what is done for every message: consume, publish, confirm, acknowledge.

    connecting.py   a URL → a connection that has been opened: TLS, login, tuning
    connection.py   bytes ⇄ frames, heartbeats, and to which channel each frame goes
    channel.py      a channel: deliveries out, letters in, confirmations, acknowledgements
    framing.py      the frames that are packed by hand

Everything rare goes through pamqp's codec. It knows nothing of lanes, of trying again, or of what a message
means; `bus/connection.py` makes a new connection when one is gone. Why it exists: docs/decisions/0011.
"""

from resistor.bus.client.connecting import connect

__all__ = ["connect"]
