"""What a function of the language is: what it takes, and what it does.

Every file of this folder has a table of them; `library/__init__.py` joins the tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from resistor.engine.expressions.values import Duration, Maybe, Timestamp, UInt

Kinds = frozenset[type] | None
"""The classes that an argument may have; None: any."""

ANY: Kinds = None
TEXT: Kinds = frozenset({str})
BYTES: Kinds = frozenset({bytes})
INT: Kinds = frozenset({int})
DOUBLE: Kinds = frozenset({float})
NUMBER: Kinds = frozenset({int, float, UInt})
WHOLE: Kinds = frozenset({int, UInt})
BOOL: Kinds = frozenset({bool})
LIST: Kinds = frozenset({list})
MAPPING: Kinds = frozenset({dict})
MOMENT: Kinds = frozenset({Timestamp})
LENGTH: Kinds = frozenset({Duration})
OPTIONAL: Kinds = frozenset({Maybe})


def either(*kinds: Kinds) -> Kinds:
    """Return the union of several kinds."""
    return frozenset(each for kind in kinds if kind is not None for each in kind)


class Function(NamedTuple):
    """A function: `run(evaluation, *arguments)`, after the arguments' kinds have been checked.

    A method's target is its first argument. How many arguments there are is the checker's business.
    """

    kinds: tuple[Kinds, ...]
    run: Callable[..., Any]
