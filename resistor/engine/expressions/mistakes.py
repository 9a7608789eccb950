"""What goes wrong with an expression: when it is written, and when it meets its data.

Raised all over this package. `Fault` never leaves it: `expression.py` and `template.py` turn it into an
`ExpressionError` that says which expression it was.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from resistor.errors import ExpressionError


class BadExpression(ValueError):
    """An expression that cannot be compiled: its message is for the author of the definition.

    `offset` is where in the given text the problem is, in characters. `path` leads to that text inside a
    template: keys and positions, from the outside in.
    """

    def __init__(self, message: str, offset: int = 0, path: tuple[str | int, ...] = ()) -> None:
        """Say what is wrong, and where."""
        super().__init__(message)
        self.offset = offset
        self.path = path

    def moved(self, by: int, path: tuple[str | int, ...] = ()) -> BadExpression:
        """Return the same problem in a longer text, of which the present one begins at `by`."""
        return BadExpression(str(self), self.offset + by, path)


class Fault(ExpressionError):
    """An evaluation came to nothing."""


class Missing(Fault):
    """An expression reads what is not there. `has(…)` and `?` turn this one, and no other, into a value."""


def nearest(name: str, known: Iterable[str], joined: str = "there is") -> str:
    """Return "did you mean …?", or a list of what there is."""
    among = sorted(known)
    found = difflib.get_close_matches(name[:64], among, n=1)
    return f"did you mean {found[0]}?" if found else f"{joined} {', '.join(among)}"


def shortened(text: str, length: int = 80) -> str:
    """Return `text` on one line, and not much longer than `length`."""
    line = " ".join(text[: 2 * length].split())
    return line if len(line) <= length and len(text) <= 2 * length else line[:length] + "…"
