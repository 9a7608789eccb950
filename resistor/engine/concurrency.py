"""The concurrency key that a run goes by."""

from __future__ import annotations

from resistor.engine.draft import Draft
from resistor.engine.moves import text_of, value_of
from resistor.engine.scope import FrameScope
from resistor.messages.result import Failure


def key_of(draft: Draft) -> str:
    """Return the key of a run that begins; it keeps it.

    A key that cannot be evaluated is that of all such runs: they wait for each other.
    """
    rule = draft.workflow.concurrency
    if rule is None or rule.key is None:
        return ""
    value = value_of(rule.key, FrameScope(draft, None, "concurrency"))
    return "" if isinstance(value, Failure) else text_of(value)
