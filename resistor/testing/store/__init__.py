"""`ports.Store` in memory: what the scripts of `resistor.store` do, one Python function each.

    runs.py       runs, their outboxes and timers, and when each is looked at
    actors.py     topics and slots
    schedules.py  what begins by itself
    catalogue.py  the registered workflows
    idle.py       what a test without them needs of gates, pauses, rollbacks and suspects
    memory.py     all of it as one store, which can be copied and set back

Held to the scripts by the contract tests of the store: the same operations, the same answers.
"""

from resistor.testing.store.memory import MemoryStore

__all__ = ["MemoryStore"]
