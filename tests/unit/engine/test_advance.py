"""What follows from a message."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from resistor.engine import Answered, Decision, Run, RunStatus, Start, StepStatus, Verdict, Wake, advance
from resistor.engine.facts import FactName
from resistor.engine.limits import Limits
from resistor.engine.workflow import Workflow
from resistor.errors import IllegalTransition, Reason, RejectedMessage
from resistor.messages.event import Event
from resistor.messages.result import Completed, Failed, Failure, Later, Progress
from tests.unit.engine.workflows import step, workflow

NOW = 1_700_000_000.0
TWO_STEPS = workflow(step("charge"), step("ship"))


def start(flow: Workflow = TWO_STEPS, data: bytes = b'{"amount":5}', **limits: Any) -> Decision:
    event = Event(namespace="shop", name="order.placed", id="o-1", data=data)
    return advance(flow, None, Start("r" * 20, event), now=NOW, limits=Limits(**limits))


def answer(flow: Workflow, run: Run, step_id: str, what: Any, attempt: int = 1, now: float = NOW) -> Decision:
    return advance(flow, run, Answered(step_id, attempt, what), now=now)


def test_an_event_starts_a_run_and_sends_the_first_action() -> None:
    decision = start()
    [dispatch] = decision.outgoing
    assert (dispatch.step, dispatch.module, dispatch.action, dispatch.attempt) == ("charge", "m", "charge", 1)
    assert dispatch.input == b'{"amount":5}'
    assert dispatch.idempotency_key == "r" * 20 + ":charge"
    assert decision.run.state.status is RunStatus.RUNNING
    assert [fact.name for fact in decision.facts] == [FactName.RUN_STARTED, FactName.STEP_SCHEDULED]


def test_a_result_sends_the_next_action_and_the_last_one_completes_the_run() -> None:
    first = answer(TWO_STEPS, start().run, "charge", Completed(b'{"receipt":"r-1"}'))
    assert [dispatch.step for dispatch in first.outgoing] == ["ship"]
    last = answer(TWO_STEPS, first.run, "ship", Completed(b'"t-1"'))
    assert last.outgoing == ()
    assert last.run.state.status is RunStatus.COMPLETED
    assert last.run.state.output_of == "ship"
    assert last.run.state.finished_at == NOW


def test_a_workflow_without_steps_completes_at_once_and_has_no_output() -> None:
    run = start(workflow()).run
    assert (run.state.status, run.state.output_of) == (RunStatus.COMPLETED, None)


def test_with_makes_the_input_from_the_event_and_from_earlier_outputs() -> None:
    flow = workflow(
        step("charge"),
        step("ship", with_={"receipt": "${steps.charge.output.receipt}", "note": "for ${input.amount} EUR"}),
    )
    decision = answer(flow, start(flow).run, "charge", Completed(b'{"receipt":[1.0,{}]}'))
    assert decision.outgoing[0].input == b'{"receipt":[1.0,{}],"note":"for 5 EUR"}'
    assert decision.run.inputs == {"ship": decision.outgoing[0].input}


def test_an_input_that_cannot_be_made_fails_the_step_and_names_the_path() -> None:
    flow = workflow(step("charge", with_={"to": "${input.customer.email}"}))
    decision = start(flow)
    assert decision.outgoing == ()
    assert decision.run.state.status is RunStatus.FAILED
    failure = decision.run.state.failure
    assert failure is not None
    assert (failure.type, failure.step, failure.retryable) == ("expression", "charge", False)
    assert "there is no input.customer" in failure.message


def test_an_input_over_the_limit_fails_the_step() -> None:
    flow = workflow(step("charge", with_={"twice": ["${input}", "${input}"]}))
    failure = start(flow, b'{"text":"' + b"x" * 600 + b'"}', payload_bytes=1000).run.state.failure
    assert failure is not None
    assert failure.type == "payload_too_large"


def test_an_output_over_the_limit_fails_the_step() -> None:
    run = start().run
    message = Answered("charge", 1, Completed(b'"' + b"x" * 1000 + b'"'))
    failure = advance(TWO_STEPS, run, message, now=NOW, limits=Limits(payload_bytes=1000)).run.state.failure
    assert failure is not None
    assert failure.type == "payload_too_large"


def test_a_failed_result_ends_the_run_as_failed() -> None:
    decision = answer(TWO_STEPS, start().run, "charge", Failed(Failure("card_declined", "no")))
    assert decision.run.state.status is RunStatus.FAILED
    assert decision.run.steps["charge"].status is StepStatus.FAILED
    assert decision.run.state.failure == Failure("card_declined", "no", step="charge")
    assert [fact.name for fact in decision.facts] == [FactName.STEP_FAILED, FactName.RUN_FAILED]


def test_the_same_result_again_changes_nothing_and_repeats_what_is_unconfirmed() -> None:
    first = answer(TWO_STEPS, start().run, "charge", Completed(b"1"))
    stored = _stored(first.run, unconfirmed={"ship"})
    again = answer(TWO_STEPS, stored, "charge", Completed(b"1"), now=NOW + 60)
    assert (again.verdict, again.run, again.facts) == (Verdict.DUPLICATE, stored, ())
    assert again.outgoing == first.outgoing


def test_the_same_result_again_repeats_nothing_once_it_is_confirmed() -> None:
    first = answer(TWO_STEPS, start().run, "charge", Completed(b"1"))
    assert answer(TWO_STEPS, first.run, "charge", Completed(b"1")).outgoing == ()


def test_the_same_event_again_repeats_the_first_action() -> None:
    first = start()
    again = advance(
        TWO_STEPS,
        _stored(first.run, unconfirmed={"charge"}),
        Start("r" * 20, Event(namespace="shop", name="order.placed", id="o-1", data=b"{}")),
        now=NOW + 5,
    )
    assert again.verdict is Verdict.DUPLICATE
    assert again.outgoing == first.outgoing


@pytest.mark.parametrize("late", [Failed(Failure("late")), Progress(b"1"), Later(1.0)])
def test_another_answer_to_a_step_that_is_done_is_stale(late: Any) -> None:
    run = answer(TWO_STEPS, start().run, "charge", Completed(b"1")).run
    decision = answer(TWO_STEPS, run, "charge", late)
    assert (decision.verdict, decision.run) == (Verdict.STALE, run)


def test_an_answer_of_an_older_attempt_is_stale_and_of_a_newer_one_ahead() -> None:
    run = start().run
    assert answer(TWO_STEPS, run, "charge", Completed(b"1"), attempt=0).verdict is Verdict.STALE
    assert answer(TWO_STEPS, run, "charge", Completed(b"1"), attempt=2).verdict is Verdict.AHEAD


def test_an_answer_to_a_step_that_was_not_reached_is_ahead_and_changes_nothing() -> None:
    run = start().run
    decision = answer(TWO_STEPS, run, "ship", Completed(b"1"))
    assert (decision.verdict, decision.run) == (Verdict.AHEAD, run)
    assert decision.outgoing == start().outgoing, "what is out goes out again"


def test_an_answer_to_a_run_that_is_over_is_stale() -> None:
    run = answer(TWO_STEPS, start().run, "charge", Failed(Failure("x"))).run
    assert answer(TWO_STEPS, run, "ship", Completed(b"1")).verdict is Verdict.STALE


def test_an_answer_for_no_run_is_refused() -> None:
    with pytest.raises(RejectedMessage) as refused:
        advance(TWO_STEPS, None, Answered("charge", 1, Completed(b"1")), now=NOW)
    assert refused.value.reason is Reason.UNKNOWN_RUN


def test_an_event_that_the_schema_refuses_starts_nothing() -> None:
    flow = workflow(step("a"), input_schema={"type": "object"}, _accepts=lambda data: "at /amount: too small")
    with pytest.raises(RejectedMessage) as refused:
        start(flow)
    assert (refused.value.reason, refused.value.detail) == (Reason.INVALID_INPUT, "at /amount: too small")


def test_progress_makes_the_step_running_and_is_kept_as_a_fact() -> None:
    decision = answer(TWO_STEPS, start().run, "charge", Progress(b'{"percent":50}'))
    assert decision.run.steps["charge"].status is StepStatus.RUNNING
    assert decision.facts[0].name is FactName.STEP_PROGRESSED
    assert answer(TWO_STEPS, decision.run, "charge", Completed(b"1")).verdict is Verdict.APPLIED


def test_later_hands_the_action_back_when_its_time_has_come_and_not_before() -> None:
    first = start()
    postponed = answer(TWO_STEPS, first.run, "charge", Later(30.0))
    assert (postponed.run.wake_at, postponed.outgoing) == (NOW + 30, ())
    early = advance(TWO_STEPS, postponed.run, Wake(), now=NOW + 29.9)
    assert (early.verdict, early.outgoing) == (Verdict.DUPLICATE, ())
    due = advance(TWO_STEPS, postponed.run, Wake(), now=NOW + 30)
    assert due.outgoing == first.outgoing
    assert due.run.steps["charge"].status is StepStatus.SCHEDULED


def test_progress_that_was_overtaken_by_later_is_stale() -> None:
    run = answer(TWO_STEPS, start().run, "charge", Later(30.0)).run
    decision = answer(TWO_STEPS, run, "charge", Progress(b"1"))
    assert (decision.verdict, decision.run) == (Verdict.STALE, run)


def test_what_was_handed_back_is_not_sent_again_before_its_time() -> None:
    run = _stored(answer(TWO_STEPS, start().run, "charge", Later(30.0)).run, unconfirmed={"charge"})
    event = Event(namespace="shop", name="order.placed", id="o-1", data=b"{}")
    assert advance(TWO_STEPS, run, Start("r" * 20, event), now=NOW + 1).outgoing == ()
    assert advance(TWO_STEPS, run, Wake(), now=NOW + 1).outgoing == ()


def test_an_action_cannot_come_back_after_its_token_has_expired() -> None:
    failure = answer(TWO_STEPS, start().run, "charge", Later(31 * 86400.0)).run.state.failure
    assert failure is not None
    assert (failure.type, failure.retryable) == ("limit", False)


def test_another_content_than_the_run_is_pinned_to_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="pinned to another content"):
        advance(workflow(step("other")), start().run, Wake(), now=NOW)


def test_waking_repeats_what_is_unconfirmed_and_nothing_else() -> None:
    first = start()
    assert advance(TWO_STEPS, first.run, Wake(), now=NOW).outgoing == ()
    unconfirmed = _stored(first.run, unconfirmed={"charge"})
    assert advance(TWO_STEPS, unconfirmed, Wake(), now=NOW).outgoing == first.outgoing


def _stored(run: Run, *, unconfirmed: set[str]) -> Run:
    return msgspec.structs.replace(run, revision=1, unconfirmed=frozenset(unconfirmed))
