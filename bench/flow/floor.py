"""The floor: what the servers allow, without an engine. `python -m bench.flow.floor ROLE AMQP_URL REDIS_URL`

The same four messages in and three actions and three results out that a workflow of three steps costs, on
quorum queues, each with one script in Redis that writes two hashes and a stream, confirms, and
acknowledgements of many. Its AMQP is the least that can do that: fixed frames, no recovery, no
errors. Nothing is retried, nothing is signed, nothing can be asked afterwards.
"""

from __future__ import annotations

import asyncio
import struct
import sys
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis
import msgspec
from pamqp import commands
from pamqp.frame import marshal
from yarl import URL

EVENTS, ACTIONS, DONE = "floor.events", "floor.actions", "floor:done"
PREFETCH = 200
STEPS = 3
QUORUM = {"x-queue-type": "quorum"}

SCRIPT = """
local step = redis.call('HGET', KEYS[1], 'step')
redis.call('HSET', KEYS[1], 'step', ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', 10000, '*', 's', ARGV[1])
return step
"""


class Document(msgspec.Struct):
    """What goes round."""

    run: str
    step: int
    pad: str


_decode = msgspec.json.Decoder(Document).decode
encode = msgspec.json.Encoder().encode
_head = struct.Struct(">BHI").unpack_from
_index = struct.Struct(">I").unpack_from
_long_long = struct.Struct(">Q").unpack_from
_header = struct.Struct(">BHIHHQHB").pack
_body = struct.Struct(">BHI").pack
_ack = struct.Struct(">BHIHHQBB").pack
_DELIVER, _CONFIRM = 60 << 16 | 60, 60 << 16 | 80


class Amqp(asyncio.Protocol):
    """One connection with one channel. Bodies fit into one frame, and the broker never complains."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.loop = asyncio.get_running_loop()
        self.on_message: Callable[[int, bytes], None] = lambda tag, body: None
        self.on_confirm: Callable[[int, bool], None] = lambda tag, multiple: None
        self.sent = 0
        self._buffer = b""
        self._out: list[bytes] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._prefixes: dict[str, bytes] = {}
        self._tag = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        buffer, position = self._buffer + data, 0
        while len(buffer) - position > 7:
            kind, _, size = _head(buffer, position)
            start, end = position + 7, position + 7 + size
            if end >= len(buffer):
                break
            position = end + 1
            if kind == 3:
                self.on_message(self._tag, buffer[start:end])
            elif kind == 1:
                (index,) = _index(buffer, start)
                if index == _DELIVER:
                    (self._tag,) = _long_long(buffer, start + 5 + buffer[start + 4])
                elif index == _CONFIRM:
                    self.on_confirm(_long_long(buffer, start + 4)[0], bool(buffer[start + 12] & 1))
                elif self._waiting:
                    self._waiting.popleft().set_result(None)
        self._buffer = buffer[position:]

    def write(self, data: bytes) -> None:
        """Write with everything else of this turn."""
        if not self._out:
            self.loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        out, self._out = self._out, []
        self._transport.write(b"".join(out))

    async def ask(self, frame: Any, channel: int = 1) -> None:
        """Send a method, and wait for the next one that comes."""
        future: asyncio.Future[None] = self.loop.create_future()
        self._waiting.append(future)
        self.write(frame if isinstance(frame, bytes) else marshal(frame, channel))
        await future

    def ack(self, tag: int) -> None:
        """Acknowledge all up to `tag`."""
        self.write(_ack(1, 1, 13, 60, 80, tag, 1, 0xCE))

    def publish(self, queue: str, body: bytes) -> int:
        """Publish, persistent; returns its number."""
        prefix = self._prefixes.get(queue)
        if prefix is None:
            prefix = self._prefixes[queue] = marshal(commands.Basic.Publish(routing_key=queue), 1)
        size = len(body)
        self.write(
            prefix + _header(2, 1, 15, 60, 0, size, 0x1000, 2) + b"\xce" + _body(3, 1, size) + body + b"\xce"
        )
        self.sent += 1
        return self.sent


async def connect(url: str) -> Amqp:
    """Open a connection, with confirms, and both queues."""
    parsed = URL(url)
    loop = asyncio.get_running_loop()
    _, amqp = await loop.create_connection(Amqp, str(parsed.host), int(parsed.port or 5672))
    await amqp.ask(b"AMQP\x00\x00\x09\x01")
    login = commands.Connection.StartOk(
        client_properties={},
        mechanism="PLAIN",
        response=f"\0{parsed.user}\0{parsed.password}",
        locale="en_US",
    )
    await amqp.ask(login, 0)
    amqp.write(marshal(commands.Connection.TuneOk(channel_max=2047, frame_max=131072, heartbeat=0), 0))
    await amqp.ask(commands.Connection.Open(virtual_host=parsed.path[1:].replace("%2F", "/") or "/"), 0)
    await amqp.ask(commands.Channel.Open())
    await amqp.ask(commands.Confirm.Select())
    await amqp.ask(commands.Basic.Qos(prefetch_count=PREFETCH))
    for queue in (EVENTS, ACTIONS):
        await amqp.ask(commands.Queue.Declare(queue=queue, durable=True, arguments=dict(QUORUM)))
    return amqp


class Acknowledgements:
    """Acknowledges what is done up to the first that is not, once a turn."""

    def __init__(self, amqp: Amqp) -> None:
        """Take who writes."""
        self._amqp = amqp
        self._done: set[int] = set()
        self._last = 0
        self._is_due = False

    def done(self, tag: int) -> None:
        """A message is done."""
        self._done.add(tag)
        if not self._is_due:
            self._is_due = True
            self._amqp.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_due = False
        last = self._last
        while last + 1 in self._done:
            last += 1
            self._done.discard(last)
        if last > self._last:
            self._last = last
            self._amqp.ack(last)


class Confirmations:
    """Calls what waits for a confirmation."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._waiting: dict[int, Callable[[], None]] = {}
        self._last = 0

    def wait(self, number: int, call: Callable[[], None]) -> None:
        """Call `call` when publish `number` is confirmed."""
        self._waiting[number] = call

    def __call__(self, tag: int, multiple: bool) -> None:
        """Take a confirmation."""
        numbers = range(self._last + 1, tag + 1) if multiple else (tag,)
        for number in numbers:
            call = self._waiting.pop(number, None)
            if call is not None:
                call()
        if multiple:
            self._last = tag


