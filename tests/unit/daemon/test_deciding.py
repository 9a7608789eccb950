"""A run and a batch's messages for it → one change."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from resistor.daemon import deciding
from resistor.daemon.deciding import decide, reads_for
from resistor.daemon.inbox import Told
from resistor.engine import Answered, Limits, Reads, Run, Start, Verdict, Wake, advance
from resistor.engine.inbound import Inbound
from resistor.engine.run import EVERYTHING
from resistor.errors import Reason
from resistor.messages.event import Event
from resistor.messages.result import Completed, Failed, Failure
from tests.unit.engine.workflows import step, workflow

FLOW = workflow(step("charge"), step("ship", with_={"r": "${steps.charge.output}"}), step("mail"))
RUN = "r" * 20
START = Start(RUN, Event(namespace="shop", name="order.placed", id="o-1", data=b"{}"))


def told(*messages: Inbound) -> list[Told]:
    return [Told(RUN, FLOW, message, "q") for message in messages]


def tell(run: Run | None, *messages: Inbound, closer: bool = False) -> deciding.Decided:
    return decide(run, told(*messages), now=5.0, limits=Limits(), closer=closer)


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
    assert [dispatch.step for dispatch in closer.outgoing.values()] == ["charge"]
    assert not closer.is_change


def test_an_answer_ahead_of_the_run_asks_for_everything_that_is_out_again() -> None:
    run = stored(tell(None, START).after)
    ahead = Answered("ship", 1, Completed(b"1"))
    assert len(tell(run, ahead).again) == 1
    closer = tell(run, ahead, closer=True)
    assert [dispatch.step for dispatch in closer.outgoing.values()] == ["charge"]
    assert [verdict for _, verdict in closer.verdicts] == [Verdict.AHEAD]


def test_a_refused_message_spoils_none_of_the_others() -> None:
    decided = tell(None, Answered("charge", 1, Completed(b"1")), START)
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
    assert reads_for(answers, closer=False) == Reads(steps=frozenset({"charge", "ship"}), outputs=frozenset())
    assert reads_for(answers, closer=True) is EVERYTHING
    assert reads_for(told(START, Wake()), closer=False) is EVERYTHING
