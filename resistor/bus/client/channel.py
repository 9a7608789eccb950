"""One channel: what arrives is gathered, what leaves is numbered, and what is confirmed lands.

Driven by the connection, frame by frame. Deliveries are handed over when all that was read in one go has been
looked at, so that whoever takes them is woken once. Implements `channels.Channel`.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

import pamqp.frame
from pamqp import commands
from pamqp.base import Frame

from resistor.bus.channels import Arrive, Letter, Lost, Refused
from resistor.bus.client import framing
from resistor.bus.decoding import body_size, envelope_of, escaped
from resistor.bus.envelopes import delivery_count
from resistor.ports import Delivery, Outcome

CLOSE_SECONDS = 5.0

WRITE_BYTES = 1 << 20
"""Of bodies, in one write: of large messages fewer leave at once, so that few wait in the socket's buffer."""

MOST_PREFIXES = 1_000
"""Encoded pairs of exchange and routing key that are kept: those of events are users' names, and many."""

Answer = TypeVar("Answer", bound=Frame)


class Carrier(Protocol):
    """What a channel needs of its connection."""

    payload_max: int

    def send(self, frame: Frame, channel: int) -> None:
        """Write what is rare. Raises `Lost`."""

    def write(self, frames: bytes) -> None:
        """Write. Raises `Lost`."""

    def flush(self) -> None:
        """Let all leave that has been written, now and not when this turn of the loop is over."""

    async def writable(self) -> None:
        """Wait until the socket takes more. Raises `Lost`."""

    def forget(self, number: int) -> None:
        """Drop a channel that is closed."""


