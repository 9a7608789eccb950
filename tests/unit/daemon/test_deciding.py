"""A run and a batch's messages for it → one change."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from resistor.catalog import load_text
from resistor.daemon import deciding
from resistor.daemon.deciding import Decided, decide, reads_for
from resistor.daemon.told import Told
from resistor.engine import Verdict, advance
from resistor.engine.decision import Unsubscribe
from resistor.engine.inbound import Answered, Heard, Inbound, Start, Wake
from resistor.engine.limits import Limits
from resistor.engine.run import Reads, Run
from resistor.errors import Reason
from resistor.messages.envelope import Envelope
from resistor.messages.event import Event
from resistor.messages.result import Completed, Failed, Failure
from resistor.ports import Delivery

[FLOW] = (
    load_text(b"""
shop:
  order.placed:
    version: 1
    steps:
      - {module: m, action: charge}
      - {module: m, action: ship, with: {r: "${steps.charge.output}"}}
      - {module: m, action: mail}
""")
    .or_raise()
    .workflows
)
RUN = "r" * 20
EVENT = Event(namespace="shop", name="order.placed", id="o-1", data=b"{}")
START = Start(run=RUN, event=EVENT)


def told(*messages: Inbound) -> list[Told]:
    return [Told(RUN, FLOW, message, "q") for message in messages]


def tell(run: Run | None, *messages: Inbound, closer: bool = False) -> Decided:
    return decide(Decided(run, run, None, 5.0), told(*messages), limits=Limits(), closer=closer)


@pytest.fixture
def delivered() -> Told:
    """An answer from a queue, for a run that there is not."""
    envelope = Envelope(body=b"{}")
    delivery = Delivery(envelope=envelope, exchange="x", routing_key="0", queue="q", tag=1, generation=1)
    return Told(RUN, FLOW, Answered("charge", 1, Completed(b"1")), "q", delivery)


def stored(run: Run | None, **changes: Any) -> Run:
    assert run is not None
    return msgspec.structs.replace(run, revision=1, **changes)


def test_messages_of_one_batch_are_applied_in_their_order_and_committed_together() -> None:
    decided = tell(None, START, Answered("charge", 1, Completed(b"1")), Answered("ship", 1, Completed(b"2")))
    assert decided.before is None
    assert decided.after is not None
    assert decided.after.outputs == {"charge": b"1", "ship": b"2"}
    assert decided.is_change
    assert [verdict for _, verdict in decided.verdicts] == [Verdict.APPLIED] * 3


def test_a_duplicate_in_the_batch_of_its_original_is_looked_at_again_after_the_commit() -> None:
    decided = tell(None, START, START)
    assert (len(decided.verdicts), len(decided.again)) == (1, 1)
    assert len(decided.outgoing) == 1


def test_a_duplicate_asks_for_the_whole_run_and_then_repeats_what_is_unconfirmed() -> None:
    run = stored(tell(None, START).after)
    first = tell(run, START)
    assert (first.verdicts, len(first.again), first.is_change) == ([], 1, False)
    closer = tell(stored(run, unconfirmed=frozenset({"charge"})), START, closer=True)
    assert list(closer.outgoing) == ["charge"]
    assert not closer.is_change


def test_a_wake_repeats_only_what_should_be_confirmed_by_now() -> None:
    run = stored(tell(None, START).after, unconfirmed=frozenset({"charge"}))
    assert not tell(run, Wake(), closer=True).outgoing
    late = msgspec.structs.replace(run, overdue=frozenset({"charge"}))
    assert list(tell(late, Wake(), closer=True).outgoing) == ["charge"]
    assert not tell(late, Wake(is_nudge=True), closer=True).outgoing


def test_an_answer_ahead_of_the_run_asks_for_everything_that_is_out_again() -> None:
    run = stored(tell(None, START).after)
    decided = tell(run, Answered("ship", 1, Completed(b"1")))
    assert list(decided.outgoing) == ["charge"]
    assert [verdict for _, verdict in decided.verdicts] == [Verdict.AHEAD]


def test_what_was_not_loaded_is_asked_for_and_nothing_is_decided_meanwhile() -> None:
    whole = tell(None, START).after
    assert whole is not None
    part = stored(whole, parts={}, is_whole=False)
    decided = tell(part, Answered("charge", 1, Completed(b"1")))
    assert decided.missing == Reads(parts=frozenset({"s:charge"}))
    assert (decided.is_change, decided.verdicts, decided.facts) == (False, [], [])


def test_a_message_for_a_run_that_is_no_more_takes_back_what_led_to_it() -> None:
    back = Unsubscribe(name="", namespace="shop", event="paid", key=None, address="wait")
    message = Told(RUN, None, Heard("wait", "e-1", EVENT), "q", if_gone=(back,))
    decided = decide(Decided(None, None, None, 5.0), [message], limits=Limits(), closer=False)
    assert decided.gone == [message]
    assert decided.refused == []


def test_what_is_settled_in_the_same_batch_does_not_go_out() -> None:
    decided = tell(None, START, Answered("charge", 1, Completed(b"1")))
    assert list(decided.outgoing) == ["ship"]
    assert decided.settled == {"charge"}


def test_a_refused_message_spoils_none_of_the_others(delivered: Told) -> None:
    decided = decide(Decided(None, None, None, 5.0), [delivered, *told(START)], limits=Limits(), closer=False)
    [(_, why)] = decided.refused
    assert why.reason is Reason.UNKNOWN_RUN
    assert [verdict for _, verdict in decided.verdicts] == [Verdict.APPLIED]


def test_a_message_that_the_engine_chokes_on_is_poison_and_spoils_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = advance

    def chokes(flow: Any, run: Any, message: Inbound, **more: Any) -> Any:
        if isinstance(message, Answered):
            raise ZeroDivisionError("nobody foresaw this")
        return real(flow, run, message, **more)

    monkeypatch.setattr(deciding, "advance", chokes)
    decided = tell(None, START, Answered("charge", 1, Failed(Failure("x"))), START)
    [(_, why)] = decided.refused
    assert (why.reason, why.detail) == (Reason.POISON, "ZeroDivisionError: nobody foresaw this")
    assert (len(decided.verdicts), len(decided.again)) == (1, 1)
    assert "could not be decided" in caplog.text


def test_what_is_loaded_is_what_the_messages_name() -> None:
    answers = told(Answered("charge", 1, Completed(b"1")), Answered("ship", 1, Completed(b"1")))
    parts = frozenset({"s:charge", "o:charge", "s:ship"})
    assert reads_for(answers, closer=False) == Reads(parts=parts)
    assert reads_for(answers, closer=True) == Reads(parts=parts, outstanding=True)
    assert reads_for(told(START, Wake()), closer=False) == Reads(outstanding=True)
