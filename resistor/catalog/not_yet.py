"""Keys that the language has and this version of Resistor does not.

Read by the forms and the checks, so that an author learns that the key is right and the version too old,
and not that there is no such key. What gets built leaves this file; when it is empty, it goes.
"""

from __future__ import annotations

MESSAGE = "is not supported by this version of Resistor yet"

TOP_LEVEL = frozenset({"modules"})
"""No namespace may be called so."""

WORKFLOW = frozenset(
    {
        "output",
        "timeout",
        "defaults",
        "rollout",
        "extends",
        "changes",
        "triggers",
        "schedule",
        "concurrency",
        "on_failure",
        "finally",
        "labels",
        "retention",
    }
)

STEP = frozenset({"on_error", "if", "then"})
"""Of every kind of step."""

MODULE_STEP = frozenset(
    {
        "output",
        "timeout",
        "heartbeat",
        "retry",
        "catch",
        "compensate",
        "priority",
    }
)

KINDS = frozenset(
    {
        "switch",
        "fork",
        "for",
        "while",
        "until",
        "wait",
        "listen",
        "ask",
        "emit",
        "set",
        "run",
        "try",
        "raise",
        "end",
    }
)
"""Kinds of steps, by the key that makes them."""

COMPANIONS = frozenset({"do", "limit", "keep", "finally"})
"""Keys of those kinds, for a step where the kind itself is missing or misspelled."""