class NativeChannel:
    """A channel of a connection."""

    def __init__(self, connection: Carrier, number: int) -> None:
        """Take the connection that writes, and the channel's number on it."""
        self.number = number
        self._connection = connection
        self._reason: BaseException | None = None
        self._is_closed = False  # nothing may be sent or expected any more
        self._is_closing = False  # our Close is out, and has not been answered
        self._over = asyncio.Event()
        self._when_closed: list[Callable[[BaseException | None], None]] = []
        self._asked: deque[tuple[type[Frame], asyncio.Future[Any]]] = deque()
        # What arrives.
        self._queue = ""
        self._generation = 0
        self._arrive: Arrive | None = None
        self._gathered: list[Delivery] = []
        self._deliver: tuple[int, bool, str, str] | None = None  # None: what comes was returned to us
        self._header = b""
        self._missing = 0  # bytes of body
        self._body: list[bytes] = []
        # What leaves.
        self._sequence = 0
        self._letters: dict[int, Letter] = {}  # by number, in their order
        self._by_id: dict[str, Letter] = {}
        self._prefixes: dict[tuple[str, str], bytes] = {}

    # ----------------------------------------------------------------------------------- its user's side

    @property
    def is_usable(self) -> bool:
        """Whether a frame may still be sent on it."""
        return not self._is_closed and not self._is_closing

    @property
    def open_ids(self) -> set[str]:
        """The message ids of letters that are out."""
        return set(self._by_id)

    def when_closed(self, call: Callable[[BaseException | None], None]) -> None:
        """Call `call` with the reason as soon as the channel is closed."""
        if self._is_closed:
            call(self._reason)
        else:
            self._when_closed.append(call)

    async def open(self, *, confirms: bool) -> None:
        """Open it. Raises `Lost`, and `Refused`."""
        await self.ask(commands.Channel.Open(), commands.Channel.OpenOk)
        if confirms:
            await self.ask(commands.Confirm.Select(), commands.Confirm.SelectOk)

    async def consume(
        self, queue: str, *, prefetch: int, priority: int = 0, generation: int, arrive: Arrive
    ) -> None:
        """Begin to consume. Raises `Lost` and `Refused`."""
        self._queue, self._generation, self._arrive = queue, generation, arrive
        await self.ask(commands.Basic.Qos(prefetch_count=prefetch), commands.Basic.QosOk)
        arguments: dict[str, Any] | None = {"x-priority": priority} if priority else None
        await self.ask(commands.Basic.Consume(queue=queue, arguments=arguments), commands.Basic.ConsumeOk)

    def ack(self, tag: int, *, multiple: bool) -> None:
        """Acknowledge a delivery, or all up to it. Raises `Lost`."""
        self._write(framing.ack(self.number, tag, multiple=multiple))

    def reject(self, tag: int, *, multiple: bool) -> None:
        """Have the broker dead-letter a delivery, or all up to it. Raises `Lost`."""
        self._write(framing.dead_letter(self.number, tag, multiple=multiple))

    async def publish(self, letters: Sequence[Letter]) -> None:
        """Write these in one go, or in several where they are large; waits while the socket takes no more.

        Raises `Lost`: some may have left then.
        """
        payload_max = self._connection.payload_max
        # Their ids are taken at once: two letters with the same one must not both get to wait for the socket.
        self._by_id.update({letter.message_id: letter for letter in letters})
        pieces: list[bytes] = []
        begin = size = 0
        try:
            for end, letter in enumerate(letters, 1):
                message = letter.message
                pieces.append(self._prefix(message.exchange, message.routing_key))
                pieces += framing.content(self.number, letter.header, message.envelope.body, payload_max)
                size += len(message.envelope.body)
                if size >= WRITE_BYTES or end == len(letters):
                    await self._leave(letters[begin:end], pieces)
                    begin, size, pieces = end, 0, []
        except BaseException:
            for letter in letters[begin:]:
                self._by_id.pop(letter.message_id, None)
            raise

    async def count(self, queue: str) -> tuple[int, int]:
        """Return how many messages are ready in a queue, and how many consume it."""
        asked = commands.Queue.Declare(queue=queue, passive=True)
        found = await self.ask(asked, commands.Queue.DeclareOk)
        return found.message_count or 0, found.consumer_count or 0

    async def close(self) -> None:
        """Close it, and be content if it is gone already.

        Nothing is sent behind Channel.Close, not another one either: for a channel that is closed the broker
        would close the connection. Where it does not answer, the number stays taken: it may mean this channel
        by it still.
        """
        self._say_close()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._over.wait()
        self.end(None)

    def abandon(self) -> None:
        """Close it without waiting; its number is free again when the broker has heard."""
        self._say_close()
        self.end(None)

    def _say_close(self) -> None:
        if self.is_usable:
            self._is_closing = True
            close = commands.Channel.Close(reply_code=200, reply_text="", class_id=0, method_id=0)
            self._connection.send(close, self.number)

    async def ask(self, request: Frame, answer: type[Answer]) -> Answer:
        """Send what is rare, and return the answer. Raises `Lost` and `Refused`."""
        frame = pamqp.frame.marshal(request, self.number)
        answered = self._answered(answer)
        self._connection.write(frame)
        return await answered

    async def expect(self, answer: type[Answer]) -> Answer:
        """Wait for what the broker says unasked. Raises as `ask` does."""
        return await self._answered(answer)

    def _answered(self, answer: type[Answer]) -> asyncio.Future[Answer]:
        if not self.is_usable:
            raise self._reason or Lost("the channel was closed")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked.append((answer, future))
        return future

    # ---------------------------------------------------------------------------------- frames that come

    def method(self, index: int, payload: bytes) -> None:
        """Take a method frame."""
        if index == framing.DELIVER:
            self._deliver = _delivered(payload)
        elif index == framing.ACK:
            self._confirmed(payload, Outcome.CONFIRMED)
        elif index == framing.NACK:
            self._confirmed(payload, Outcome.REFUSED)
        elif index == framing.RETURN:
            self._deliver = None
        elif index == framing.CHANNEL_CLOSE:
            self._closed(payload)
        elif index == framing.CANCEL:
            self._tell(Lost("the broker has ended the consumer"))
        else:
            self._rare(payload)

    def header(self, payload: bytes) -> None:
        """Take a header frame. Raises `ValueError` where the message before is not whole."""
        if self._missing:
            raise ValueError("a message begins in the middle of another")
        self._header = payload
        self._missing = body_size(payload)
        if not self._missing:
            self._complete(b"")

    def body(self, part: bytes) -> None:
        """Take a body frame: most bodies are in one. Raises `ValueError` for what no header announced."""
        if not part:
            return
        self._missing -= len(part)
        if self._missing < 0:
            raise ValueError("a body is longer than its header says")
        if self._missing:
            self._body.append(part)
        elif self._body:
            self._body.append(part)
            whole, self._body = b"".join(self._body), []
            self._complete(whole)
        else:
            self._complete(part)

    def hand_over(self) -> None:
        """Hand over what has been gathered."""
        gathered, self._gathered = self._gathered, []
        if self._arrive is not None and gathered and not self._is_closed:
            self._arrive(gathered)

    def end(self, reason: BaseException | None) -> None:
        """The channel is gone: whoever waits for it hears why. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self._reason = reason
        self._over.set()
        self._letters.clear()
        self._by_id.clear()
        self._gathered.clear()
        asked, self._asked = self._asked, deque()
        for _, future in asked:
            if not future.done():
                future.set_exception(reason or Lost("the channel was closed"))
        self._tell(reason)

    def _tell(self, reason: BaseException | None) -> None:
        for call in self._when_closed:
            call(reason)

    def _complete(self, body: bytes) -> None:
        """Take a message whose body is whole."""
        envelope = envelope_of(self._header, body)
        if self._deliver is None:
            letter = self._by_id.get(envelope.message_id or "")
            if letter is not None:
                letter.is_returned = True
            return
        (tag, redelivered, exchange, routing_key), self._deliver = self._deliver, None
        self._gathered.append(
            Delivery(
                envelope=envelope,
                exchange=exchange,
                routing_key=routing_key,
                queue=self._queue,
                tag=tag,
                generation=self._generation,
                redelivered=redelivered,
                count=delivery_count(envelope.headers) if redelivered else 0,
            )
        )

    def _confirmed(self, payload: bytes, outcome: Outcome) -> None:
        tag, flags = framing.tag_and_flag(payload, 4)
        if not flags & 1:
            numbers = [tag] if tag in self._letters else []
        else:
            numbers = []
            for number in self._letters:
                if number > tag:
                    break
                numbers.append(number)
        for number in numbers:
            letter = self._letters.pop(number)
            self._by_id.pop(letter.message_id, None)
            letter.land(Outcome.UNROUTABLE if letter.is_returned else outcome)

    def _closed(self, payload: bytes) -> None:
        """The broker closes the channel: say that it was heard, or its number stays taken.

        Where we were closing it too, the answer to that comes yet, and belongs to this channel.
        """
        (code,) = struct.unpack_from(">H", payload, 4)
        text, _ = escaped(payload, 6)
        self._connection.send(commands.Channel.CloseOk(), self.number)
        self.end(Refused(code, text))
        if not self._is_closing:
            self._connection.forget(self.number)

    def _rare(self, payload: bytes) -> None:
        frame = framing.decoded(payload)
        if isinstance(frame, commands.Channel.Flow):
            self._connection.send(commands.Channel.FlowOk(active=frame.active), self.number)
        elif isinstance(frame, commands.Channel.CloseOk):
            if self._is_closing:  # what was asked before is not answered any more
                self._connection.forget(self.number)
                self.end(None)
        elif self._asked and isinstance(frame, self._asked[0][0]):
            _, future = self._asked.popleft()
            if not future.done():
                future.set_result(frame)

    # ------------------------------------------------------------------------------------------ writing

    def _write(self, frames: bytes) -> None:
        if not self.is_usable:
            raise Lost("the channel was closed")
        self._connection.write(frames)

    async def _leave(self, letters: Sequence[Letter], pieces: Sequence[bytes]) -> None:
        """Write letters as soon as the socket takes more; from then on they are out."""
        await self._connection.writable()
        self._write(b"".join(pieces))
        for letter in letters:
            self._sequence += 1
            self._letters[self._sequence] = letter
        self._connection.flush()  # these are many already, or somebody waits for the one

    def _prefix(self, exchange: str, routing_key: str) -> bytes:
        """Return Basic.Publish for these, encoded once."""
        key = (exchange, routing_key)
        prefix = self._prefixes.get(key)
        if prefix is None:
            if len(self._prefixes) >= MOST_PREFIXES:
                self._prefixes.clear()
            prefix = self._prefixes[key] = framing.publish(self.number, exchange, routing_key)
        return prefix


def _delivered(payload: bytes) -> tuple[int, bool, str, str]:
    """Return the tag, whether it is a redelivery, the exchange and the routing key of Basic.Deliver."""
    position = 5 + payload[4]  # behind the consumer's tag
    tag, redelivered = framing.tag_and_flag(payload, position)
    exchange, position = escaped(payload, position + 9)
    routing_key, _ = escaped(payload, position)
    return tag, bool(redelivered & 1), exchange, routing_key
