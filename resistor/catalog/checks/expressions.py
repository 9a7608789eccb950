"""Expressions compile, and the steps that they read have run by then."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from resistor.catalog.naming import step_ids
from resistor.catalog.places import Finding, texts_in
from resistor.catalog.wording import did_you_mean, listed, quote
from resistor.engine.expressions import ROOTS, BadExpression, compile_template

_PATHS = re.compile(r"\$\{\s*([A-Za-z_][\w.]*)")
_NEAR = 100  # steps above that a misspelled one is compared with: comparing is slow
_STEP_PARTS = ("output", "status", "attempt")


def check_expressions(definition: Any) -> Iterator[Finding]:
    """Yield every expression in a `with` that cannot be compiled or reads a step that has not run."""
    steps = definition.get("steps") if isinstance(definition, dict) else None
    if not isinstance(steps, list):
        return
    ids = step_ids(steps)
    for position, step in enumerate(steps):
        if not isinstance(step, dict):
            continue
        for path, text in texts_in(step.get("with"), ("steps", position, "with")):
            if "${" in text:
                for message, hint in _faults(text, ids, position):
                    yield Finding(path, message, hint)


def _faults(text: str, ids: Sequence[str | None], position: int) -> Iterator[tuple[str, str | None]]:
    try:
        read = compile_template(text).steps
    except BadExpression as error:
        yield str(error), _hint(text)
        return
    earlier = [each for each in ids[:position] if each is not None] if read else []
    for name in sorted(read.difference(earlier)):
        if name == ids[position]:
            yield f"step {quote(name)} reads itself: it has no output before it ends", None
        elif name in ids:
            yield f"step {quote(name)} comes later: only steps above this one can be read", None
        elif len(earlier) == position:  # a step whose name is not known yet may be the one that is meant
            yield f"there is no step {quote(name)} above this one", _known(name, earlier)


def _known(name: str, earlier: list[str]) -> str:
    if not earlier:
        return "this is the first step"
    return did_you_mean(name, earlier[-_NEAR:]) or f"there is {listed(earlier[:5])}"


def _hint(text: str) -> str | None:
    """Find the word of a path that is only misspelled."""
    for match in _PATHS.finditer(text):
        words = match[1].split(".")
        if words[0] not in ROOTS:
            return did_you_mean(words[0], ROOTS)
        if words[0] == "steps" and len(words) > 2 and words[2] not in _STEP_PARTS:
            return did_you_mean(words[2], _STEP_PARTS)
    return None
