"""What works in a daemon, put together: the pipeline, and the loops that feed it.

Called by main.py with real servers, and by the simulation with servers in memory. Decides nothing, and
connects nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from resistor.config import Settings
from resistor.daemon.consumer import Consumer
from resistor.daemon.definitions import Definitions
from resistor.daemon.dispatching import Dispatcher
from resistor.daemon.gatekeeping import Gatekeeper
from resistor.daemon.inbox import Inbox
from resistor.daemon.marking import Marks
from resistor.daemon.pipeline import Pipeline
from resistor.daemon.recovering import Prepare, Recoverer
from resistor.daemon.results import Count, Results, just_one
from resistor.daemon.rules import Rules
from resistor.daemon.scheduling import Scheduler
from resistor.daemon.sending import Sender
from resistor.daemon.starting import Starter
from resistor.daemon.suspicion import Suspicion
from resistor.daemon.sweeper import Sweeper
from resistor.engine.run import EVERYTHING, Run
from resistor.ports import Bus, Journal, Store
from resistor.telemetry import Telemetry
from resistor.tokens import TokenKeys

RESULTS_AT_ONCE = 3
"""Batches of results under way: while one waits for a server, another is decided on. Of events and commands
one after the other, because they count in the order in which they came.
"""

OWN_PRIORITY = 1
"""Of several processes each has its own partitions of results first, and those of the others when they do not
keep up: so a run stays with the process that remembers it.
"""


def _is_own(partition: int, settings: Settings) -> bool:
    return partition % settings.daemon.processes == (settings.daemon.process or 0)


async def nothing_to_put_back() -> None:
    """Do nothing: all that is the installation's own is there."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a daemon lives on: its servers, and what it tells of itself.

    `put_back` puts into a store that went back what is the installation's own. `results_queues` says how many
    queues of results there are, which may be more than this daemon uses.
    """

    store: Store
    bus: Bus
    telemetry: Telemetry
    journal: Journal | None = None
    put_back: Prepare = nothing_to_put_back
    results_queues: Count = just_one


@dataclass(frozen=True, slots=True)
class Works:
    """The loops of a daemon."""

    consumers: tuple[Consumer, ...]
    results: Results
    sweeper: Sweeper
    scheduler: Scheduler
    gatekeeper: Gatekeeper
    recoverer: Recoverer
    marks: Marks

    def start(self, stopping: asyncio.Event) -> set[asyncio.Task[None]]:
        """Let all loops run until `stopping` is set; the consumers, until `stop`."""
        tasks = {asyncio.create_task(consumer.run(), name="consumer") for consumer in self.consumers}
        tasks.add(asyncio.create_task(self.results.run(), name="results"))
        tasks.add(asyncio.create_task(self.sweeper.run(stopping), name="sweeper"))
        tasks.add(asyncio.create_task(self.scheduler.run(stopping), name="schedules"))
        tasks.add(asyncio.create_task(self.gatekeeper.run(stopping), name="gates"))
        tasks.add(asyncio.create_task(self.recoverer.run(stopping), name="recovery"))
        tasks.add(asyncio.create_task(self.marks.run(stopping), name="marks"))
        return tasks

    def stop(self) -> None:
        """Take no more messages. Idempotent."""
        for consumer in self.consumers:
            consumer.stop()
        self.results.stop()

    async def finish(self) -> None:
        """Say what is still to be said when all loops have ended."""
        await self.marks.flush()


def assemble(
    around: Surroundings, definitions: Definitions, keys: TokenKeys, rules: Rules, settings: Settings
) -> Works:
    """Put a daemon together. `keys` sign and verify tokens."""
    marks = Marks(around.store, grace=rules.timing.outbox_grace)
    pipeline = _pipeline(around, definitions, keys, rules, settings, marks)
    each = {"interval": settings.daemon.sweep_interval_seconds, "lease": settings.daemon.lease_seconds}
    names = rules.names
    suspicion = Suspicion(around.store.suspects, rules.patience)
    prefetch, batch = settings.broker.prefetch, settings.daemon.batch

    def consumer(queue: str, *, priority: int = 0, at_once: int = 1) -> Consumer:
        lane = around.bus.lane(queue, prefetch=prefetch, priority=priority)
        return Consumer(lane, pipeline, suspicion, batch=batch, at_once=at_once)

    def of_results(partition: int) -> Consumer:
        priority = OWN_PRIORITY if _is_own(partition, settings) else 0
        return consumer(names.results_queue(partition), priority=priority, at_once=RESULTS_AT_ONCE)

    return Works(
        consumers=(
            consumer(names.events_queue),
            consumer(names.commands_queue),
            consumer(names.poisoned_queue),
        ),
        results=Results(of_results, around.results_queues),
        sweeper=Sweeper(around.store, pipeline, **each),
        scheduler=Scheduler(around.store, definitions, pipeline, **each),
        gatekeeper=Gatekeeper(around.store, pipeline, rules.pausing, **each),
        recoverer=Recoverer(around.store, pipeline, around.journal, rules.doubts, around.put_back),
        marks=marks,
    )


def _pipeline(
    around: Surroundings,
    definitions: Definitions,
    keys: TokenKeys,
    rules: Rules,
    settings: Settings,
    marks: Marks,
) -> Pipeline:
    async def read_run(run_id: str) -> Run | None:
        wanted = [(run_id, EVERYTHING)]
        return (await rules.patience.with_store(partial(around.store.load, wanted))).runs[0]

    starter = Starter(definitions, read_run)
    inbox = Inbox(rules, keys, definitions, starter, settings.broker.module_users)
    dispatcher = Dispatcher(
        rules, keys, around.telemetry.traceparent_for, token_ttl_seconds=settings.tokens.ttl_seconds
    )
    sender = Sender(around.store, around.bus, dispatcher, around.telemetry, rules, marks)
    return Pipeline(around.store, definitions, inbox, sender, around.telemetry, rules, marks)
