"""What every step may hold, which kinds there are, and how a mapping finds the form of its kind.

A new kind of step is a `StepForm` with the key that makes it: `class WaitForm(StepForm, kind="wait")`.
Lists of steps anywhere in a definition are `Steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.forms.names import StepId
from resistor.catalog.forms.values import Condition, OneOf
from resistor.catalog.wording import kind_of, listed, nearest, quote
from resistor.engine.workflow import END, EXIT

KINDS: dict[str, type[StepForm]] = {}
"""The key that makes a step what it is, and its form. Filled as the forms are defined."""

_IN_TRY = "only module steps, `run` and `try` have it: put this step into a `try`"
_ELSEWHERE: Mapping[str, str] = {
    "catch": _IN_TRY,
    "retry": "only module steps have it: put this step into a `try` whose `catch` says `retry`",
    "finally": "only `try` and the workflow have it: put this step into a `try`",
    "compensate": "only module steps have it",
    "timeout": "only module steps, `listen`, `ask` and `run` have it, and the workflow as a whole",
    "limit": "only `while` and `until` have it",
    "keep": "only `while` and `until` have it",
    "do": "only `for`, `while` and `until` have it, and the entries of `switch` and `catch`",
}
"""What helps where a key of one kind of step stands on another."""


class StepOnError(StrEnum):
    """What becomes of the run when a step has failed."""

    FAIL = "fail"
    CONTINUE = "continue"


class StepForm(Form):
    """What every step may hold, of whatever kind."""

    kind: ClassVar[str] = ""

    id: StepId | None = Field(None, description="Default: from the action, or the kind")
    name: str | None = Field(None, description="For people")
    if_: Condition | None = Field(
        None, alias="if", description="Expression; where it is false the step is skipped"
    )
    then: str | None = Field(
        None, description="Id of a step of the same list, `exit` (leave the list) or `end` (end the run)"
    )
    on_error: OneOf[StepOnError] | None = Field(None, description="Whether the run goes on after a failure")

    def __init_subclass__(cls, kind: str = "", **more: Any) -> None:
        """Take the key that makes a step of this form."""
        super().__init_subclass__(**more)
        if kind:
            cls.kind = kind
            article = "an" if kind[0] in "aeiou" else "a"
            cls.what = f"{article} `{kind}` step" if kind != "module" else "a step"
            KINDS[kind] = cls

    @model_validator(mode="after")
    def _goes_by_a_name_of_its_own(self) -> Self:
        # An `end` step may: a `then: end` that meant it would do the same.
        if self.id in (EXIT, END) and (self.id, self.kind) != (END, "end"):
            message = f"{quote(self.id)} cannot be the id of a step: it is a word of `then`"
            raise said(message, path=("id",))
        return self

    @classmethod
    def help_with(cls, key: str) -> tuple[str | None, str | None]:
        """Return a hint for a key that this kind does not have, and the key that was probably meant."""
        if key in cls._inside():
            return f"write it inside {quote(cls.kind)}", None
        if key in cls.advice:
            return cls.advice[key], None
        if key in _ELSEWHERE:
            return _ELSEWHERE[key], None
        owners = [kind for kind, form in KINDS.items() if key in form.known()]
        if owners:
            return f"only {listed(owners)} steps have it", None
        return super().help_with(key)

    @classmethod
    def _inside(cls) -> tuple[str, ...]:
        """Return the keys of the mapping under the kind's own key, where that is one."""
        info = next(
            (info for name, info in cls.model_fields.items() if (info.alias or name) == cls.kind), None
        )
        form = info.annotation if info is not None else None
        return form.known() if isinstance(form, type) and issubclass(form, Form) else ()


def _step(value: Any) -> StepForm:
    if not isinstance(value, dict):
        raise said(f"a step must be a mapping with `module` and `action`, not {kind_of(value)}")
    kinds = [key for key in value if key in KINDS]
    if len(kinds) > 1:
        message = f"a step is of one kind, and this one has {listed(kinds)}"
        raise said(message, "make a step of each", path=(kinds[1],), at_key=True)
    kind = kinds[0] if kinds else _meant_kind(value)
    return KINDS[kind].model_validate(value)


def _meant_kind(step: dict[str, Any]) -> str:
    """Return the kind that a step without one was probably to be. Raises where that cannot be said."""
    if "action" in step:
        return "module"
    anywhere = {key for form in KINDS.values() for key in form.known()}
    for key in step:
        near = nearest(key, KINDS) if key not in anywhere else None
        if near:
            return near
    if "do" in step:
        raise said("a step with `do` needs `for`, `while` or `until`")
    raise said(
        "a step needs `module` and `action`, or the key of another kind",
        f"there are {listed(kind for kind in KINDS if kind != 'module')}",
    )


Steps = list[Annotated[Any, PlainValidator(_step), WithJsonSchema({"x-step": True})]]
"""A list of steps: `StepForm`s, each of its kind."""
