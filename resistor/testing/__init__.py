"""The test kit: the same engine and daemon as in production, on virtual time, with servers in memory.

    workflows.py     Workflows: what a test says and asks; the fixture `workflows` of the pytest plugin
    watched.py       WatchedRun: what became of a run, the way it took, what its modules were asked for
    reactions.py     what a stub may do besides answering: takes, twice, NEVER, CRASH
    stubs.py         which reaction an action gets          calls.py    an action, as its module got it
    scenarios/       the same in YAML, for people who write no Python: `resistor workflow test`
    module_context.py  what an action gets in a test of a module
    module_check/    whether a module keeps the contract: `resistor module test`

    desks.py         modules at work, as stubs tell them to
    installation.py  a daemon with its servers in memory
    housekeeping.py  what a daemon does now and then, when it is due
    virtual_loop.py  an asyncio loop whose time jumps to the next timer
    storms.py, faults.py  an installation on which things go wrong
    broker.py        exchanges and queues, as the topology has them
    store/           runs and actors, as the store's scripts have them

Called by users' tests, by `resistor workflow test` and by the project's own.
"""

from resistor.sdk import Fail, Later, Retry
from resistor.testing.calls import Call
from resistor.testing.module_check import Finding, Grade, check_module
from resistor.testing.module_context import Logged, RecordingContext, module_context
from resistor.testing.reactions import CRASH, NEVER, takes, twice
from resistor.testing.stubs import Unanswered
from resistor.testing.watched import Emitted, WatchedRun
from resistor.testing.workflows import Refused, Workflows

__all__ = [
    "CRASH",
    "NEVER",
    "Call",
    "Emitted",
    "Fail",
    "Finding",
    "Grade",
    "Later",
    "Logged",
    "RecordingContext",
    "Refused",
    "Retry",
    "Unanswered",
    "WatchedRun",
    "Workflows",
    "check_module",
    "module_context",
    "takes",
    "twice",
]
