"""`resistor doctor --audit` and `--repair`: what could be stuck, by comparing Redis with the broker.

    finding.py      what was found, and whether it is certain
    open_runs.py    runs that nobody looks at, or that wait for what will not come
    outstanding.py  actions that are out, and in no queue
    remains.py      what runs that are gone have left behind
    audit.py        all of it
    repairing.py    mends it: makes runs due, and orders them to let out again what they wait for

An audit changes nothing. A repair does nothing by itself that a run could do: it goes through the daemons, by
an order that may be repeated, so that repairing twice is repairing once, and every token is the one that was
out before.
"""

from resistor.ops.auditing.audit import audit
from resistor.ops.auditing.finding import Finding, Kind
from resistor.ops.auditing.repairing import repair

__all__ = ["Finding", "Kind", "audit", "repair"]
