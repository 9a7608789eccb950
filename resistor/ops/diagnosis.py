"""What `resistor doctor` looks at: the servers, the queues, who consumes them, and what would lose runs.

Reads only: it makes no queue and no key. Each check is a line with its remedy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from resistor.bus import AmqpBus, Topology, topology
from resistor.catalog import load
from resistor.config import Settings
from resistor.errors import BrokerUnreachable, EnvironmentFault, OperatorMistake, StoreUnreachable
from resistor.ops import servers
from resistor.ops.queues import inspect_queues, known_modules
from resistor.ops.text import plural
from resistor.store import StoreHealth


class Grade(StrEnum):
    """How a check came out. `unreachable` fails as well, and is the exit code's reason."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `remedy` says what to do about it."""

    name: str
    grade: Grade
    detail: str
    remedy: str | None = None


async def diagnose(settings: Settings) -> list[Check]:
    """Look at everything. Raises nothing for what is wrong: that is what the checks are for."""
    return [
        *_definitions(settings),
        *_tokens(settings),
        *await _store(settings),
        *await _broker(settings),
    ]


# ------------------------------------------------------------------------------------------ settings


def _definitions(settings: Settings) -> Iterator[Check]:
    name = "definitions"
    try:
        loaded = load(settings.definitions.paths)
    except OperatorMistake as mistake:
        yield Check(
            name, Grade.WARN, str(mistake), "only the daemon needs them: set RESISTOR_DEFINITIONS there"
        )
        return
    if loaded.problems:
        detail = f"{plural(len(loaded.problems), 'problem')}, the first: {loaded.problems[0]}"
        yield Check(name, Grade.FAIL, detail, "`resistor workflow validate` shows them all")
    else:
        yield Check(name, Grade.OK, plural(len(loaded.catalog.workflows), "workflow"))


def _tokens(settings: Settings) -> Iterator[Check]:
    name, count = "token keys", len(settings.tokens.keys)
    if count:
        yield Check(name, Grade.OK, f"{plural(count, 'key')} configured")
    else:
        detail = "none configured: the key is kept in Redis, and whoever reads Redis can forge results"
        yield Check(name, Grade.WARN, detail, "set RESISTOR_TOKEN_KEYS_FILE, the same for every daemon")


# --------------------------------------------------------------------------------------------- Redis


async def _store(settings: Settings) -> list[Check]:
    try:
        async with servers.open_store(settings) as store:
            health = await store.health()
    except StoreUnreachable as away:
        return [
            Check("redis", Grade.UNREACHABLE, str(away), "is it running, and is RESISTOR_REDIS_URL right?")
        ]
    except OperatorMistake as mistake:
        return [Check("redis", Grade.FAIL, str(mistake), "set user and password in RESISTOR_REDIS_URL")]
    return [Check("redis", Grade.OK, f"version {health.version}"), *_safety(health)]


def _safety(health: StoreHealth) -> Iterator[Check]:
    for warning in health.warnings:
        detail, _, remedy = warning.rpartition(". ")
        yield Check("redis safety", Grade.FAIL, detail or warning, remedy if detail else None)
    if health.is_persistent is None or health.eviction is None:
        detail = "Redis does not say whether it keeps an append-only file and evicts keys"
        yield Check("redis safety", Grade.WARN, detail, "ask its provider: `appendonly yes`, `noeviction`")
    elif health.fsync == "no":
        detail = "the append-only file is written when the system likes (appendfsync no)"
        yield Check("redis safety", Grade.WARN, detail, "set `appendfsync everysec`, or `always`")
    elif not health.warnings:
        yield Check("redis safety", Grade.OK, f"append-only file ({health.fsync}), no eviction")


# ------------------------------------------------------------------------------------------ RabbitMQ


async def _broker(settings: Settings) -> list[Check]:
    modules = await known_modules(settings)
    try:
        async with servers.open_bus(settings) as bus:
            rows = await inspect_queues(bus, modules, partitions=settings.result_partitions)
            queues = await _queues(bus, rows, modules, settings)
            return [_reached(bus), *queues, *_consumers(bus, rows, modules)]
    except BrokerUnreachable as away:
        remedy = "is it running, and is RESISTOR_AMQP_URL right (user, password, virtual host)?"
        return [Check("rabbitmq", Grade.UNREACHABLE, str(away), remedy)]
    except EnvironmentFault as fault:
        return [Check("rabbitmq", Grade.UNREACHABLE, str(fault))]


def _reached(bus: AmqpBus) -> Check:
    if bus.blocked:
        detail = "it has an alarm and takes no messages"
        return Check("rabbitmq", Grade.FAIL, detail, "`rabbitmq-diagnostics alarms`: free memory or disk")
    return Check("rabbitmq", Grade.OK, "reached")


async def _queues(
    bus: AmqpBus, rows: list[dict[str, object]], modules: frozenset[str], settings: Settings
) -> list[Check]:
    missing = [str(row["queue"]) for row in rows if not row["exists"]]
    checks = []
    if missing:
        detail = f"{len(missing)} of {len(rows)} missing: {_some(missing)}"
        checks.append(Check("queues", Grade.FAIL, detail, "start a daemon, or `resistor topology apply`"))
    there = {str(row["queue"]) for row in rows if row["exists"]}
    limit = settings.broker.module_delivery_limit
    whole = topology(bus.names, sorted(modules), module_deliveries=limit)
    wanted = tuple(queue for queue in whole.queues if queue.name in there)
    try:
        # A declaration of what exists changes nothing, and is refused where type or arguments differ.
        await bus.declare(Topology((), wanted, ()))
    except OperatorMistake as mistake:
        checks += [Check("queues", Grade.FAIL, line) for line in str(mistake).splitlines()]
    return checks or [Check("queues", Grade.OK, f"{plural(len(rows), 'queue')}, of the right type")]


def _consumers(bus: AmqpBus, rows: list[dict[str, object]], modules: frozenset[str]) -> Iterator[Check]:
    """Look at who consumes the queues that are there: that some are missing is said elsewhere."""
    names = bus.names
    there = {str(row["queue"]): row for row in rows if row["exists"]}
    idle = {queue for queue, row in there.items() if not row["consumers"]}
    ours = {names.events_queue, names.results_queue(), *filter(names.has_results, there)}
    if ours & idle:
        detail = f"nobody takes messages from {_some(sorted(ours & idle))}"
        yield Check("daemon", Grade.WARN, detail, "`resistor serve`")
    elif ours <= there.keys():
        yield Check("daemon", Grade.OK, "events and results are taken")
    waiting = sorted(module for module in modules if names.module_queue(module) in idle)
    running = [module for module in modules if names.module_queue(module) in there.keys() - idle]
    if waiting:
        detail = f"nobody runs {_some(waiting)}: steps of theirs wait"
        yield Check("modules", Grade.WARN, detail, "`resistor module run`, or the module's own program")
    elif running:
        yield Check("modules", Grade.OK, f"{plural(len(running), 'module')} running")
    dead = there.get(names.dead_queue, {}).get("messages")
    if dead:
        detail = f"{dead} in {names.dead_queue}: messages that could not be used"
        yield Check("dead letters", Grade.WARN, detail, "`resistor dead list` says why")


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"
