"""Our AMQP client without a broker: frames in any pieces, frames that are none, and channels that close."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pamqp.frame
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamqp import commands
from pamqp.body import ContentBody
from pamqp.header import ContentHeader
from pamqp.heartbeat import Heartbeat

from resistor.bus import publishing as publishing_module
from resistor.bus.channels import Letter, Lost, Refused
from resistor.bus.client import connection as connection_module
from resistor.bus.client.channel import WRITE_BYTES, NativeChannel
from resistor.bus.client.connection import Connection
from resistor.bus.publishing import Publisher
from resistor.messages import Envelope
from resistor.ports import Delivery, Outcome, Publish

FRAME_MAX = 4096
PUBLISH = pamqp.frame.marshal(commands.Basic.Publish(exchange="x", routing_key="k", mandatory=True), 1)


class Socket:
    """In the place of a transport: keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.is_closed = False
        self.waiting = 0
        self.was_aborted = False
        self.when_written: Callable[[], None] = lambda: None

    def write(self, data: bytes) -> None:
        self.written += data
        self.when_written()

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.was_aborted = True

    def get_extra_info(self, _: str) -> None:
        return None

    def set_write_buffer_limits(self, *, high: int) -> None:
        assert high


class Wired:
    """A connection that is open, with one channel that consumes, and what was done with it."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.connection = Connection()
        self.connection.connection_made(self.socket)  # type: ignore[arg-type]
        self.connection.tune(channel_max=10, frame_max=FRAME_MAX, heartbeat=0)
        self.reasons: list[BaseException | None] = []
        self.connection.when_closed(self.reasons.append)
        self.arrived: list[Delivery] = []
        self.turns = 0

    async def channel(self, *, confirms: bool = False) -> NativeChannel:
        opening = asyncio.create_task(self.connection.channel(confirms=confirms))
        await asyncio.sleep(0)
        self.says(commands.Channel.OpenOk())
        for _ in range(3):
            await asyncio.sleep(0)
        if confirms:
            self.says(commands.Confirm.SelectOk())
        return await opening

    async def consuming(self) -> NativeChannel:
        channel = await self.channel()
        consuming = asyncio.create_task(channel.consume("q", prefetch=9, generation=4, arrive=self._arrive))
        for answer in (commands.Basic.QosOk(), commands.Basic.ConsumeOk(consumer_tag="c")):
            for _ in range(3):
                await asyncio.sleep(0)
            self.says(answer)
        await consuming
        return channel

    def _arrive(self, deliveries: list[Delivery]) -> None:
        self.turns += 1
        self.arrived += deliveries

    def says(self, *frames: Any, channel: int = 1) -> None:
        """The broker sends these, in one piece."""
        self.connection.data_received(b"".join(pamqp.frame.marshal(each, channel) for each in frames))


def message(tag: int, body: bytes, *, redelivered: bool = False) -> bytes:
    """Return the frames of a delivery."""
    headers: dict[str, Any] = {"x-delivery-count": 3} if redelivered else {"a": "b"}
    properties = commands.Basic.Properties(
        content_type="application/json", headers=headers, message_id=f"m{tag}"
    )
    size = FRAME_MAX - 8
    frames: list[Any] = [
        commands.Basic.Deliver("c", tag, redelivered, "x", "key"),
        ContentHeader(body_size=len(body), properties=properties),
        *(ContentBody(body[start : start + size]) for start in range(0, len(body), size)),
    ]
    return b"".join(pamqp.frame.marshal(frame, 1) for frame in frames)


def letter(number: int, body: bytes = b"{}") -> Letter:
    return Letter(
        Publish(exchange="x", routing_key="k", envelope=Envelope(body=body, message_id=f"m{number}"))
    )


STREAM = (
    message(1, b"one") + message(2, b"") + message(3, b"z" * 9000, redelivered=True) + message(4, b"four")
)
SEEN = [(1, b"one", False, 0), (2, b"", False, 0), (3, b"z" * 9000, True, 3), (4, b"four", False, 0)]


def seen(deliveries: list[Delivery]) -> list[tuple[int, bytes, bool, int]]:
    return [(each.tag, each.envelope.body, each.redelivered, each.count) for each in deliveries]


async def test_what_comes_in_one_piece_is_handed_over_at_once() -> None:
    wired = Wired()
    await wired.consuming()
    wired.connection.data_received(STREAM)
    assert seen(wired.arrived) == SEEN
    assert wired.turns == 1
    first = wired.arrived[0]
    assert (first.exchange, first.routing_key, first.queue, first.generation) == ("x", "key", "q", 4)
    assert first.envelope.headers == {"a": "b"}


async def test_a_stream_that_is_cut_anywhere_is_the_same() -> None:
    for cut in range(1, len(STREAM)):
        wired = Wired()
        await wired.consuming()
        wired.connection.data_received(STREAM[:cut])
        wired.connection.data_received(STREAM[cut:])
        assert seen(wired.arrived) == SEEN, cut


async def test_a_stream_that_comes_byte_by_byte_is_the_same() -> None:
    wired = Wired()
    await wired.consuming()
    for start in range(len(STREAM)):
        wired.connection.data_received(STREAM[start : start + 1])
    assert seen(wired.arrived) == SEEN


@given(
    st.lists(st.tuples(st.integers(0, len(STREAM) - 1), st.integers(0, 255)), max_size=5),
    st.binary(max_size=9),
)
async def test_whatever_the_broker_sends_ends_the_connection_or_is_taken(
    changes: list[tuple[int, int]], behind: bytes
) -> None:
    wired = Wired()
    await wired.consuming()
    stream = bytearray(STREAM)
    for position, value in changes:
        stream[position] = value
    wired.connection.data_received(bytes(stream) + behind)
    assert all(isinstance(reason, Lost) for reason in wired.reasons)
    wired.connection.fail(None)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"AMQP\x00\x01\x00\x0a", "another version"),
        (b"\x01\x00\x01\x7f\xff\xff\xff", "2147483647 bytes"),
        (b"\x01\x00\x01\x00\x00\x00\x04\x00\x3c\x00\x3c\x00", "does not end"),
        (b"\x09\x00\x01\x00\x00\x00\x01\x00\xce", "type 9"),
    ],
)
async def test_what_is_no_frame_ends_the_connection_and_says_why(data: bytes, why: str) -> None:
    wired = Wired()
    await wired.consuming()
    wired.connection.data_received(data + b"\x00")
    assert why in str(wired.reasons[0])


async def test_writes_of_one_turn_leave_together_and_what_is_published_with_them_at_once() -> None:
    wired = Wired()
    channel = await wired.consuming()
    await asyncio.sleep(0)
    first, second, third = (
        pamqp.frame.marshal(commands.Basic.Ack(7, True), 1),
        pamqp.frame.marshal(commands.Basic.Nack(8, False, requeue=False), 1),
        pamqp.frame.marshal(commands.Basic.Publish(exchange="x", routing_key="k", mandatory=True), 1),
    )
    wired.socket.written = b""
    channel.ack(7, multiple=True)
    channel.reject(8, multiple=False)
    assert wired.socket.written == b""
    await asyncio.sleep(0)
    assert wired.socket.written == first + second
    channel.ack(7, multiple=True)
    await channel.publish([letter(1)])
    assert wired.socket.written.startswith(first + second + first + third)


async def test_a_large_body_is_split_and_a_small_one_is_one_frame() -> None:
    wired = Wired()
    channel = await wired.channel()
    await asyncio.sleep(0)
    for body, frames in ((b"", 2), (b"{}", 3), (b"x" * (FRAME_MAX - 8), 3), (b"x" * (FRAME_MAX - 7), 4)):
        wired.socket.written = b""
        await channel.publish([letter(1, body)])
        await asyncio.sleep(0)
        left, kinds, bodies = wired.socket.written, 0, b""
        while left:
            consumed, number, frame = pamqp.frame.unmarshal(left)
            assert number == 1
            kinds += 1
            bodies += frame.value if isinstance(frame, ContentBody) else b""
            left = left[consumed:]
        assert (kinds, bodies) == (frames, body)


async def test_confirmations_of_one_and_of_many_land_in_their_letters() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    letters = [letter(number) for number in range(1, 7)]
    await channel.publish(letters)
    wired.says(commands.Basic.Ack(delivery_tag=3))
    wired.says(commands.Basic.Ack(delivery_tag=2, multiple=True))
    wired.says(commands.Basic.Nack(delivery_tag=4))
    wired.says(commands.Basic.Ack(delivery_tag=3))  # again: nothing
    confirmed, refused = Outcome.CONFIRMED, Outcome.REFUSED
    assert [each.outcome for each in letters] == [confirmed, confirmed, confirmed, refused, None, None]
    assert channel.open_ids == {"m5", "m6"}


async def test_what_came_back_is_unroutable_once_it_is_confirmed() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    letters = [letter(number) for number in (1, 2)]
    await channel.publish(letters)
    properties = commands.Basic.Properties(message_id="m2")
    wired.says(
        commands.Basic.Return(312, "NO_ROUTE", "x", "k"),
        ContentHeader(body_size=2, properties=properties),
        ContentBody(b"{}"),
    )
    assert letters[1].outcome is None
    wired.says(commands.Basic.Ack(delivery_tag=2, multiple=True))
    assert [each.outcome for each in letters] == [Outcome.CONFIRMED, Outcome.UNROUTABLE]


async def test_a_channel_that_the_broker_closes_says_why_and_its_number_is_free_again() -> None:
    wired = Wired()
    channel = await wired.consuming()
    reasons: list[Any] = []
    channel.when_closed(reasons.append)
    wired.says(commands.Channel.Close(404, "NOT_FOUND - no queue", 60, 20))
    assert isinstance(reasons[0], Refused)
    assert (reasons[0].code, str(reasons[0])) == (404, "NOT_FOUND - no queue")
    assert not channel.is_usable
    with pytest.raises(Lost):
        channel.ack(1, multiple=False)
    again = await wired.channel()
    assert again.number == channel.number
    assert wired.reasons == []


async def test_the_number_of_a_channel_is_taken_until_the_broker_has_closed_it() -> None:
    wired = Wired()
    opening = asyncio.create_task(wired.connection.channel())
    await asyncio.sleep(0)
    opening.cancel()
    await asyncio.wait({opening})
    second = asyncio.create_task(wired.connection.channel())
    await asyncio.sleep(0)
    wired.says(commands.Channel.OpenOk(), channel=2)
    assert (await second).number == 2
    wired.says(commands.Channel.OpenOk(), commands.Channel.CloseOk(), channel=1)
    third = asyncio.create_task(wired.connection.channel())
    await asyncio.sleep(0)
    wired.says(commands.Channel.OpenOk())
    assert (await third).number == 1


async def test_what_is_asked_when_the_connection_breaks_is_lost() -> None:
    wired = Wired()
    channel = await wired.consuming()
    asking = asyncio.create_task(channel.count("q"))
    await asyncio.sleep(0)
    wired.connection.connection_lost(ConnectionResetError("reset"))
    with pytest.raises(Lost, match="reset"):
        await asking
    with pytest.raises(Lost):
        await channel.count("q")
    with pytest.raises(Lost):
        await wired.connection.channel()


async def test_a_broker_that_hangs_up_says_why() -> None:
    wired = Wired()
    await wired.consuming()
    wired.says(commands.Connection.Close(320, "CONNECTION_FORCED - bye", 0, 0), channel=0)
    assert str(wired.reasons[0]) == "CONNECTION_FORCED - bye"
    assert wired.socket.written.endswith(pamqp.frame.marshal(commands.Connection.CloseOk(), 0))


async def test_alarms_are_known() -> None:
    wired = Wired()
    wired.says(commands.Connection.Blocked("memory"), channel=0)
    assert wired.connection.is_blocked
    wired.says(commands.Connection.Unblocked(), channel=0)
    assert not wired.connection.is_blocked


async def test_publishing_waits_while_the_socket_takes_no_more() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    wired.connection.pause_writing()
    publishing = asyncio.create_task(channel.publish([letter(1)]))
    await asyncio.sleep(0)
    assert not publishing.done()
    wired.connection.resume_writing()
    await publishing
    assert channel.open_ids == {"m1"}


async def test_a_heartbeat_is_no_message() -> None:
    wired = Wired()
    await wired.consuming()
    wired.says(Heartbeat(), channel=0)
    assert wired.arrived == []
    assert wired.reasons == []


async def test_a_body_that_nobody_announced_ends_the_connection() -> None:
    for stray in ([ContentBody(b"x")], [ContentHeader(body_size=1), ContentBody(b"xy")]):
        wired = Wired()
        await wired.consuming()
        wired.connection.data_received(message(1, b"whole"))
        wired.says(*stray)
        assert "longer than its header" in str(wired.reasons[0])
        assert seen(wired.arrived) == [(1, b"whole", False, 0)]


async def test_a_message_in_the_middle_of_another_ends_the_connection() -> None:
    wired = Wired()
    await wired.consuming()
    wired.connection.data_received(message(1, b"z" * 9000)[:-2000].rpartition(b"\xce")[0] + b"\xce")
    wired.connection.data_received(message(2, b"two"))
    assert "in the middle" in str(wired.reasons[0])
    assert wired.arrived == []


async def test_an_empty_body_frame_is_no_message() -> None:
    wired = Wired()
    await wired.consuming()
    empty = b"\x03\x00\x01\x00\x00\x00\x00\xce"
    wired.connection.data_received(message(1, b"") + empty + message(2, b"two") + empty)
    assert seen(wired.arrived) == [(1, b"", False, 0), (2, b"two", False, 0)]
    assert wired.reasons == []


async def test_what_comes_behind_connection_close_is_not_looked_at() -> None:
    wired = Wired()
    await wired.consuming()
    close = pamqp.frame.marshal(commands.Connection.Close(320, "bye", 0, 0), 0)
    wired.connection.data_received(close + b"\x00" * 20)
    wired.connection.data_received(message(1, b"late"))
    assert [str(reason) for reason in wired.reasons] == ["bye"]
    assert wired.arrived == []


async def test_a_method_of_a_channel_on_the_connection_itself_ends_it() -> None:
    wired = Wired()
    wired.says(commands.Channel.Close(504, "odd", 0, 0), channel=0)
    assert "class 20 on channel 0" in str(wired.reasons[0])


async def test_a_channel_is_closed_once_and_nothing_is_sent_behind_it() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    letters = [letter(1), letter(2)]
    await channel.publish(letters)
    await asyncio.sleep(0)
    wired.socket.written = b""
    closing = [asyncio.create_task(channel.close()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not channel.is_usable
    with pytest.raises(Lost):
        await channel.publish([letter(3)])
    with pytest.raises(Lost):
        channel.ack(1, multiple=False)
    with pytest.raises(Lost):
        await channel.count("q")
    await asyncio.sleep(0)
    close = commands.Channel.Close(reply_code=200, reply_text="", class_id=0, method_id=0)
    assert wired.socket.written == pamqp.frame.marshal(close, 1)
    wired.says(commands.Basic.Ack(delivery_tag=1), commands.Channel.CloseOk())
    await asyncio.gather(*closing)
    assert [each.outcome for each in letters] == [Outcome.CONFIRMED, None]
    assert (await wired.channel()).number == 1


async def test_what_was_asked_of_a_channel_that_is_closed_is_lost() -> None:
    wired = Wired()
    channel = await wired.consuming()
    asking = asyncio.create_task(channel.count("q"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(channel.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    wired.says(commands.Channel.CloseOk())
    with pytest.raises(Lost):
        await asking


async def test_the_number_is_taken_until_both_have_closed_where_both_do_at_once() -> None:
    wired = Wired()
    channel = await wired.consuming()
    closing = asyncio.create_task(channel.close())
    await asyncio.sleep(0)
    wired.says(commands.Channel.Close(406, "PRECONDITION_FAILED", 60, 80))
    await closing
    opening = asyncio.create_task(wired.connection.channel())
    await asyncio.sleep(0)
    wired.says(commands.Channel.CloseOk())
    assert not opening.done()
    wired.says(commands.Channel.OpenOk(), channel=2)
    assert (await opening).number == 2
    assert (await wired.channel()).number == 1


async def test_a_question_that_cannot_be_sent_takes_no_answer_from_another() -> None:
    wired = Wired()
    channel = await wired.consuming()
    with pytest.raises(ValueError, match="Max length"):
        await channel.count("q" * 300)
    asking = asyncio.create_task(channel.count("q"))
    await asyncio.sleep(0)
    wired.says(commands.Queue.DeclareOk(queue="q", message_count=3, consumer_count=1))
    assert await asking == (3, 1)


async def test_other_channels_live_on_when_one_is_closed() -> None:
    wired = Wired()
    first = await wired.consuming()
    opening = asyncio.create_task(wired.connection.channel())
    await asyncio.sleep(0)
    wired.says(commands.Channel.OpenOk(), channel=2)
    second = await opening
    wired.says(commands.Channel.Close(406, "no", 0, 0), channel=2)
    assert (first.is_usable, second.is_usable) == (True, False)
    wired.connection.data_received(message(1, b"one"))
    assert seen(wired.arrived) == [(1, b"one", False, 0)]


async def test_a_consumer_that_the_broker_ends_is_told() -> None:
    wired = Wired()
    channel = await wired.consuming()
    reasons: list[Any] = []
    channel.when_closed(reasons.append)
    wired.says(commands.Basic.Cancel(consumer_tag="c", nowait=True))
    assert isinstance(reasons[0], Lost)


async def test_large_letters_leave_a_few_at_a_time() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    letters = [letter(number, b"x" * (WRITE_BYTES // 2)) for number in range(1, 6)]
    wired.socket.when_written = wired.connection.pause_writing
    publishing = asyncio.create_task(channel.publish(letters))
    for left in (2, 4):
        for _ in range(3):
            await asyncio.sleep(0)
        assert wired.socket.written.count(PUBLISH) == left
        wired.connection.resume_writing()
    await publishing
    await asyncio.sleep(0)
    assert wired.socket.written.count(PUBLISH) == 5


async def test_many_publishers_of_one_turn_fill_the_socket_and_then_wait() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    wired.socket.when_written = wired.connection.pause_writing
    publishing = [asyncio.create_task(channel.publish([letter(n, b"x" * WRITE_BYTES)])) for n in range(9)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert wired.socket.written.count(PUBLISH) == 1
    wired.connection.connection_lost(None)
    await asyncio.wait(publishing)
    assert [isinstance(each.exception(), Lost) for each in publishing] == [False] + [True] * 8


class Clock:
    """In the place of a loop's time; timers that have been set are let go by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.timers: list[tuple[float, Any]] = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: self.now)
        monkeypatch.setattr(loop, "call_later", self._later)

    def _later(self, pause: float, call: Any, *arguments: Any) -> Any:
        self.timers.append((self.now + pause, lambda: call(*arguments)))
        return asyncio.Handle(lambda: None, (), asyncio.get_running_loop())

    def go_on(self, late: float = 0.0) -> None:
        """Let the next timer go, so much too late."""
        at, call = self.timers.pop(0)
        self.now = at + late
        call()


