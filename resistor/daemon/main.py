"""Composition root: everything that `resistor serve` is, wired together."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from functools import partial

from resistor.bus import AmqpBus, Names, journal_topology, topology
from resistor.catalog import Catalog, load
from resistor.config import Settings
from resistor.daemon import crashpoints
from resistor.daemon.assembly import Surroundings, Works, assemble
from resistor.daemon.definitions import Definitions
from resistor.daemon.doubts import Doubts
from resistor.daemon.lifecycle import (
    StoppedEarly,
    drained,
    happens,
    on_hangup,
    stop_on_signals,
    unless_stopped,
)
from resistor.daemon.patience import Patience
from resistor.daemon.pausing import Pausing
from resistor.daemon.probes import HttpServer, application
from resistor.daemon.processes import end_with_parent
from resistor.daemon.recovering import Recoverer
from resistor.daemon.reloading import Reloader
from resistor.daemon.rules import Rules, Timing
from resistor.daemon.scheduling import Scheduler
from resistor.engine.limits import Limits
from resistor.errors import OperatorMistake, StoreUnreachable
from resistor.ports import Journal
from resistor.store import Durability, RedisStore
from resistor.store.keys import Keys
from resistor.telemetry import Telemetry, configure_logging, telemetry_for
from resistor.tokens import TokenKeys

log = logging.getLogger(__name__)

GENERATED_KEY_ID = "generated"
SUMMARY_SECONDS = 1.0
REDECLARE_SECONDS = 1.0  # between two looks whether a queue is missing
GOODBYE_SECONDS = 3.0  # with the drain's 25 s it stays below the 30 s that Kubernetes gives
LONGEST_WAIT_SECONDS = 1.0  # for replicas and the disk, before a write is tried again
PROBE_SECONDS = 1.0  # a probe that waits longer than its caller is no answer


async def serve(settings: Settings) -> None:
    """Run the daemon until SIGTERM or SIGINT. Raises `ResistorError` for what an operator must mend."""
    catalog = await _load(settings)
    configure_logging(settings.log)
    telemetry = telemetry_for(settings.traces)
    daemon = Daemon(settings, catalog, telemetry)
    with ExitStack() as around:
        stopping = around.enter_context(stop_on_signals())
        around.enter_context(on_hangup(daemon.reload))
        if settings.daemon.process is not None:
            around.enter_context(end_with_parent(stopping))
        await daemon.run(stopping)


async def _load(settings: Settings) -> Catalog:
    """Read the definitions. Raises `DefinitionError` with every problem.

    Only where there is one is the store looked into: a variation may extend what only the store still has.
    """
    loaded = load(settings.definitions.paths)
    if loaded.problems:
        store = RedisStore(settings.store.url, keys_of(settings), timeout=settings.store.timeout_seconds)
        with contextlib.suppress(StoreUnreachable):
            loaded = load(settings.definitions.paths, (await store.catalogue.read()).sources)
        await store.close()
    return loaded.or_raise()


def keys_of(settings: Settings) -> Keys:
    """Return what names this installation's keys."""
    return Keys(settings.broker.prefix, settings.store.partitions)


def durability_of(settings: Settings) -> Durability:
    """Return what a write waits for: for less than a reply may take, or Redis would seem to be away."""
    store = settings.store
    patience = min(LONGEST_WAIT_SECONDS, store.timeout_seconds / 2)
    return Durability(replicas=store.replicas, fsync=store.fsync == "wait", patience=patience)


