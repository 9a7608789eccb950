"""Which outcome is a problem, and the sentence that says so. Called by `check.py` for all it has sent."""

from __future__ import annotations

import re
from typing import Any

from resistor.messages import Action, Answer, Completed, Failed, Failure, json
from resistor.sdk.json_schema import Schema, followed
from resistor.sdk.signature import MAX_SHOWN_PROBLEMS
from resistor.testing.module_check.findings import Grade, Problem
from resistor.testing.module_check.malformed import Malformed
from resistor.testing.module_check.outcomes import Answered, Outcome, short, told

_REFUSALS = ("validation", "payload_too_large")
"""With these the SDK answers for an action: it did not take the example, or gave what cannot be sent."""


def of_example(said: str, action: Action, outcome: Outcome) -> Problem | None:
    """Judge the answer to an example: it must be one that the action gave on purpose."""
    match outcome:
        case Answered(Failed(Failure(type=type_, retryable=False)), raised=None) if type_ in _REFUSALS:
            pass
        case Answered(raised=None):
            return None
    return _failed(f"{said} = {short(action.input.decode())}: {told(outcome)}", action.input, outcome)


def of_redelivery(said: str, action: Action, first: Outcome, second: Outcome) -> Problem | None:
    """Judge the answer to an action that was delivered twice."""
    if not isinstance(second, Answered) or second.raised is not None:
        return _failed(f"{said} delivered again: {told(second)}", action.input, second)
    before = _content(first)
    if before is None or before == _content(second):
        return None
    differs = f"{said} delivered twice: {told(first)}, then {told(second)}: not idempotent?"
    return Problem(Grade.WARNING, differs, _text(action.input), told(second))


def of_malformed(case: Malformed, outcome: Outcome) -> Problem | None:
    """Judge the answer to input that is to be refused, by name."""
    match outcome:
        case Answered(Failed(Failure(type="validation") as failure), raised=None):
            wrong = _refused_wrongly(case, failure)
            return None if wrong is None else _failed(wrong, case.body, outcome)
        case Answered(raised=None):
            return _failed(f"took {case.said}: {told(outcome)}", case.body, outcome)
    return _failed(f"fell over {case.said}: {told(outcome)}", case.body, outcome)


def of_undeclared(case: Malformed, outcome: Outcome) -> Problem | None:
    """Judge the answer to input without a field that its type does not have: any, but on purpose."""
    if isinstance(outcome, Answered) and outcome.raised is None:
        return None
    hint = f"fell over {case.said}: {told(outcome)}; a type that has the field would refuse it"
    return Problem(Grade.WARNING, hint, _text(case.body), told(outcome))


def of_unknown(action: Action, outcome: Outcome) -> Problem | None:
    """Judge the answer to an action that the module does not have."""
    match outcome:
        case Answered(Failed(Failure(type="unknown_action", retryable=False)), raised=None):
            return None
    return _failed(f"took action {action.action!r}, which it has not: {told(outcome)}", action.input, outcome)


def no_example(module: str, action: str, schema: Schema | None) -> Problem:
    """Say how to give an action an example."""
    meant = followed(schema or {}, (schema or {}).get("$defs", {}))
    fields = ", ".join(f'"{name}": ...' for name in meant.get("required", ())) or "..."
    written = f"{{{fields}}}" if meant.get("type", "object") == "object" else "..."
    return Problem(
        Grade.WARNING,
        f'no example was sent, give one: @{module}.action("{action}", examples=[{short(written)}])',
    )


def no_schema(why: str) -> Problem:
    """Say that nothing could be made of an input's type."""
    return Problem(Grade.WARNING, f"the input's type cannot be taken apart: {why}")


def _refused_wrongly(case: Malformed, failure: Failure) -> str | None:
    if failure.retryable:
        return f"refused {case.said}, but asks for another attempt: {short(failure.message)}"
    if case.field is None or _names(failure, case.field):
        return None
    return f"refused {case.said} without naming `{case.field}`: {short(failure.message)}"


def _names(failure: Failure, field: str) -> bool:
    """Whether the refusal names the field, or says so much that it was cut."""
    details = [] if failure.details is None else json.decode_trusted(failure.details)
    if isinstance(details, list) and len(details) >= MAX_SHOWN_PROBLEMS:
        return True
    return re.search(rf"(?<!\w){re.escape(field)}(?!\w)", failure.message) is not None


def _content(outcome: Outcome) -> Any:
    """Return what must be the same the next time: None for an answer that is not the last one."""
    answer: Answer | None = outcome.answer if isinstance(outcome, Answered) else None
    match answer:
        case Completed(output):
            return "completed", json.decode_trusted(output)
        case Failed(failure) if not failure.retryable:
            return "failed", json.decode_trusted(json.encode(failure))
    return None


def _failed(said: str, sent: bytes, outcome: Outcome) -> Problem:
    return Problem(Grade.FAILED, said, _text(sent), told(outcome))


def _text(body: bytes) -> str:
    return body.decode(errors="replace")