@pytest.fixture
async def beating(monkeypatch: pytest.MonkeyPatch) -> tuple[Wired, Clock]:
    """A connection with a heartbeat of two seconds, and its clock."""
    clock = Clock(monkeypatch)
    wired = Wired()
    wired.connection.tune(channel_max=10, frame_max=FRAME_MAX, heartbeat=2.0)
    wired.socket.written = b""
    return wired, clock


async def test_we_give_a_sign_of_life_where_nothing_else_was_said(beating: tuple[Wired, Clock]) -> None:
    wired, clock = beating
    beat = Heartbeat().marshal()
    for count in range(1, 4):
        clock.go_on()
        await asyncio.sleep(0)
        assert wired.socket.written == beat * count
        wired.says(Heartbeat(), channel=0)
    clock.now += 0.9
    wired.connection.write(b"x")
    await asyncio.sleep(0)
    clock.go_on()
    await asyncio.sleep(0)
    assert wired.socket.written == beat * 3 + b"x"


async def test_a_broker_that_gives_no_sign_of_life_is_given_up(beating: tuple[Wired, Clock]) -> None:
    wired, clock = beating
    while not wired.reasons:
        clock.go_on()
    assert clock.now == 107.0
    assert "no sign of life" in str(wired.reasons[0])
    assert wired.socket.is_closed


