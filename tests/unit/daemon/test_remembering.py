"""Runs that a daemon remembers: what is guessed, and when it stops to guess."""

from __future__ import annotations

import asyncio

import msgspec

from resistor.daemon.remembering import (
    CREDIT,
    MOST_AHEAD,
    MOST_PARTS,
    PAUSE,
    WRONG_COSTS,
    Guess,
    Moment,
    Remembered,
)
from resistor.daemon.told import Told
from resistor.engine.inbound import Answered, Inbound, Start, Wake
from resistor.engine.run import EventRef, Origin, Reads, Run, RunState, RunStatus
from resistor.messages.envelope import Envelope
from resistor.messages.event import Event
from resistor.messages.result import Completed
from resistor.ports import Delivery
from resistor.testing.virtual_loop import run_virtually

ORIGIN = Origin("shop", "order", 1, "digest", EventRef("e1", "order"), 1.0)
RUN = Run(
    id="r1",
    origin=ORIGIN,
    state=RunState(RunStatus.RUNNING),
    revision=3,
    input=b"{}",
    parts={"o:charge": b"1"},
    is_whole=False,
)
ANSWER = Answered("charge", 1, Completed(b"1"))
NEEDED = Reads(parts=frozenset({"o:charge"}))


def told(inbound: Inbound = ANSWER, *, redelivered: bool = False) -> list[Told]:
    delivery = Delivery(
        envelope=Envelope(),
        exchange="",
        routing_key="",
        queue="q",
        tag=1,
        generation=1,
        redelivered=redelivered,
        count=0,
    )
    return [Told("r1", None, inbound, "q", delivery)]


def start() -> Start:
    return Start(run="r1", event=Event(namespace="shop", name="order", data=b"{}", id="e1"))


def test_what_was_committed_is_known_at_its_next_revision() -> None:
    remembered = Remembered()
    remembered.keep(RUN, "c1")
    guess = remembered.guess(told(), NEEDED)
    assert guess is not None
    assert guess.run is not None
    assert (guess.run.revision, guess.commit) == (4, "c1")


def test_nothing_is_guessed_of_which_too_little_is_known() -> None:
    remembered = Remembered()
    assert remembered.guess(told(), NEEDED) is None
    remembered.keep(RUN, "c1")
    assert remembered.guess(told(), Reads(parts=frozenset({"o:ship"}))) is None
    assert remembered.guess(told(), Reads(outstanding=True)) is None
    assert remembered.guess(told(), Reads(everything=True)) is None
    assert remembered.guess(told(Wake()), NEEDED) is None


def test_an_event_s_run_is_guessed_not_to_be_there_when_it_comes_for_the_first_time() -> None:
    remembered = Remembered()
    assert remembered.guess(told(start()), Reads()) == Guess(None)
    assert remembered.guess(told(start(), redelivered=True), Reads()) is None
    remembered.keep(RUN, "c1")
    assert remembered.guess(told(start()), Reads()) is None


def test_what_is_over_and_what_is_large_is_not_remembered() -> None:
    remembered = Remembered()
    remembered.keep(RUN, "c1")
    over = RunState(RunStatus.COMPLETED)
    remembered.keep(msgspec.structs.replace(RUN, state=over), "c2")
    assert remembered.guess(told(), NEEDED) is None
    remembered.keep(msgspec.structs.replace(RUN, parts={f"o:{n}": b"1" for n in range(MOST_PARTS + 1)}), "c1")
    assert remembered.guess(told(), Reads()) is None


def test_the_longest_unused_go_where_there_are_too_many_bytes() -> None:
    remembered = Remembered(most_bytes=20_000)
    for n in range(100):
        remembered.keep(msgspec.structs.replace(RUN, id=f"r{n}"), "c1")
    known = [
        n for n in range(100) if remembered.guess([msgspec.structs.replace(told()[0], run=f"r{n}")], NEEDED)
    ]
    assert known == list(range(100 - len(known), 100))
    assert 5 < len(known) < 11


def test_where_guesses_are_wrong_none_are_made_for_a_while() -> None:
    remembered = Remembered()
    remembered.keep(RUN, "c1")
    for _ in range(CREDIT // WRONG_COSTS + 1):
        remembered.was(right=False)
    for _ in range(PAUSE):
        assert remembered.guess(told(), NEEDED) is None
    assert remembered.guess(told(), NEEDED) is not None


def test_the_store_s_time_goes_on_for_a_second_and_never_a_little_back() -> None:
    async def play() -> None:
        moment = Moment()
        assert moment.now() is None
        assert moment.heard(100.0, asked=moment.asked()) == 100.0
        await asyncio.sleep(0.5)
        assert moment.now() == 100.5
        assert moment.heard(100.4, asked=moment.asked()) == 100.5, "the answer had taken longer"
        set_back = 100.5 - 2 * MOST_AHEAD
        assert moment.heard(set_back, asked=moment.asked()) == set_back, "the clock was set"
        await asyncio.sleep(1.5)
        assert moment.now() is None

    run_virtually(play())


def test_an_answer_that_is_heard_late_is_no_step_back_and_does_not_count_for_what_follows() -> None:
    async def play() -> None:
        moment = Moment()
        asked = moment.asked()
        await asyncio.sleep(7.0)  # frozen, with the answer in the socket
        assert moment.heard(100.0, asked=asked) == 100.0
        assert moment.now() is None, "it is somewhere between 100 and 107"
        assert moment.heard(107.0, asked=moment.asked()) == 107.0
        asked = moment.asked()
        await asyncio.sleep(7.0)
        assert moment.heard(107.2, asked=asked) == 114.0

    run_virtually(play())
