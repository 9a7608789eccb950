"""What workflows mean. PURE: no I/O, clock, chance, logging or asyncio; time and ids come in as arguments.

One function decides everything: `advance(workflow, run, message, now=…) -> Decision`. Called by the
daemon for every event, result and timer, by the test kit, and by whoever asks what another version
would have done. The same arguments give the same bytes, for ever: that is what makes a redelivered
message harmless and a past run replayable.

    workflow.py      a definition, ready to run: steps, and what each reads
    run.py           a run's state, and the one TRANSITIONS table
    inbound.py       what a run can be told: Start, Answered, Wake
    decision.py      what follows: the new state, actions to send, facts
    facts.py         what happened, said once
    advance.py       message → decision, one function a kind of message
    steps.py         how a step begins, and how a run goes on and ends
    expressions.py   `${a.b.c}`: compile, and read from a scope
    identity.py      every derived id
"""

from resistor.engine.advance import advance
from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.facts import Fact
from resistor.engine.inbound import Answered, Inbound, Start, Wake, reads_of
from resistor.engine.limits import Limits
from resistor.engine.run import Origin, Reads, Run, RunStatus, StepRecord, StepStatus
from resistor.engine.workflow import Step, Workflow

__all__ = [
    "Answered",
    "Decision",
    "Dispatch",
    "Fact",
    "Inbound",
    "Limits",
    "Origin",
    "Reads",
    "Run",
    "RunStatus",
    "Start",
    "Step",
    "StepRecord",
    "StepStatus",
    "Verdict",
    "Wake",
    "Workflow",
    "advance",
    "reads_of",
]
