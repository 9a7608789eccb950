"""What modules answer, as a scenario has it → stubs.

An output may hold `${…}`, which reads the call: `input`, `metadata`, `attempt`, `step`, `run`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from resistor.catalog.places import Finding, KeyPath
from resistor.engine.expressions import (
    BadExpression,
    Scope,
    compile_expression,
    compile_template,
)
from resistor.errors import ExpressionError
from resistor.sdk import Fail, Later, Retry
from resistor.testing.calls import Call
from resistor.testing.reactions import CRASH, NEVER, Takes, Twice
from resistor.testing.scenarios.forms import AnswerForm
from resistor.testing.stubs import Entry, Unanswered

VARIABLES = frozenset({"input", "metadata", "attempt", "step", "run"})


def entries_of(answers: Mapping[str, list[AnswerForm]]) -> dict[str, list[Entry]]:
    """Return the stubs. What `findings_in` finds must have been mended."""
    return {name: [_entry(name, form) for form in forms] for name, forms in answers.items()}


def findings_in(answers: Mapping[str, list[AnswerForm]], raw: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the expressions that cannot be compiled. `raw` is how the answers are written."""
    for name, forms in answers.items():
        for number, form in enumerate(forms):
            path: KeyPath = ("answers", name, number) if isinstance(raw[name], list) else ("answers", name)
            try:
                compile_template(form.output, VARIABLES)
            except BadExpression as bad:
                yield Finding((*path, "output", *bad.path), str(bad), offset=bad.offset)
            try:
                compile_expression(form.when or "true", VARIABLES)
            except BadExpression as bad:
                yield Finding((*path, "when"), str(bad), offset=bad.offset)


def _entry(name: str, form: AnswerForm) -> Entry:
    reaction = _reaction(name, form)
    if form.twice:
        reaction = Twice(reaction)
    if form.takes is not None:
        reaction = Takes(form.takes, reaction, form.progress)
    if form.when is None:
        return Entry(reaction)
    condition = compile_expression(form.when, VARIABLES)
    return Entry(reaction, _of_call(condition.test, f"`when` of an answer of {name}"))


def _reaction(name: str, form: AnswerForm) -> Any:
    if form.never:
        return NEVER
    if form.crash:
        return CRASH
    if form.fail is not None:
        return Fail(form.fail.type, form.fail.message, details=form.fail.details)
    if form.retry is not None:
        told = form.retry
        return Retry(told.message, after=told.after, type=told.type, details=told.details)
    if form.later is not None:
        return Later(after=form.later)
    template = compile_template(form.output, VARIABLES)
    return _of_call(template.evaluate, f"an answer of {name}")


def _of_call(evaluate: Callable[[Scope], Any], what: str) -> Callable[[Call], Any]:
    """Return what evaluates an expression of an answer for a call. `what` names it where that fails."""

    def ask(call: Call) -> Any:
        try:
            return evaluate(_CallScope(call))
        except ExpressionError as error:
            raise Unanswered(f"{what}: {error}") from None

    return ask


class _CallScope:
    """What an expression of an answer can read."""

    def __init__(self, call: Call) -> None:
        self.now = call.at
        self.seed = f"{call.idempotency_key}:{call.attempt}"
        self._call = call

    def variable(self, name: str, /) -> Any:
        """Return a variable."""
        if name == "run":
            call = self._call
            names = {"namespace": call.namespace, "workflow": call.workflow, "version": call.version}
            return {"id": call.run, **names}
        return getattr(self._call, name)

    def step(self, id: str, part: str, /) -> Any:  # noqa: A002 - the language's own word
        """Know no steps."""
        raise LookupError(id)

    def has_step(self, id: str, /) -> bool:  # noqa: A002 - the language's own word
        """Know no steps."""
        return False
