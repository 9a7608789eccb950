"""What a run is told, and by which message: what inbox.py makes and the pipeline takes through."""

from __future__ import annotations

import msgspec

from resistor.engine.decision import LeaveGates, ReleaseSlot, Unhold, Unsubscribe
from resistor.engine.inbound import Inbound
from resistor.engine.workflow import Workflow
from resistor.errors import RejectedMessage
from resistor.ports import Admission, Delivery


class Told(msgspec.Struct, frozen=True):
    """One message for one run.

    `workflow` is the version that a new run begins with, or that a token names; None: the one that the run is
    pinned to. `queue` is what the metrics call its source. `delivery` is None where it came from no queue;
    `refusal` says why a dead letter is made of it all the same. `if_gone` is what to take back where there is
    no such run any more; a message that has it is no error then. `is_echo`: it answers what this very run has
    let out, so whoever sends that once more sends the rest as well. `admission` is for the gate
    to hear of when the run has been told.
    """

    run: str
    workflow: Workflow | None
    inbound: Inbound
    queue: str
    delivery: Delivery | None = None
    refusal: RejectedMessage | None = None
    if_gone: tuple[Unsubscribe | ReleaseSlot | LeaveGates | Unhold, ...] = ()
    is_echo: bool = False
    admission: Admission | None = None
