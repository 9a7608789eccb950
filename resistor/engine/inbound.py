"""What a run can be told, and which parts of it must be at hand to decide."""

from __future__ import annotations

from typing import assert_never

import msgspec

from resistor.engine.run import EVERYTHING, Reads
from resistor.engine.workflow import Workflow
from resistor.messages.event import Event
from resistor.messages.result import Answer


class Start(msgspec.Struct, frozen=True):
    """An event asks for run `run`."""

    run: str
    event: Event


class Answered(msgspec.Struct, frozen=True):
    """A module answered attempt `attempt` of step `step`. The token has been verified."""

    step: str
    attempt: int
    answer: Answer


class Wake(msgspec.Struct, frozen=True):
    """Time has passed: look what is due."""


Inbound = Start | Answered | Wake


def reads_of(workflow: Workflow, message: Inbound) -> Reads:
    """Return the parts of the run that `advance` will look at for `message`.

    What turns out to be a duplicate, or ahead of the run, wants everything, and a second look.
    """
    match message:
        case Start():
            return Reads()
        case Answered(step=step):
            named = workflow.read_after(step)
            return Reads(steps=named | {step}, outputs=named)
        case Wake():
            return EVERYTHING
        case _:
            assert_never(message)
