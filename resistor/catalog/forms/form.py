"""What every form is: a mapping that refuses unknown keys and says what is wrong in plain words.

The base of all forms of this folder. pydantic finds the mistakes; each form puts its own into words,
because only there is known what its keys are and what was probably meant. What leaves a form are errors
of one type, `said`, with a message, a hint and a path: never a text of pydantic's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from resistor.catalog.places import KeyPath
from resistor.catalog.wording import did_you_mean, kind_of, listed, nearest, quote


def said(
    message: str, hint: str | None = None, *, path: KeyPath = (), at_key: bool = False
) -> PydanticCustomError:
    """Make an error that is complete as it stands. `path` leads on from the value that is checked."""
    told = {"message": message, "hint": hint, "path": path, "at_key": at_key}
    return PydanticCustomError("said", "{message}", told)


def must_be(what: str, hint: str | None = None) -> PydanticCustomError:
    """Make an error that the form around the value completes: "`key` must be `what`, not …"."""
    return PydanticCustomError("must", "{must}", {"must": what, "hint": hint})


class Form(BaseModel):
    """A mapping that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    what: ClassVar[str] = "this mapping"
    """How a problem names it: "a step", "`retry`"."""

    shape: ClassVar[str] = ""
    """What may be said behind "must be a mapping"."""

    advice: ClassVar[Mapping[str, str]] = {}
    """What helps where a key is missing, empty or does not belong."""

    nullable: ClassVar[frozenset[str]] = frozenset()
    """The keys of which null is a value, and not the lack of one."""

    @classmethod
    def known(cls) -> tuple[str, ...]:
        """Return the keys that it may hold, as they are written."""
        return _known(cls)

    @classmethod
    def help_with(cls, key: str) -> tuple[str | None, str | None]:
        """Return a hint for a key that it does not have, and the key that was probably meant."""
        if key in cls.advice:
            return cls.advice[key], None
        near = nearest(key, cls.known())
        return (f"did you mean {quote(near)}?" if near else f"there are {listed(cls.known())}"), near

    @model_validator(mode="wrap")
    @classmethod
    def _in_plain_words(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, dict):
            raise said(f"{cls.what} must be a mapping{cls.shape}, not {kind_of(value)}")
        empty = [
            key for key in value if value[key] is None and key in cls.known() and key not in cls.nullable
        ]
        errors: list[ErrorDetails] = []
        try:
            form = handler({key: each for key, each in value.items() if key not in empty})
            if not empty:
                return form
        except ValidationError as error:
            errors = error.errors(include_url=False)
        raise ValidationError.from_exception_data(cls.__name__, _worded(cls, errors, empty, value))


@cache
def _known(form: type[Form]) -> tuple[str, ...]:
    return tuple(info.alias or name for name, info in form.model_fields.items())


def _worded(
    form: type[Form], errors: list[ErrorDetails], empty: list[str], value: Any
) -> list[InitErrorDetails]:
    """Put everything that is wrong with one form into words, what stands inside it included."""
    lines = [_line((key,), f"{quote(key)} has no value", _empty_hint(form, key)) for key in empty]
    meant: set[str | None] = set()  # what the unknown keys were probably meant to be: not missing, then
    for error in errors:
        if error["type"] == "extra_forbidden":
            line, near = _unknown_key(form, str(error["loc"][0]))
            meant.add(near)
            lines.append(line)
        elif error["type"] != "missing":
            lines.append(_wrong_value(error))
    missing = [str(error["loc"][0]) for error in errors if error["type"] == "missing"]
    missing = [key for key in missing if key not in empty and key not in meant]
    if missing:
        hints = [form.advice[key] for key in missing if key in form.advice]
        lines.append(
            _line((), f"{form.what} needs {listed(missing)}", "; ".join(dict.fromkeys(hints)) or None)
        )
    return lines


def _empty_hint(form: type[Form], key: str) -> str:
    return form.advice.get(key, "give it one, or leave the key out")


def _unknown_key(form: type[Form], key: str) -> tuple[InitErrorDetails, str | None]:
    hint, near = form.help_with(key)
    return _line((key,), f"{quote(key)} is not a key of {form.what}", hint, at_key=True), near


def _wrong_value(error: ErrorDetails) -> InitErrorDetails:
    path, value = error["loc"], error["input"]
    context = error.get("ctx", {})
    if error["type"] == "said":
        extra = context["path"]
        return _line((*path, *extra), context["message"], context["hint"], at_key=context["at_key"])
    if error["type"] == "enum":
        return _not_one_of(path, value, context["expected"])
    hint = context["hint"] if error["type"] == "must" else _spelling(error["type"], value)
    return _line(path, f"{_named(path)} must be {_must(error, context)}, not {kind_of(value)}", hint)


_MUST = {
    "must": "{must}",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} at most",
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "string_too_short": "text with something in it",
    "bool_type": "true or false",
    "literal_error": "true",  # of `remove`, the only literal
    "list_type": "a list",
    "dict_type": "a mapping",
}
"""By pydantic's type of error."""


def _must(error: ErrorDetails, context: Mapping[str, Any]) -> str:
    # 1.0 reads as 1: pydantic makes the bounds of a `float` field floats.
    bounds = {key: int(each) if isinstance(each, float) else each for key, each in context.items()}
    return _MUST.get(error["type"], "another value").format_map(bounds)


def _not_one_of(path: KeyPath, value: Any, expected: str) -> InitErrorDetails:
    words = [word for word in expected.split("'") if word.isidentifier() and word != "or"]
    hint = did_you_mean(value, words) if isinstance(value, str) else None
    return _line(path, f"{_named(path)} must be {listed(words, 'or')}, not {kind_of(value)}", hint)


def _named(path: KeyPath) -> str:
    """Name the value at `path` by its key."""
    if path and isinstance(path[-1], int):
        return f"an entry of {_named(path[:-1])}"
    return quote(str(path[-1])) if path else "this"


def _spelling(problem: str, value: Any) -> str | None:
    """Say how a value would have to be written, where only that is wrong with it."""
    if problem == "string_type" and isinstance(value, bool | int | float):
        return "put it in quotes"
    if problem in ("int_type", "float_type") and isinstance(value, str) and value.strip().isdecimal():
        return "without quotes, and without leading zeros"
    if problem == "list_type" and isinstance(value, str) and 0 < len(value) <= 40:
        return f"as a list: [{value}]" if value.isprintable() else None
    if problem == "list_type" and isinstance(value, dict) and value:
        return "begin it with `- `: each entry of a list does"
    return None


def _line(path: KeyPath, message: str, hint: str | None, *, at_key: bool = False) -> InitErrorDetails:
    return InitErrorDetails(type=said(message, hint, at_key=at_key), loc=path, input=None)
