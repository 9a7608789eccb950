"""The contract check of a module: does each action answer, what it takes and what it cannot take?

    findings = await check_module(payments)

    check.py       check_module: what is sent to a module, and in which order
    workplace.py   where actions are performed: a loop that they may block without blocking the check
    outcomes.py    what came of one action, and how that is said
    judging.py     which outcome is a problem, and what a newcomer reads of it
    malformed.py   input that an action must refuse, made of its JSON Schema and its examples
    shapes.py      what a JSON Schema takes, and a value that it surely does not take
    findings.py    what was found

Called by `resistor module test`, and by tests of modules. Everything goes through `sdk/performing.py`, bytes
in and answer out, as in a module that runs; there is no broker.
"""

from resistor.testing.module_check.check import TIMEOUT_SECONDS, check_module
from resistor.testing.module_check.findings import Finding, Grade, Problem

__all__ = ["TIMEOUT_SECONDS", "Finding", "Grade", "Problem", "check_module"]
