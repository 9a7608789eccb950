"""Right keys, right types: what pydantic finds, said to somebody who has never heard of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from resistor.catalog import not_yet
from resistor.catalog.forms import KINDS, LARGEST_VERSION, Form, ModuleForm, WorkflowForm
from resistor.catalog.places import Finding, KeyPath
from resistor.catalog.wording import kind_of, listed, nearest, quote

_MUST_BE = {
    "int_type": "a whole number",
    "string_type": "text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "greater_than_equal": "1 or more",
    "less_than_equal": f"{LARGEST_VERSION} at most",
}
_HINTS_WHEN_MISSING = {
    "version": "a first version is `version: 1`; give every change the next number",
    "steps": "a workflow that does nothing has `steps: []`",
    "module": "a step is one action by one module",
    "action": "a step is one action by one module",
}


def check_shape(definition: Any) -> Iterator[Finding]:
    """Yield unknown and missing keys and values of the wrong type, of the workflow and of each step."""
    if not isinstance(definition, dict):
        yield Finding(
            (), f"a workflow must be a mapping with `version` and `steps`, not {kind_of(definition)}"
        )
        return
    yield from _check_form(WorkflowForm, definition, "a workflow", ())
    steps = definition.get("steps")
    for position, step in enumerate(steps if isinstance(steps, list) else ()):
        for finding in _check_step(step):
            yield finding.within(("steps", position))


def _check_step(step: Any) -> Iterator[Finding]:
    if not isinstance(step, dict):
        yield Finding((), f"a step must be a mapping with `module` and `action`, not {kind_of(step)}")
        return
    kinds = [key for key in step if key in KINDS or key in not_yet.KINDS]
    not_built = [key for key in kinds if key in not_yet.KINDS]
    if not_built:
        for key in not_built:
            yield Finding((key,), f"{quote(key)} {not_yet.MESSAGE}", at_key=True)
        return
    form = KINDS[kinds[0]] if kinds else ModuleForm
    yield from _check_form(form, step, "a step", (*KINDS, *not_yet.KINDS))


def _check_form(
    form: type[Form], given: dict[str, Any], what: str, kinds: tuple[str, ...]
) -> Iterator[Finding]:
    known = form.known()
    empty = [key for key in known if key in given and given[key] is None]
    for key in empty:
        hint = _HINTS_WHEN_MISSING.get(key, "give it one, or leave the key out")
        yield Finding((key,), f"{quote(key)} has no value", hint)
    errors = _errors(form, {key: value for key, value in given.items() if key not in empty})
    meant: set[str | None] = set()  # what the unknown keys were probably meant to be: not missing, then
    for error in errors:
        if error["type"] == "extra_forbidden":
            finding, near = _unknown_key(form, str(error["loc"][0]), what, kinds)
            meant.add(near)
            yield finding
        elif error["type"] != "missing":
            yield _wrong_value(error)
    missing = [str(error["loc"][0]) for error in errors if error["type"] == "missing"]
    missing = [key for key in missing if key not in empty and key not in meant]
    if missing and not meant & set(kinds):
        hints = [_HINTS_WHEN_MISSING[key] for key in missing if key in _HINTS_WHEN_MISSING]
        yield Finding((), f"{what} needs {listed(missing)}", "; ".join(dict.fromkeys(hints)) or None)


def _errors(form: type[Form], given: dict[str, Any]) -> list[ErrorDetails]:
    try:
        form.model_validate(given)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _unknown_key(form: type[Form], key: str, what: str, kinds: tuple[str, ...]) -> tuple[Finding, str | None]:
    if key in form.to_come:
        return Finding((key,), f"{quote(key)} {not_yet.MESSAGE}", at_key=True), None
    near = nearest(key, (*form.known(), *sorted(form.to_come), *kinds))
    hint = f"did you mean {quote(near)}?" if near else f"there are {listed(form.known())}"
    return Finding((key,), f"{quote(key)} is not a key of {what}", hint, at_key=True), near


def _wrong_value(error: ErrorDetails) -> Finding:
    path: KeyPath = error["loc"]
    if error["type"] == "said":
        return Finding(path, error["ctx"]["message"])
    name = quote(str(path[0]))
    must = _MUST_BE.get(error["type"])
    if must is None:
        return Finding(path, f"{name}: {error['msg']}")
    return Finding(path, f"{name} must be {must}, not {kind_of(error['input'])}", _quoting_hint(error))


def _quoting_hint(error: ErrorDetails) -> str | None:
    value = error["input"]
    if error["type"] == "string_type" and isinstance(value, bool | int | float):
        return "put it in quotes"
    if error["type"] == "int_type" and isinstance(value, str) and value.strip().isdecimal():
        return "without quotes, and without leading zeros"
    return None
