"""A connection that comes back by itself, and says once that the broker is away and once that it is back.

Used by lanes, by the publisher and by the bus; each asks for the `current` connection and asks again when
that one breaks. Must never repeat what was sent: what a broken connection means for a message is for those
who sent it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential, wait_random
from yarl import URL

from resistor.bus.channels import Lost, Wire
from resistor.errors import BrokerUnreachable, OperatorMistake

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
JITTER_SECONDS = 0.5  # so that a hundred daemons do not come back in the same moment
PAUSES = wait_exponential(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS) + wait_random(0.0, JITTER_SECONDS)
ANSWER_SECONDS = 5.0
"""How long the broker may take to answer about a queue. After a restart a quorum queue has no leader for a
while, and a request that falls into that gap may never be answered: it is given up, and made again."""

SHORT_LIFE_SECONDS = 1.0  # a connection that breaks sooner counts as a failed attempt


class Connect(Protocol):
    """Opens a connection: our own client's, or aiormq's."""

    async def __call__(self, url: URL, *, client_name: str) -> Wire:
        """Open a connection to `url` that announces itself as `client_name`. Raises `Lost`."""


def read_url(url: str) -> URL:
    """Return `url` if it names a broker. Raises `OperatorMistake`, without the password."""
    try:
        parsed = URL(url)
        if parsed.scheme in ("amqp", "amqps") and parsed.host:
            return parsed
    except ValueError:
        pass
    raise OperatorMistake("the broker's URL is not amqp://USER:PASSWORD@HOST:PORT/VHOST (or amqps://…)")


def shown(url: URL) -> str:
    """Return `url` for people: without password and options."""
    return str(url.with_password("***" if url.password else None).with_query(None))


def unreachable(url: URL, trouble: str) -> BrokerUnreachable:
    """Return what to raise where somebody's patience has run out."""
    return BrokerUnreachable(f"the broker at {shown(url)} cannot be reached: {trouble}")


class Weather:
    """Whether the broker is there, as far as all connections of a bus know; logs each change once."""

    def __init__(self, url: URL) -> None:
        """Begin without a word: nothing is known yet."""
        self._url = url
        self._away: set[Link] = set()

    def away(self, link: Link, reason: str) -> None:
        """Note that `link` has lost the broker or cannot reach it."""
        if not self._away:
            log.warning("broker is away: %s: %s", shown(self._url), reason, extra={"action": "broker_away"})
        self._away.add(link)

    def back(self, link: Link) -> None:
        """Note that `link` has reached the broker."""
        if link in self._away:
            self._away.discard(link)
            if not self._away:
                log.warning("broker is back: %s", shown(self._url), extra={"action": "broker_back"})


class Link:
    """One connection for one purpose, kept up by a task of its own between `start` and `close`."""

    def __init__(self, url: URL, weather: Weather, connect: Connect, *, client_name: str) -> None:
        """Prepare; nothing is sent before `start`. `client_name` shows up in the broker's lists."""
        self._url = url
        self._connect_to = connect
        self._weather = weather
        self._client_name = client_name
        self._wire: Wire | None = None
        self._up = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._trouble = "no connection yet"
        self.patience: float | None = None

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now."""
        return self._wire is not None

    @property
    def is_blocked(self) -> bool:
        """Whether the broker has an alarm (memory, disk) and does not read from this connection."""
        return self._wire is not None and self._wire.is_blocked

    def start(self) -> None:
        """Begin to connect, and to come back whenever the connection breaks. Idempotent."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name=f"amqp {self._client_name}")
            self._keeper.add_done_callback(lambda _: self._up.set())

    async def close(self) -> None:
        """Close the connection and stay away. Idempotent."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait({keeper})
        wire, self._wire = self._wire, None
        self._up.clear()
        if wire is not None:
            await wire.close()

    async def current(self) -> Wire:
        """Return the connection; wait while there is none.

        Raises `BrokerUnreachable` where `patience`, in seconds, is set and runs out.
        """
        while self._wire is None:
            if self._keeper is not None and self._keeper.done():
                await self._keeper  # it never ends by itself: this raises what nobody foresaw
            try:
                async with asyncio.timeout(self.patience):
                    await self._up.wait()
            except TimeoutError:
                raise unreachable(self._url, self._trouble) from None
        return self._wire

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wire = await self._connect()
            began = loop.time()
            self._up.set()
            self._weather.back(self)
            reason = await _until_closed(self._wire)
            self._wire = None
            self._up.clear()
            self._lose(reason)
            if loop.time() - began < SHORT_LIFE_SECONDS:
                await asyncio.sleep(JITTER_SECONDS)

    async def _connect(self) -> Wire:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Lost),
            wait=PAUSES,
            before_sleep=self._failed,
        ):
            with attempt:
                return await self._connect_to(self._url, client_name=self._client_name)
        raise AssertionError("tenacity stops only where it is told to")

    def _failed(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self._lose(why(error))

    def _lose(self, reason: str) -> None:
        self._trouble = reason
        self._weather.away(self, reason)


async def _until_closed(wire: Wire) -> str:
    """Wait until `wire` is closed and return why."""
    reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wire.when_closed(lambda error: None if reason.done() else reason.set_result(why(error)))
    return await reason


def why(error: BaseException | None) -> str:
    """Say in a line what `error` means for a connection."""
    if error is None:
        return "closed"
    if isinstance(error, asyncio.CancelledError):
        return "given up, there was no sign of life"
    return str(error) or type(error).__name__
