"""What goes wrong, by kind. Each fault is one function, which also puts right what it broke.

`KINDS` says how often each is done in the long form; a shorter run does a share of each.
"""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable
from functools import partial

from chaos.site import Site, Slot
from resistor.daemon.crashpoints import POINTS

Fault = Callable[[Site, random.Random], Awaitable[None]]


def _daemon(site: Site, draw: random.Random) -> Slot:
    return draw.choice(site.daemons)


async def daemon_dies_at(point: str, site: Site, draw: random.Random) -> None:
    """A daemon ends at a named point in its work: the one that runs is stopped, its successor is armed."""
    slot = _daemon(site, draw)
    slot.crash = f"{point}:{draw.randint(1, 30)}"
    slot.signal(signal.SIGKILL)


async def daemon_killed(site: Site, draw: random.Random) -> None:
    """`kill -9` at any moment."""
    _daemon(site, draw).signal(signal.SIGKILL)


async def daemon_stopped(site: Site, draw: random.Random) -> None:
    """SIGTERM: it drains and ends."""
    _daemon(site, draw).signal(signal.SIGTERM)


async def daemon_frozen(site: Site, draw: random.Random) -> None:
    """SIGSTOP for longer than its leases, and SIGCONT."""
    slot = _daemon(site, draw)
    if slot.signal(signal.SIGSTOP):
        await asyncio.sleep(draw.uniform(6.0, 15.0))
        slot.signal(signal.SIGCONT)


async def module_killed(site: Site, draw: random.Random) -> None:
    """`kill -9` of a module, with up to a hundred actions in hand."""
    draw.choice(site.modules).signal(signal.SIGKILL)


async def broker_killed(site: Site, draw: random.Random) -> None:
    """`kill -9` of RabbitMQ."""
    site.rabbitmq.kill()
    await asyncio.to_thread(site.rabbitmq.start)


async def broker_restarted(site: Site, draw: random.Random) -> None:
    """RabbitMQ is stopped in order and started again."""
    await asyncio.to_thread(site.rabbitmq.restart)


async def connections_closed(site: Site, draw: random.Random) -> None:
    """The broker closes every connection."""
    await asyncio.to_thread(site.rabbitmq.ctl, "close_all_connections", "chaos")


async def memory_alarm(site: Site, draw: random.Random) -> None:
    """The broker takes no messages for a while."""
    await asyncio.to_thread(site.rabbitmq.ctl, "set_vm_memory_high_watermark", "absolute", "1MB")
    await asyncio.sleep(draw.uniform(3.0, 8.0))
    await asyncio.to_thread(site.rabbitmq.ctl, "set_vm_memory_high_watermark", "0.6")


async def module_queue_deleted(site: Site, draw: random.Random) -> None:
    """The module's queue goes, with what is in it; daemons and modules that start declare it again."""
    await asyncio.to_thread(site.rabbitmq.ctl, "delete_queue", "resistor.module.work")
    for slot in (*site.daemons, *site.modules):
        slot.signal(signal.SIGTERM)


async def redis_killed(site: Site, draw: random.Random) -> None:
    """`kill -9` of Redis."""
    site.redis.kill()
    await asyncio.to_thread(site.redis.start)


async def redis_frozen(site: Site, draw: random.Random) -> None:
    """Redis does not answer, for longer than the time limit of a call."""
    site.redis.pause()
    await asyncio.sleep(draw.choice([1.0, 3.0, 7.0]))
    site.redis.resume()


async def scripts_flushed(site: Site, draw: random.Random) -> None:
    """Redis forgets its scripts."""
    await asyncio.to_thread(site.redis.ask, "SCRIPT", "FLUSH")


async def redis_full(site: Site, draw: random.Random) -> None:
    """Redis takes no writes for want of memory."""
    await asyncio.to_thread(site.redis.ask, "CONFIG", "SET", "maxmemory", "1mb")
    await asyncio.sleep(draw.uniform(0.5, 3.0))
    await asyncio.to_thread(site.redis.ask, "CONFIG", "SET", "maxmemory", "0")


async def network(which: str, mode: str, site: Site, draw: random.Random) -> None:
    """Whoever speaks with one of the servers: connections break, hang, are slow, or are refused."""
    proxy = site.rabbitmq_proxy if which == "broker" else site.redis_proxy
    if mode == "reset":
        proxy.reset()
        return
    proxy.set(mode)  # type: ignore[arg-type]
    await asyncio.sleep(draw.uniform(2.0, 6.0))
    proxy.set("pass")
    if mode in ("swallow", "one way"):
        proxy.reset()  # what was lost on the way never arrives: the connection is broken


KINDS: dict[str, tuple[int, Fault]] = {
    **{f"daemon dies {point}": (50, partial(daemon_dies_at, point)) for point in POINTS},
    "daemon killed": (100, daemon_killed),
    "daemon stopped": (20, daemon_stopped),
    "daemon frozen": (10, daemon_frozen),
    "module killed": (120, module_killed),
    "broker killed": (8, broker_killed),
    "broker restarted": (4, broker_restarted),
    "broker closes connections": (20, connections_closed),
    "broker's memory alarm": (6, memory_alarm),
    "module's queue deleted": (5, module_queue_deleted),
    "Redis killed": (20, redis_killed),
    "Redis frozen": (12, redis_frozen),
    "Redis forgets scripts": (40, scripts_flushed),
    "Redis full": (12, redis_full),
    "network to the broker reset": (25, partial(network, "broker", "reset")),
    "network to the broker swallows": (5, partial(network, "broker", "swallow")),
    "network to the broker one way": (5, partial(network, "broker", "one way")),
    "network to the broker slow": (5, partial(network, "broker", "slow")),
    "network to the broker refuses": (5, partial(network, "broker", "refuse")),
    "network to Redis reset": (25, partial(network, "redis", "reset")),
    "network to Redis swallows": (5, partial(network, "redis", "swallow")),
    "network to Redis slow": (5, partial(network, "redis", "slow")),
    "network to Redis refuses": (5, partial(network, "redis", "refuse")),
}
"""Kind → how often in the long form, and what it does. The modules' own deaths come on top."""


def plan(share: float, draw: random.Random) -> list[str]:
    """Return the kinds in the order in which they happen: each a share of its count, and once at least."""
    kinds = [kind for kind, (count, _) in KINDS.items() for _ in range(max(1, round(count * share)))]
    draw.shuffle(kinds)
    return kinds
