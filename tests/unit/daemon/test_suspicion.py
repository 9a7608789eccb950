"""Which message is what kills, and being alone while one is tried."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from resistor.daemon import suspicion as room
from resistor.daemon.patience import Patience
from resistor.daemon.quiet import Quiet
from resistor.daemon.suspicion import MOST_TRIES, Suspicion, fingerprint, is_suspect
from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import Envelope
from resistor.ports import Delivery


class Notes:
    """`ports.Suspects` in a dict."""

    def __init__(self) -> None:
        self.attempts: dict[str, set[str]] = defaultdict(set)
        self.finished = asyncio.Event()

    async def begun(self, fingerprints: Sequence[str]) -> Sequence[int]:
        return [len(self.attempts[each]) for each in fingerprints]

    async def begin(self, fingerprint: str, attempt: str) -> int:
        self.attempts[fingerprint].add(attempt)
        return len(self.attempts[fingerprint])

    async def finish(self, fingerprint: str) -> None:
        self.attempts.pop(fingerprint, None)
        self.finished.set()

    def died(self, delivery: Delivery, times: int) -> None:
        self.attempts[fingerprint(delivery)] = {f"process {number}" for number in range(times)}


def delivery(body: bytes = b"{}", *, count: int = 2, **more: Any) -> Delivery:
    envelope = Envelope(body=body, message_id="1", headers={"resistor-token": "t"})
    values: dict[str, Any] = {"exchange": "e", "routing_key": "k", "queue": "q", "tag": 1, "generation": 1}
    return Delivery(envelope=envelope, count=count, **values | more)


def test_only_what_was_delivered_more_than_once_in_vain_is_suspect() -> None:
    assert [is_suspect(delivery(count=count)) for count in (0, 1, 2, 999)] == [False, False, True, True]


def test_a_fingerprint_is_the_message_s_and_not_the_delivery_s() -> None:
    one = delivery()
    assert fingerprint(one) == fingerprint(delivery(tag=7, generation=3, count=9, redelivered=True))
    envelope = one.envelope
    others = [
        delivery(b"[]"),
        delivery(queue="other"),
        delivery(routing_key="other"),
        delivery(queue="qk", routing_key=""),
        msgspec.structs.replace(one, envelope=msgspec.structs.replace(envelope, message_id="2")),
        msgspec.structs.replace(one, envelope=msgspec.structs.replace(envelope, headers={})),
    ]
    assert len({fingerprint(each) for each in [one, *others]}) == 7


async def test_what_was_begun_most_often_is_tried_last() -> None:
    notes = Notes()
    first, second, third = delivery(b"1"), delivery(b"2"), delivery(b"3")
    notes.died(first, 3)
    notes.died(second, 1)
    assert await Suspicion(notes, Patience()).in_order([first, second, third]) == [third, second, first]


async def test_a_message_that_was_begun_five_times_and_never_finished_is_poison() -> None:
    notes = Notes()
    suspicion = Suspicion(notes, Patience())
    notes.died(delivery(), MOST_TRIES)
    with pytest.raises(RejectedMessage, match="died 5 times with this message, and nothing else") as refused:
        async with suspicion.trying(delivery()):
            raise AssertionError("it was tried once more")
    assert refused.value.reason is Reason.POISON
    assert await notes.begun([fingerprint(delivery())]) == [0]


async def test_one_try_too_few_is_no_proof_and_a_survivor_is_forgotten() -> None:
    notes = Notes()
    notes.died(delivery(), MOST_TRIES - 1)
    async with Suspicion(notes, Patience()).trying(delivery()):
        assert await notes.begun([fingerprint(delivery())]) == [MOST_TRIES]
    assert await notes.begun([fingerprint(delivery())]) == [0]


async def test_an_orderly_stop_is_no_death() -> None:
    notes = Notes()

    async def hang() -> None:
        async with Suspicion(notes, Patience()).trying(delivery()):
            in_hand.set()
            await asyncio.Event().wait()

    in_hand = asyncio.Event()
    task = asyncio.create_task(hang())
    await in_hand.wait()
    task.cancel()
    await asyncio.wait({task})
    assert await notes.begun([fingerprint(delivery())]) == [0]


async def test_a_process_that_still_turns_after_a_while_is_not_what_the_message_kills(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "ALIBI_SECONDS", 0.0)
    notes = Notes()
    async with Suspicion(notes, Patience()).trying(delivery()):
        await notes.finished.wait()
        assert await notes.begun([fingerprint(delivery())]) == [0]


# ---------------------------------------------------------------------------------------------- alone


async def test_whoever_is_alone_is_alone_and_goes_before_those_who_are_not() -> None:
    quiet, log = Quiet(), list[str]()
    may_end = asyncio.Event()

    async def other(name: str) -> None:
        async with quiet.among_others():
            log.append(f"{name} begins")
            await may_end.wait()
            log.append(f"{name} ends")

    async def alone() -> None:
        async with quiet.alone():
            log.append("alone begins")
            await asyncio.sleep(0)
            log.append("alone ends")

    early = [asyncio.create_task(other("a")), asyncio.create_task(other("b"))]
    await asyncio.sleep(0)
    rest = [asyncio.create_task(alone()), asyncio.create_task(alone())]
    await asyncio.sleep(0)
    rest.append(asyncio.create_task(other("late")))
    await asyncio.sleep(0)
    assert log == ["a begins", "b begins"]
    may_end.set()
    await asyncio.gather(*early, *rest)
    assert log[2:4] == ["a ends", "b ends"]
    assert log.index("late begins") > log.index("alone begins")
    inside = log[log.index("alone begins") :]
    assert inside[:2] == ["alone begins", "alone ends"]
    assert log.count("alone ends") == 2


async def test_who_gives_up_waiting_to_be_alone_leaves_the_room_open() -> None:
    quiet = Quiet()
    async with quiet.among_others():
        waiting = asyncio.create_task(anext(aiter_of(quiet)))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        async with asyncio.timeout(5), quiet.among_others():
            pass
    async with asyncio.timeout(5), quiet.alone():
        pass


async def aiter_of(quiet: Quiet) -> Any:
    async with quiet.alone():
        yield
