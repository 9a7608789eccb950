"""`resistor dev`: everything in one process, for one machine, with nothing to install.

    command.py   the command line
    stack.py     broker, store, daemon and modules, wired as in production: only the URLs differ
    demo.py      the events of the demo, how each is meant to end, and showing runs as they go
    broker/      a small AMQP broker in this process
    valkey.py    a real Valkey or Redis process     child.py  a process that never outlives us

Never production: the broker keeps its messages in memory.
"""
