"""A run of one step, told fact by fact, for the tests of this folder."""

from __future__ import annotations

import msgspec

from resistor.engine.facts import Fact, FactName
from resistor.engine.run import EventRef, Origin, Run, RunState, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Step, Workflow
from resistor.messages.result import Failure

START = 1_700_000_000.0
RUN = "abcdefghij0123456789"
DECLINED = Failure("card_declined", "the card of a person with a name", retryable=False)

WORKFLOW = Workflow(
    "shop", "order.placed", 3, f"sha256:{'a' * 64}", b"{}", (Step("charge", "payments", "take"),)
)


def begun(*, event_id: str | None = "e1", traceparent: str | None = None) -> Run:
    """Return a run whose only step has been sent."""
    origin = Origin(
        "shop",
        "order.placed",
        3,
        WORKFLOW.digest,
        EventRef(event_id, "order.placed"),
        START,
        traceparent=traceparent,
    )
    state = RunState(RunStatus.RUNNING, current="charge")
    steps = {"charge": StepRecord(StepStatus.SCHEDULED, 1, START)}
    return Run(id=RUN, origin=origin, state=state, steps=steps)


BEGINNING = (
    Fact(START, FactName.RUN_STARTED, details={"event": "e1"}),
    Fact(START, FactName.STEP_SCHEDULED, "charge", 1, {"module": "payments", "action": "take"}),
)


def completed(run: Run) -> tuple[Run, tuple[Fact, ...]]:
    """Return the run two seconds later, when it is done."""
    end = START + 2
    record = msgspec.structs.replace(run.steps["charge"], status=StepStatus.COMPLETED, finished_at=end)
    state = RunState(RunStatus.COMPLETED, finished_at=end, output_of="charge")
    facts = (Fact(end, FactName.STEP_COMPLETED, "charge", 1), Fact(end, FactName.RUN_COMPLETED))
    return msgspec.structs.replace(run, state=state, steps={"charge": record}), facts


def failed(run: Run) -> tuple[Run, tuple[Fact, ...]]:
    """Return the run two seconds later, when it has failed."""
    end = START + 2
    record = msgspec.structs.replace(
        run.steps["charge"], status=StepStatus.FAILED, finished_at=end, failure=DECLINED
    )
    state = RunState(RunStatus.FAILED, finished_at=end, failure=DECLINED)
    facts = (
        Fact(end, FactName.STEP_FAILED, "charge", 1, {"error": DECLINED}),
        Fact(end, FactName.RUN_FAILED, details={"error": DECLINED}),
    )
    return msgspec.structs.replace(run, state=state, steps={"charge": record}), facts
