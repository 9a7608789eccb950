"""What an expression is evaluated against, and what it says that it will read.

The engine implements `Scope`; the catalog reads `Names` when it checks a workflow. Nothing here computes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

STEPS = "steps"
"""The one variable that is not a value: it is always followed by the id of a step."""

STEP_PARTS = ("output", "status", "error", "attempt")
"""What `steps.<id>` has."""


class Scope(Protocol):
    """Where an expression finds its values. The engine implements it, one for each decision on a place."""

    now: float
    """Seconds since the epoch: what `now()` gives."""
    seed: str
    """What `uuid()` and `random()` are derived from: the same on every replay of the same moment."""

    def variable(self, name: str, /) -> Any:
        """Return the value of a variable other than `steps`. Whatever it raises passes through."""

    def step(self, id: str, part: str, /) -> Any:  # noqa: A002 - the language's own word
        """Return one of `STEP_PARTS`. `LookupError`: the step has no such part, or has not run."""

    def has_step(self, id: str, /) -> bool:  # noqa: A002 - the language's own word
        """Tell whether the step has run."""


class StepRef(NamedTuple):
    """One `steps.<id>` in an expression.

    `part` is one of `STEP_PARTS`, or None for the whole step. `is_guarded`: the expression copes with a step
    that has not run (`steps.?x`, `has(steps.x)`). `offset` is where it stands in its text; `path` leads to
    that text in a template.
    """

    id: str
    part: str | None
    is_guarded: bool
    offset: int
    path: tuple[str | int, ...] = ()


class Names(NamedTuple):
    """What an expression reads: variables other than `steps`, steps, and whether it reads anything at all."""

    roots: frozenset[str]
    steps: tuple[StepRef, ...]
    is_static: bool


NO_NAMES = Names(frozenset(), (), True)
