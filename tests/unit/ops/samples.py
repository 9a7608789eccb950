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
      - {id: charge, module: payments, action: take}
      - {id: ship, module: warehouse, action: ship}
"""
WORKFLOW = load_text(DEFINITION).or_raise().workflows[0]
KEY = "shop/order.placed@3"

DECLINED = Failure("card_declined", "no funds\x1b[2J", retryable=False, step="charge")

FAILED = Run(
    id=RUN,
    origin=Origin(
        "shop", "order.placed", 3, WORKFLOW.digest, EventRef("order-17", "order.placed"), started_at=START
    ),
    state=RunState(RunStatus.FAILED, finished_at=START + 2, failure=DECLINED),
    revision=4,
    input=b'{"amount": 1.0, "id": 9007199254740993}',
    steps={
        "charge": StepRecord(StepStatus.FAILED, 2, START + 0.12, finished_at=START + 2, failure=DECLINED),
        "reserve": StepRecord(StepStatus.COMPLETED, 1, START, finished_at=START + 0.12),
    },
    inputs={"charge": b'{"total":1.50}'},
    outputs={"reserve": b'{"shelf":"A"}'},
)

RUNNING = Run(
    id="r" * 20,
    origin=Origin("shop", "order.placed", 3, WORKFLOW.digest, EventRef(None, "order.placed"), START - 60),
    state=RunState(RunStatus.RUNNING, current="reserve"),
    revision=1,
    steps={"reserve": StepRecord(StepStatus.SCHEDULED, 1, START - 60)},
)

COMPLETED = Run(
    id="c" * 20,
    origin=Origin("shop", "order.placed", 3, WORKFLOW.digest, EventRef("order-1", "order.placed"), START),
    state=RunState(RunStatus.COMPLETED, finished_at=START + 1, output_of="ship"),
    revision=4,
    outputs={"ship": b'{"parcel":"P-1"}'},
)

HISTORY = (
    Fact(START, FactName.RUN_STARTED, details={"event": "order-17"}),
    Fact(START, FactName.STEP_SCHEDULED, "reserve", 1, {"module": "warehouse", "action": "reserve"}),
    Fact(START + 0.12, FactName.STEP_POSTPONED, "reserve", 1, {"until": START + 30}),
    # As the store gives it back: plain JSON, and `retryable` left out where it is true.
    Fact(START + 2, FactName.STEP_FAILED, "charge", 2, {"error": {"type": "busy", "message": "later"}}),
)