class Redis(asyncio.Protocol):
    """Commands of one turn in one write; replies in their order."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader()
        self._waiting: deque[Callable[[Any], None]] = deque()
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def call(self, words: tuple[Any, ...], then: Callable[[Any], None]) -> None:
        """Send a command."""
        self._waiting.append(then)
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(hiredis.pack_command(words))

    def _flush(self) -> None:
        out, self._out = self._out, []
        self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Take replies."""
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._waiting.popleft()(reply)


async def daemon(amqp_url: str, redis_url: str) -> None:
    """Take events and results, write, and send actions."""
    amqp, url = await connect(amqp_url), URL(redis_url)
    loop = asyncio.get_running_loop()
    _, redis = await loop.create_connection(Redis, str(url.host), int(url.port or 6379))
    loaded: asyncio.Future[Any] = loop.create_future()
    redis.call(("SCRIPT", "LOAD", SCRIPT), loaded.set_result)
    digest = await loaded
    acknowledgements, confirmations = Acknowledgements(amqp), Confirmations()

    def take(tag: int, body: bytes) -> None:
        document = _decode(body)
        run, step = document.run, str(document.step)

        def written(_: Any) -> None:
            if document.step == STEPS:
                redis.call(("INCR", DONE), lambda _: None)
                acknowledgements.done(tag)
                return
            document.step += 1
            confirmations.wait(amqp.publish(ACTIONS, encode(document)), lambda: acknowledgements.done(tag))

        redis.call(("EVALSHA", digest, "3", f"r:{run}", f"o:{run}", "events", step, body), written)

    amqp.on_message, amqp.on_confirm = take, confirmations
    await amqp.ask(commands.Basic.Consume(queue=EVENTS))
    await asyncio.Event().wait()


async def module(amqp_url: str) -> None:
    """Take actions, and send results."""
    amqp = await connect(amqp_url)
    acknowledgements, confirmations = Acknowledgements(amqp), Confirmations()

    def take(tag: int, body: bytes) -> None:
        confirmations.wait(amqp.publish(EVENTS, encode(_decode(body))), lambda: acknowledgements.done(tag))

    amqp.on_message, amqp.on_confirm = take, confirmations
    await amqp.ask(commands.Basic.Consume(queue=ACTIONS))
    await asyncio.Event().wait()


if __name__ == "__main__":
    role, *urls = sys.argv[1:]
    asyncio.run(daemon(*urls) if role == "daemon" else module(urls[0]))
