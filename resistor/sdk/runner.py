"""Takes actions from the broker, has modules do them, and sends their answers, until it is told to stop.

Called by `resistor module run` and by `resistor dev`. The order is the whole point: an action is acknowledged
after its answer is confirmed, never before. Whatever dies in between, the action is delivered again, with the
same token and the same idempotency key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from resistor.bus import AmqpBus, Names, module_topology
from resistor.bus.bus import NATIVE, Client
from resistor.bus.consuming import QueueLane
from resistor.bus.topology import MODULE_DELIVERY_LIMIT
from resistor.errors import OperatorMistake, RejectedMessage
from resistor.messages import Action, Answer, Progress, action_from_envelope, answer_to_envelope
from resistor.ports import Delivery, Publish
from resistor.sdk.module import Module
from resistor.sdk.outbox import NOBODY_IN_PARTICULAR, Outbox
from resistor.sdk.output import to_json
from resistor.sdk.performing import context_of, perform

log = logging.getLogger(__name__)
Result = TypeVar("Result")

CONCURRENCY = 100
"""Actions at a time, for each module, and no more in hand: what waits, waits where others can take it."""

DRAIN_SECONDS = 25.0  # below the 30 s that Kubernetes gives

MAX_ACTION_BYTES = 32 << 20
"""The broker's word is smaller (16 MiB from RabbitMQ 4); what the daemon sends is smaller still."""


async def run_modules(  # noqa: PLR0913 - settings by name, each with a default
    modules: Sequence[Module],
    *,
    amqp_url: str,
    prefix: str = "resistor",
    stopping: asyncio.Event,
    concurrency: int = CONCURRENCY,
    drain_seconds: float = DRAIN_SECONDS,
    delivery_limit: int = MODULE_DELIVERY_LIMIT,
    users: Mapping[str, str] = NOBODY_IN_PARTICULAR,
    client: Client = NATIVE,
) -> None:
    """Run `modules` until `stopping` is set, each with so many actions at a time.

    Waits for a broker that is away, now and later. Once `stopping` is set no action is taken any more; those
    in hand have `drain_seconds` to end, and go back to the broker if they do not. `delivery_limit` is the
    daemon's `RESISTOR_MODULE_DELIVERY_LIMIT`: whoever is first makes the queues. `users` has the user of the
    broker that a module's answers bear (`RESISTOR_MODULE_USERS`), `client` who speaks AMQP
    (`RESISTOR_AMQP_CLIENT`). Raises `OperatorMistake`
    where two modules have one name, or the URL or the prefix is none.
    """
    _refuse_twins(modules)
    names = Names(prefix)
    client_name = "resistor module " + ", ".join(module.name for module in modules)
    async with AmqpBus(amqp_url, names, client_name=client_name[:128], client=client) as bus:
        if not await _unless(stopping, _declare(bus, modules, delivery_limit)):
            return
        outbox = Outbox(bus, users)
        publishing = asyncio.create_task(outbox.run(), name="outbox")
        try:
            async with asyncio.TaskGroup() as desks:
                for module in modules:
                    lane = bus.lane(names.module_queue(module.name), prefetch=concurrency)
                    desk = Desk(module, lane, outbox, names, stopping)
                    desks.create_task(desk.run(concurrency, drain_seconds), name=f"module {module.name}")
                desks.create_task(_end(publishing, stopping))
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)


class Desk:
    """One module at work."""

    def __init__(
        self, module: Module, lane: QueueLane, outbox: Outbox, names: Names, stopping: asyncio.Event
    ) -> None:
        """Take actions for `module` from `lane` and put its answers into `outbox`."""
        self._module = module
        self._lane = lane
        self._outbox = outbox
        self._names = names
        self._stopping = stopping
        self._at_work = 0
        self._room = asyncio.Event()

    async def run(self, concurrency: int, drain_seconds: float) -> None:
        """Work until the runner is told to stop, and then until the last action has ended or must go."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as limit, asyncio.TaskGroup() as actions:
                await _unless(self._stopping, self._take(concurrency, actions))
                limit.reschedule(loop.time() + drain_seconds)
        except TimeoutError:
            log.warning(
                "%s: actions that did not end in %g s go back to the broker",
                self._module.name,
                drain_seconds,
                extra={"action": "drain_over"},
            )

    async def _take(self, concurrency: int, actions: asyncio.TaskGroup) -> None:
        """Take actions until it is cancelled: what has not been taken then stays the broker's."""
        while True:
            room = concurrency - self._at_work
            if room <= 0:
                self._room.clear()
                await self._room.wait()
                continue
            for delivery in await self._lane.take(room):
                self._at_work += 1
                actions.create_task(self._handle(delivery)).add_done_callback(self._leave)

    def _leave(self, _: object) -> None:
        self._at_work -= 1
        self._room.set()

    async def _handle(self, delivery: Delivery) -> None:
        try:
            action = action_from_envelope(delivery.envelope, module=self._module.name, limit=MAX_ACTION_BYTES)
        except RejectedMessage as why:
            log.warning(
                "%s got what is no action: %s", self._module.name, why, extra={"action": "action_rejected"}
            )
            await self._lane.reject([delivery])
            return

        async def report(details: Any) -> None:
            answer = Progress(to_json(details))
            await self._outbox.report(self._publish(answer, action, delivery), self._lane)

        context = context_of(action, cancelled=self._stopping, report=report)
        answer = await perform(self._module, action, context)
        await self._outbox.answer(self._publish(answer, action, delivery), self._lane, delivery)

    def _publish(self, answer: Answer, action: Action, delivery: Delivery) -> Publish:
        envelope = answer_to_envelope(
            answer,
            token=action.token,
            correlation_id=delivery.envelope.correlation_id,
            trace={"traceparent": action.traceparent, "tracestate": action.tracestate},
            user_id=self._outbox.users.get(self._module.name),
        )
        return Publish(exchange=self._names.results, routing_key=action.reply_to, envelope=envelope)


def _refuse_twins(modules: Sequence[Module]) -> None:
    names = [module.name for module in modules]
    for name in names:
        if names.count(name) > 1:
            raise OperatorMistake(f"two modules are called {name!r}: one would do the other's actions")


async def _declare(bus: AmqpBus, modules: Sequence[Module], delivery_limit: int) -> bool:
    wanted = [module.name for module in modules]
    try:
        await bus.declare(module_topology(bus.names, wanted, module_deliveries=delivery_limit))
    except OperatorMistake as mistake:
        # The queues that are as they should be work; the others are for the operator to mend.
        log.error("%s", mistake, extra={"action": "topology_mismatch"})
    return True


async def _unless(stopping: asyncio.Event, wanted: Awaitable[Result]) -> Result | None:
    """Await `wanted`, or None as soon as `stopping` is set."""
    working = asyncio.ensure_future(wanted)
    stopped = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)


async def _end(publishing: asyncio.Task[None], stopping: asyncio.Event) -> None:
    """End the runner if what publishes ends: without it nothing would ever be answered."""
    await _unless(stopping, asyncio.wait({publishing}))
    if publishing.done():
        await publishing
