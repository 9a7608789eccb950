"""`ports.Store` in memory: what the store does, without a server and on the test's own clock.

Used by simulations, which need thousands of stores a second and a store that goes back in time. It must say
what the real one says: a differential test holds each module to the Lua scripts (tests/contract/store).

    state.py         all that is kept, in one plain structure
    runs.py          runs: load, commit, published, release, what is due, forgetting
    due.py           when a run is looked at again
    reading.py       lists and histories
    gate.py, members.py  one gate, and how an action stands in it
    topics.py, slots.py, gates.py, pauses.py, schedules.py, catalogue.py  the actors
    memory_store.py  the port
"""

from resistor.testing.store.memory_store import MemoryStore
from resistor.testing.store.state import State

__all__ = ["MemoryStore", "State"]
