"""What an expression costs to evaluate: a plain path, and CEL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from resistor.engine.expressions import compile_template

NAME = "expressions"
TIMES = 20_000


class _Scope:
    now, seed = 0.0, "s"

    def variable(self, name: str, /) -> Any:
        return {"order": {"id": "o-1", "amount": 5, "lines": [{"n": 1}, {"n": 2}]}}

    def step(self, step_id: str, part: str, /) -> Any:
        raise LookupError(step_id)

    def has_step(self, step_id: str, /) -> bool:
        return False


def run(*, is_quick: bool) -> Iterator[Figure]:
    """Yield µs for each."""
    for name, text in (
        ("plain path", "${input.order.id}"),
        ("CEL, arithmetic", "${input.order.amount * 2 + 1}"),
        ("CEL, a list", "${input.order.lines.map(each, each.n)}"),
    ):
        template, scope = compile_template(text, ["input"]), _Scope()
        template.evaluate(scope)
        times = TIMES // 10 if is_quick else TIMES
        began = time.process_time()
        for _ in range(times):
            template.evaluate(scope)
        spent = time.process_time() - began
        yield Figure(bench=NAME, name=name, value=spent / times * 1e6, unit="µs")