async def test_a_loop_that_was_busy_is_not_taken_for_a_broker_that_is_silent(
    beating: tuple[Wired, Clock],
) -> None:
    wired, clock = beating
    clock.go_on(late=60.0)
    assert wired.reasons == []
    wired.says(Heartbeat(), channel=0)
    clock.go_on()
    assert wired.reasons == []


async def test_a_peer_that_does_not_end_the_connection_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "CLOSE_SECONDS", 0.01)
    wired = Wired()
    await wired.connection.close()
    assert wired.socket.was_aborted


async def test_a_leave_that_is_cancelled_leaves_nothing_open() -> None:
    wired = Wired()
    closing = asyncio.create_task(wired.connection.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait({closing})
    assert wired.socket.is_closed


async def test_a_server_without_a_limit_may_send_frames_of_any_size() -> None:
    wired = Wired()
    wired.connection.tune(channel_max=0, frame_max=0, heartbeat=0)
    channel = await wired.consuming()
    whole = pamqp.frame.marshal(commands.Basic.Deliver("c", 1, False, "x", "key"), 1)
    whole += pamqp.frame.marshal(ContentHeader(body_size=300_000), 1)
    whole += pamqp.frame.marshal(ContentBody(b"z" * 300_000), 1)
    for start in range(0, len(whole), 1000):
        wired.connection.data_received(whole[start : start + 1000])
    assert seen(wired.arrived) == [(1, b"z" * 300_000, False, 0)]
    await asyncio.sleep(0)
    wired.socket.written = b""
    await channel.publish([letter(1, b"y" * 300_000)])
    await asyncio.sleep(0)
    assert wired.socket.written.endswith(pamqp.frame.marshal(ContentBody(b"y" * 300_000), 1))


class Standing:
    """In the place of a link: always up."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def current(self) -> Connection:
        return self._connection


async def test_a_confirmation_is_not_overdue_before_all_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing_module, "CONFIRM_SECONDS", 0.01)
    wired = Wired()
    wired.socket.waiting = 1
    publisher = Publisher(Standing(wired.connection))  # type: ignore[arg-type]
    publishing = asyncio.create_task(publisher.publish([letter(1).message]))
    for answer in (commands.Channel.OpenOk(), commands.Confirm.SelectOk()):
        for _ in range(5):
            await asyncio.sleep(0)
        wired.says(answer)
    await asyncio.wait({publishing}, timeout=0.1)
    close = commands.Channel.Close(reply_code=200, reply_text="", class_id=0, method_id=0)
    assert pamqp.frame.marshal(close, 1) not in wired.socket.written
    wired.socket.waiting = 0
    async with asyncio.timeout(5.0):
        while pamqp.frame.marshal(close, 1) not in wired.socket.written:  # noqa: ASYNC110 - a fake socket
            await asyncio.sleep(0)
    wired.says(commands.Basic.Ack(delivery_tag=1), commands.Channel.CloseOk())
    assert await publishing == [Outcome.CONFIRMED]


async def test_an_id_is_taken_as_soon_as_its_letter_waits_for_the_socket() -> None:
    wired = Wired()
    channel = await wired.channel(confirms=True)
    wired.connection.pause_writing()
    publishing = [asyncio.create_task(channel.publish([letter(number)])) for number in (1, 2)]
    await asyncio.sleep(0)
    assert channel.open_ids == {"m1", "m2"}
    publishing[0].cancel()
    await asyncio.wait({publishing[0]})
    assert channel.open_ids == {"m2"}
    wired.connection.resume_writing()
    await publishing[1]
    assert channel.open_ids == {"m2"}
    wired.says(commands.Basic.Ack(delivery_tag=1))
    assert channel.open_ids == set()
