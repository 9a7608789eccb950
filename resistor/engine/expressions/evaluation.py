"""What one evaluation holds: whom it asks, its loop variables, and what is left of its budget.

Made by `expression.py` and `template.py`, passed to every piece of a program. The one mutable value of this
package; it lives as long as one call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.scope import Scope
from resistor.engine.expressions.values import adopted

BUDGET = 500_000
"""Units of work of one expression or template. Each part of a loop's body costs one a round, each element of
a list one, 16 characters of text one; what takes longer says so in its place. A unit is 0.2 to 0.6 µs: the
most that an expression can take is some 0.3 s (`test_budget.py` holds the worst ones to it)."""

MAX_TEXT = 1 << 20
"""Characters of the longest text that an expression makes on the way."""

_HAVE_MOMENTS = frozenset({"event", "run"})
"""The variables with datetimes in them: `event.time`, `run.started_at`."""

Code = Callable[["Evaluation"], Any]
"""A piece of a program."""


class Evaluation:
    """One evaluation under way."""

    __slots__ = ("_roots", "draws", "left", "locals", "scope", "text")

    def __init__(self, scope: Scope) -> None:
        """Begin with the whole budget."""
        self.scope = scope
        self.text = ""
        self.locals: list[Any] = []
        self.left = BUDGET
        self.draws = 0
        self._roots: dict[str, Any] = {}

    def spend(self, units: int) -> None:
        """Take `units` off the budget. Raises `Fault` when it is used up; every later call raises too."""
        self.left -= units
        if self.left < 0:
            raise Fault("the expression takes too long: it goes through too much data")

    def spend_text(self, length: int) -> None:
        """Take a text of `length` characters off the budget. Raises `Fault`."""
        check_length(length)
        self.spend(1 + (length >> 4))

    def root(self, name: str) -> Any:
        """Return a variable's value, with its moments as timestamps."""
        try:
            return self._roots[name]
        except KeyError:
            value = self.scope.variable(name)
        if name in _HAVE_MOMENTS:
            value = adopted(value)
        self._roots[name] = value
        return value


def check_length(length: int) -> None:
    """Raise `Fault` if a text would be too long."""
    if length > MAX_TEXT:
        raise Fault(f"the expression makes a text of over {MAX_TEXT} characters")
