"""The bus: two connections, the lanes on one and the publisher on the other, behind one door.

Implements `ports.Bus` for the daemon, the SDK and ops. Made by composition roots, or by `one_shot` for a
command that wants an answer or an error now.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, stop_never

from resistor.bus.browsing import Browser, browsing
from resistor.bus.channels import NOT_FOUND, Lost, Refused, Wire
from resistor.bus.connection import ANSWER_SECONDS, PAUSES, Connect, Link, Weather, read_url, unreachable
from resistor.bus.consuming import QueueLane
from resistor.bus.journal import StreamJournal
from resistor.bus.names import Names
from resistor.bus.publishing import Publisher
from resistor.bus.topology import Topology
from resistor.bus.wire import HEARTBEAT_SECONDS, with_heartbeat
from resistor.ports import Outcome, Publish

Answer = TypeVar("Answer")

Client = Literal["native", "aiormq"]
NATIVE: Client = "native"


@dataclass(frozen=True, slots=True)
class QueueInfo:
    """What a queue holds: messages that are ready, and how many consume it."""

    messages: int
    consumers: int


class AmqpBus:
    """RabbitMQ, or anything that speaks AMQP 0-9-1 like it."""

    def __init__(
        self,
        url: str,
        names: Names,
        *,
        client_name: str,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
        client: Client = NATIVE,
    ) -> None:
        """Prepare a bus to the broker at `url`; nothing is sent before `start`.

        `client_name` is what the broker's lists show. A broker that is silent for about three times
        `heartbeat_seconds` (rounded, at least 1; `?heartbeat=` in the URL overrides it) is given up.
        `client` is who speaks AMQP for lanes and for publishing.
        Raises `OperatorMistake` for a URL that is none.
        """
        self.names = names
        self._url = parsed = with_heartbeat(read_url(url), heartbeat_seconds)
        self._patience: float | None = None
        weather = Weather(parsed)
        connect = _connect_by(client)
        self._consuming = Link(parsed, weather, connect, client_name=f"{client_name} (consuming)")
        self._publishing = Link(parsed, weather, connect, client_name=f"{client_name} (publishing)")
        self._publisher = Publisher(self._publishing)
        self._lanes: list[QueueLane] = []
        self.missing = asyncio.Event()
        """Set where something that should be there is not: a queue that is consumed, or for a message."""

    @property
    def connected(self) -> bool:
        """Whether both connections are up now."""
        return self._consuming.is_up and self._publishing.is_up

    @property
    def blocked(self) -> bool:
        """Whether the broker has an alarm and takes no messages now: publishing waits until it has none."""
        return self._publishing.is_blocked

    async def start(self, *, timeout: float | None = None) -> None:
        """Begin to connect. Idempotent.

        Without `timeout` this returns at once, and everything asked of the bus waits for the broker. With
        `timeout`, in seconds, it waits for the broker, and raises `BrokerUnreachable` when that takes longer;
        so does everything that is asked later.
        """
        self._patience = timeout
        links = (self._consuming, self._publishing)
        for link in links:
            link.patience = timeout
            link.start()
        if timeout is not None:
            for link in links:
                await link.current()

    async def close(self) -> None:
        """Close lanes and connections. What was not acknowledged is delivered again. Idempotent."""
        lanes, self._lanes = self._lanes, []
        await asyncio.gather(*(lane.close() for lane in lanes))
        await asyncio.gather(self._consuming.close(), self._publishing.close())

    async def __aenter__(self) -> Self:
        """Start, without waiting for the broker."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    def lane(self, queue: str, *, prefetch: int, priority: int = 0) -> QueueLane:
        """Consume `queue`, with at most `prefetch` messages in hand; whenever it is there.

        Those of a higher `priority` are given messages first, as long as they take more.
        """
        lane = QueueLane(
            self._consuming, queue, prefetch=prefetch, priority=priority, when_missing=self.missing.set
        )
        self._lanes.append(lane)
        return lane

    async def publish(self, messages: Sequence[Publish]) -> Sequence[Outcome]:
        """Publish all of them, mandatory, and return when each is settled.

        Waits while the broker is away, and then publishes again whatever was not confirmed. Raises
        `ValueError`, before anything is sent, where AMQP cannot carry one of them.
        """
        outcomes = await self._publisher.publish(messages)
        if Outcome.UNROUTABLE in outcomes:
            self.missing.set()
        return outcomes

    def journal(self) -> StreamJournal:
        """Return the journal of events: a stream that has to be declared."""
        return StreamJournal(self._url, self.names)

    async def declare(self, topology: Topology) -> None:
        """Make `topology` exist; wait for the broker if need be.

        Raises `OperatorMistake` with a line for each thing that exists with other arguments; everything else
        is declared then. Raises `BrokerUnreachable` on a bus whose patience has run out.
        """
        from resistor.bus import declaring  # noqa: PLC0415 - aio-pika: 80 ms that most commands do without

        await self._insist(lambda _: declaring.declare(self._url, topology))

    async def remove(self, topology: Topology) -> None:
        """Close, and delete `topology` with all that is in it: of an installation that was made for a test.

        Raises `BrokerUnreachable`.
        """
        from resistor.bus import removing  # noqa: PLC0415 - as above

        await self.close()
        try:
            await removing.remove(self._url, topology)
        except Lost as lost:
            raise unreachable(self._url, str(lost)) from None

    async def inspect(self, queue: str) -> QueueInfo | None:
        """Return what `queue` holds, None where there is no such queue.

        Waits for the broker. Raises `BrokerUnreachable` on a bus whose patience has run out.
        """
        return await self._insist(lambda wire: _inspect(wire, queue))

    async def count_results_queues(self, at_least: int = 1) -> int:
        """Return how many queues of results there are: another daemon may have more of them, or had.

        `at_least` so many there are to be. Raises what `inspect` raises.
        """
        count = at_least
        while await self.inspect(self.names.results_queue(count)) is not None:
            count += 1
        return count

    def browse(self, queue: str) -> AbstractAsyncContextManager[Browser]:
        """Look through `queue` without consuming it. Raises `BrokerUnreachable`, without trying again."""
        return browsing(self._url, queue)

    async def _insist(self, ask: Callable[[Wire], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer, with pauses, for as long as patience lasts.

        That the link is up does not mean that the next connection or channel is: a broker has limits for
        both, and asking without a pause is thousands of attempts a second.
        """
        patience = self._patience

        def pause(state: RetryCallState) -> float:
            left = float("inf") if patience is None else patience - (state.seconds_since_start or 0.0)
            return max(0.0, min(PAUSES(state), left))

        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(Lost),
                wait=pause,
                stop=stop_never if patience is None else stop_after_delay(patience),
                reraise=True,
            ):
                with attempt:
                    return await ask(await self._consuming.current())
        except Lost as lost:
            raise unreachable(self._url, str(lost)) from None
        raise AssertionError("tenacity stops only where it is told to")


@asynccontextmanager
async def one_shot(
    url: str, names: Names, *, client_name: str, timeout: float = 5.0
) -> AsyncIterator[AmqpBus]:
    """Open a bus for one command.

    Raises `BrokerUnreachable`, now or later, where the broker is away for `timeout` seconds.
    """
    bus = AmqpBus(url, names, client_name=client_name)
    try:
        await bus.start(timeout=timeout)
        yield bus
    finally:
        await bus.close()


def _connect_by(client: Client) -> Connect:
    if client == NATIVE:
        from resistor.bus.client import connect as native  # noqa: PLC0415 - only what is used is imported

        return native
    from resistor.bus.fallback import connect as fallback  # noqa: PLC0415 - likewise

    return fallback


async def _inspect(wire: Wire, queue: str) -> QueueInfo | None:
    channel = await wire.channel()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            messages, consumers = await channel.count(queue)
    except TimeoutError:
        raise Lost("the broker does not answer") from None
    except Refused as refused:
        if refused.code == NOT_FOUND:
            return None
        raise Lost(str(refused)) from None
    finally:
        await channel.close()
    return QueueInfo(messages=messages, consumers=consumers)
