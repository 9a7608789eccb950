"""A run in the middle of failing, its workflow and its history, for the tests of this folder."""

from __future__ import annotations

from resistor.catalog import load_text
from resistor.engine.facts import Fact, FactName
from resistor.engine.run import EventRef, Origin, Run, RunState, RunStatus, StepRecord, StepStatus
from resistor.messages.result import Failure

START = 1_700_000_000.0  # 2023-11-14T22:13:20Z
RUN = "abcdefghij0123456789"

DEFINITION = b"""
shop:
  order.placed:
    version: 3
    description: What happens to an order.
    steps:
      - {id: reserve, module: warehouse, action: reserve}
      - {id: charge, module: payments, action: take, with: {total: "${input.amount * 1.5}"}}
      - {id: ship, module: warehouse, action: ship}
"""
WORKFLOW = load_text(DEFINITION).or_raise().workflows[0]
KEY = "shop/order.placed@3"

DECLINED = Failure("card_declined", "no funds\x1b[2J", retryable=False, step="charge", attempt=2)


def _origin(event: str | None, started_at: float = START) -> Origin:
    return Origin("shop", "order.placed", 3, WORKFLOW.digest, EventRef(event, "order.placed"), started_at)


FAILED = Run(
    id=RUN,
    origin=_origin("order-17"),
    state=RunState(RunStatus.FAILED, finished_at=START + 2, failure=DECLINED),
    revision=4,
    input=b'{"amount": 1.0, "id": 9007199254740993}',
    parts={
        "s:charge": StepRecord(
            StepStatus.FAILED, START + 0.12, attempt=2, finished_at=START + 2, failure=DECLINED
        ),
        "s:reserve": StepRecord(StepStatus.COMPLETED, START, finished_at=START + 0.12, output_of="reserve"),
        "i:charge": b'{"total":1.50}',
        "o:reserve": b'{"shelf":"A"}',
    },
    is_whole=True,
)

RUNNING = Run(
    id="r" * 20,
    origin=_origin(None, START - 60),
    state=RunState(RunStatus.RUNNING),
    revision=1,
    parts={"s:reserve": StepRecord(StepStatus.SCHEDULED, START - 60)},
    is_whole=True,
)

COMPLETED = Run(
    id="c" * 20,
    origin=_origin("order-1"),
    state=RunState(RunStatus.COMPLETED, finished_at=START + 1, output_of="ship"),
    revision=4,
    parts={
        "s:ship": StepRecord(StepStatus.COMPLETED, START, finished_at=START + 1, output_of="ship"),
        "o:ship": b'{"parcel":"P-1"}',
    },
    is_whole=True,
)

HISTORY = (
    Fact(START, FactName.RUN_STARTED, details={"event": "order-17"}),
    Fact(START, FactName.STEP_SCHEDULED, "reserve", 1, {"module": "warehouse", "action": "reserve"}),
    Fact(START + 0.12, FactName.STEP_POSTPONED, "reserve", 1, {"until": START + 30}),
    # As the store gives it back: plain JSON, and `retryable` left out where it is true.
    Fact(START + 2, FactName.STEP_FAILED, "charge", 2, {"error": {"type": "busy", "message": "later"}}),
)
