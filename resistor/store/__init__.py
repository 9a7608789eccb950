"""All of Redis: runs, their history, the outbox, what is due, the actors, and the registered workflows.

Implements `ports.Store` for the daemon and the reading side for ops. The only room that knows Redis.

    keys.py       every key, its type, its TTL
    lua/          what must happen in one go, one operation a file
    scripts.py    loads and calls them
    records.py    a run ⇄ the fields of its hash
    redis_store.py  the port, for runs
    topics.py     who listens for what
    slots.py      the slots of concurrency keys
    schedules.py  what begins by itself
    catalogue.py  the registered workflows
    watermark.py  whether it went back in time, and what writes wait for
    forgetting.py  dropping what has expired
    surveying.py  going through everything
    reading.py    lists and histories, for people
    health.py     what an operator should know about this Redis
"""

from resistor.store.health import StoreHealth
from resistor.store.redis_store import RedisStore
from resistor.store.watermark import Durability

__all__ = ["Durability", "RedisStore", "StoreHealth"]
