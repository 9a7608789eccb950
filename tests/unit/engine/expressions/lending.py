"""A scope with something of everything in it, for the tests of expressions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from resistor.engine.expressions import Expression, compile_expression

KNOWN = frozenset({"input", "event", "steps", "vars", "run", "item", "index"})

INPUT: dict[str, Any] = {
    "amount": 12,
    "price": 2.5,
    "huge": 12345678901234567890123,
    "name": "Tée😀",
    "none": None,
    "yes": True,
    "lines": [{"sku": "tea", "qty": 2, "price": 1.5}, {"sku": "cup", "qty": 1, "price": 3}],
    "list": [3, 1, 2],
    "map": {"z": 1, "a": 2, "m": {"deep": [1]}},
    "first-name": "Ann",
    "empty": {},
}

STEPS: dict[str, dict[str, Any]] = {
    "charge": {"output": {"receipt": "r-1", "lines": [{"id": 7}]}, "status": "completed", "attempt": 2},
    "ship": {"error": {"type": "timeout"}, "status": "failed", "attempt": 3},
    "quiet": {"output": None, "status": "completed", "attempt": 1},
}


class Lender:
    """What the engine lends, and a list of what it was asked for."""

    now = 1_700_000_000.25
    seed = "run-1:step"

    def __init__(self, **variables: Any) -> None:
        """Lend `variables` besides the usual ones."""
        self.asked: list[str] = []
        self._variables = {
            "input": INPUT,
            "event": {"id": "o-1", "source": None, "time": datetime(2026, 1, 31, 12, 0, 0, 500_000, UTC)},
            "run": {
                "id": "r",
                "version": 3,
                "started_at": datetime(2026, 1, 31, 12, tzinfo=UTC),
                "labels": {},
            },
            "vars": {"count": 1},
            "item": {"x": 3},
            "index": 0,
        } | variables

    def variable(self, name: str) -> Any:
        """Return a variable."""
        self.asked.append(name)
        return self._variables[name]

    def step(self, step: str, part: str) -> Any:
        """Return a part of a step; `KeyError` where there is none."""
        self.asked.append(f"steps.{step}.{part}")
        return STEPS[step][part]

    def has_step(self, step: str) -> bool:
        """Tell whether there is the step."""
        return step in STEPS


def compiled(text: str) -> Expression:
    """Compile with all that is known."""
    return compile_expression(text, KNOWN)


def value_of(text: str, **variables: Any) -> Any:
    """Compile and evaluate."""
    return compile_expression(text, KNOWN | variables.keys()).evaluate(Lender(**variables))