class Daemon:
    """One daemon: its connections, its consumers, its sweeper, its probes."""

    def __init__(self, settings: Settings, catalog: Catalog, telemetry: Telemetry) -> None:
        """Take everything it goes by. Nothing is connected before `run`."""
        crashpoints.arm(settings.daemon.crash)
        self._settings = settings
        self._telemetry = telemetry
        self._names = Names(settings.broker.prefix)
        self._catalog = catalog
        self._limits = Limits(
            payload_bytes=settings.limits.payload_bytes,
            token_seconds=settings.tokens.ttl_seconds,
            items=settings.limits.items,
            steps=settings.limits.steps,
        )
        self._store = RedisStore(
            settings.store.url,
            keys_of(settings),
            timeout=settings.store.timeout_seconds,
            durability=durability_of(settings),
        )
        self._bus = AmqpBus(
            settings.broker.url,
            self._names,
            client_name="resistor daemon",
            heartbeat_seconds=settings.broker.heartbeat_seconds,
            client=settings.broker.client,
        )
        self._patience = Patience()
        self._pausing = Pausing(self._store, self._patience)
        self._doubts = Doubts(self._store.watermark, telemetry, self._patience)
        self._definitions = Definitions(self._store, self._patience)
        self._reloader = Reloader(
            settings.definitions.paths,
            catalog,
            self._definitions,
            self._declare_for,
            self._definitions_changed,
        )
        self._scheduler: Scheduler | None = None
        self._generated_secret: bytes | None = None
        self._journal: Journal | None = None
        self._has_no_streams = False
        self._is_set_up = False

    def reload(self) -> None:
        """Have the definition files read again, soon."""
        self._reloader.wanted.set()

    async def run(self, stopping: asyncio.Event, *, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until `stopping` is set, then drain. `on_ready` is called once, when messages are taken."""
        async with AsyncExitStack() as closing:
            closing.push_async_callback(self._hush)
            closing.push_async_callback(self._store.close)
            closing.push_async_callback(self._bus.close)
            server = await self._listen(closing)
            try:
                await unless_stopped(self._set_up(), stopping)
            except StoppedEarly:
                return
            await self._work(stopping, on_ready)
            if server is not None:
                server.close()

    async def _listen(self, closing: AsyncExitStack) -> HttpServer | None:
        """Serve the probes, before anything else: a daemon that waits for its servers is live."""
        address = self._settings.http.address
        if address is None:
            return None
        address = (address[0], address[1] + (self._settings.daemon.process or 0))
        checks = {"broker": self._check_broker, "store": self._check_store, "definitions": self._check_set_up}
        app = application(checks, self._telemetry.render, token=self._settings.http.token)
        server = HttpServer(app, address)
        serving = asyncio.create_task(server.run_until_closed(), name="http")

        async def end() -> None:
            server.close()
            await asyncio.gather(serving, return_exceptions=True)

        closing.push_async_callback(end)
        listening = asyncio.create_task(server.listening.wait())
        await asyncio.wait({serving, listening}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        if serving.done():
            await serving
        return server

    async def _set_up(self) -> None:
        """Reach both servers, however long that takes, and put there what must be there."""
        await self._bus.start()
        self._token_keys = TokenKeys(self._settings.tokens.keys or await self._generated_keys())
        await self._definitions.refresh()
        await self._pausing.refresh()
        await self._declare_for(self._catalog)
        await self._definitions.register(self._catalog)
        await self._patience.with_store(self._store.watermark.require_commands)
        await self._warn_of_store()
        self._is_set_up = True

    async def _declare_for(self, coming: Catalog) -> None:
        """Declare what is Resistor's own, and a queue for each module that a workflow names.

        `coming` is about to be registered: from that moment on runs may begin with it.
        """
        modules = coming.modules | self._definitions.listening.modules
        try:
            limit = self._settings.broker.module_delivery_limit
            partitions = self._settings.result_partitions
            wanted = topology(self._names, sorted(modules), partitions=partitions, module_deliveries=limit)
            await self._bus.declare(wanted)
        except OperatorMistake as mistake:
            # The queues that are as they should be work; the others are for the operator to mend.
            log.error("%s", mistake, extra={"action": "topology_mismatch"})
        await self._declare_journal()

    async def _declare_journal(self) -> None:
        """Declare the journal, where there is to be one and the broker can have it."""
        wanted = self._settings.broker.journal
        if wanted == "off" or self._has_no_streams:
            return
        try:
            await self._bus.declare(journal_topology(self._names))
        except OperatorMistake as mistake:
            self._has_no_streams = True
            level = logging.ERROR if wanted == "stream" else logging.INFO
            text = "no journal, so runs that Redis loses altogether stay lost: %s"
            log.log(level, text, str(mistake).partition("\n")[0], extra={"action": "no_journal"})
        else:
            self._journal = self._bus.journal()

    async def _put_back(self) -> None:
        """Put back what the store has lost of the installation's own."""
        await self._definitions.refresh()
        if self._generated_secret is not None:
            put_back = partial(self._store.generated_token_secret, self._generated_secret)
            await self._patience.with_store(put_back)
        await self._definitions_changed()

    async def _redeclare(self, recoverer: Recoverer, stopping: asyncio.Event) -> None:
        """Declare everything again where a queue is missing: somebody has deleted it under us.

        Where it is the events', the journal has what came in the meantime: the broker confirmed that.
        """
        while not await happens(stopping, within=REDECLARE_SECONDS):
            if self._bus.missing.is_set():
                self._bus.missing.clear()
                had_events = await self._bus.inspect(self._names.events_queue) is not None
                await self._declare_for(Catalog())
                if not had_events:
                    await recoverer.retell_latest()

    async def _definitions_changed(self) -> None:
        """Let everything else follow the definitions."""
        await self._declare_for(Catalog())
        if self._scheduler is not None:
            await self._scheduler.sync()

    async def _work(self, stopping: asyncio.Event, on_ready: Callable[[], None] | None) -> None:
        works = self._assembled()
        self._scheduler = works.scheduler
        await self._patience.with_store(works.scheduler.sync)
        tasks = works.start(stopping)
        tasks.add(asyncio.create_task(self._reloader.run(stopping), name="reload"))
        tasks.add(asyncio.create_task(self._redeclare(works.recoverer, stopping), name="redeclaring"))
        tasks.add(asyncio.create_task(self._speak(stopping), name="telemetry"))
        log.info(
            "taking messages",
            extra={"action": "ready", "workflows": len(self._definitions.offered.workflows)},
        )
        if on_ready is not None:
            on_ready()
        try:
            await self._until_stopped(tasks, stopping)
        finally:
            stopping.set()
            works.stop()
            if not await drained(tasks, seconds=self._drain_seconds()):
                log.warning("what is still in hand will be delivered again", extra={"action": "drain_cut"})
            await works.finish()
        log.info("stopped", extra={"action": "stopped"})

    def _drain_seconds(self) -> float:
        """While a server is away nothing that is in hand can be finished: waiting for it would be in vain."""
        is_all_there = self._bus.connected and not self._patience.is_store_away
        return self._settings.daemon.drain_seconds if is_all_there else 0.0

    async def _speak(self, stopping: asyncio.Event) -> None:
        """Let the telemetry say now and then what it left out."""
        while not await happens(stopping, within=SUMMARY_SECONDS):
            self._telemetry.tick()

    async def _hush(self) -> None:
        """Hand over the last spans. A collector that is away does not hold the end up.

        On a thread of its own, which the end of the process does not wait for: the exporter blocks, and the
        loop's own threads would be waited for.
        """
        loop, is_over = asyncio.get_running_loop(), asyncio.Event()

        def hand_over() -> None:
            self._telemetry.shutdown()
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(is_over.set)

        threading.Thread(target=hand_over, name="telemetry", daemon=True).start()
        await happens(is_over, within=GOODBYE_SECONDS)

    async def _until_stopped(self, tasks: set[asyncio.Task[None]], stopping: asyncio.Event) -> None:
        """Wait for the word to stop. A task that ends before that has failed: its error ends the daemon."""
        waiting = asyncio.create_task(stopping.wait(), name="stopping")
        try:
            done, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {waiting}:
                task.result()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    def _assembled(self) -> Works:
        settings = self._settings
        timing = Timing(settings.daemon.outbox_grace_seconds, settings.daemon.idle_check_seconds)
        rules = Rules(
            self._names,
            self._limits,
            timing,
            self._patience,
            self._pausing,
            self._doubts,
            result_partitions=settings.result_partitions,
        )
        around = Surroundings(
            self._store,
            self._bus,
            self._telemetry,
            self._journal,
            self._put_back,
            results_queues=partial(self._bus.count_results_queues, settings.result_partitions),
        )
        return assemble(around, self._definitions, self._token_keys, rules, settings)

    async def _generated_keys(self) -> tuple[tuple[str, bytes], ...]:
        secret = await self._patience.with_store(self._store.generated_token_secret)
        self._generated_secret = secret
        log.warning(
            "no RESISTOR_TOKEN_KEYS: tokens are signed with a key that is kept in Redis, so whoever can read"
            " Redis can forge results",
            extra={"action": "token_key_generated"},
        )
        return ((GENERATED_KEY_ID, secret),)

    async def _warn_of_store(self) -> None:
        """Say loudly what would lose runs."""
        health = await self._patience.with_store(self._store.health)
        for warning in health.warnings:
            log.warning("%s", warning, extra={"action": "store_unsafe"})

    # --------------------------------------------------------------------------------------- probes

    async def _check_broker(self) -> str | None:
        if not self._bus.connected:
            return "RabbitMQ is away"
        return "RabbitMQ takes no messages now (an alarm)" if self._bus.blocked else None

    async def _check_store(self) -> str | None:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await self._store.ping()
        except (StoreUnreachable, TimeoutError) as error:
            return str(error) or "Redis does not answer"
        return None

    async def _check_set_up(self) -> str | None:
        return None if self._is_set_up else "waiting for RabbitMQ and Redis"
