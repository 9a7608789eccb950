"""Dead letters, for operators: looking at them, publishing them again, throwing them away.

    letters.py     a delivery of the dead queue → what died, where, when and why; and the message as it was
    choosing.py    which letters an operator means
    reading.py     going through the queue: listing, showing, counting
    replaying.py   publishing again, at a rate, and taking what was taken out of the queue
    dropping.py    throwing away

Called by `resistor dead`, and later by the HTTP API. Knows no AMQP: `bus` looks through the queue.
"""
