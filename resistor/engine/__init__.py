"""What workflows mean. PURE: no I/O, clock, chance, logging or asyncio; time and ids come in as arguments.

One function decides everything: `advance(workflow, run, message, now=…) -> Decision`. Called by the
daemon for every event, result and timer, by the test kit, and by whoever asks what another version
would have done. The same arguments give the same bytes, for ever: that is what makes a redelivered
message harmless and a past run replayable.

    workflow.py      a definition, ready to run: a tree of steps
    places.py        where something is in a run: paths, frames
    run.py           a run's state in parts, and the one TRANSITIONS table
    inbound.py       what a run can be told
    decision.py      what follows: the new state, what goes out, facts
    advance.py       message → decision
    flow.py          how a run goes on, move by move; kinds/ has what each kind of step does
    ending.py        how a run ends; compensating.py, cancelling.py
    starting.py      how it begins; rollout.py: in which version
    waking.py        what is due
    retry.py         how long until the third attempt
    outbox.py        everything that goes out, made (again) from the run's state
    expecting.py     which parts a decision will look at
    scope.py         what an expression sees; outputs.py: what a step hands on
    expressions/     `${…}`: compiled when a definition is loaded
    identity.py      every derived id
"""

from resistor.engine.advance import advance
from resistor.engine.decision import Decision, Dispatch, Verdict
from resistor.engine.draft import NeedMore
from resistor.engine.expecting import reads_of

__all__ = ["Decision", "Dispatch", "NeedMore", "Verdict", "advance", "reads_of"]
