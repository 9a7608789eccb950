"""What the mappings of a definition may hold: one pydantic model for each, one for each kind of step.

Read by the shape check, which turns what pydantic says into findings, and by compiling. A new key is a
field here, a new kind of step a model in `KINDS`; what is still to come is listed in `not_yet.py`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from resistor.catalog import not_yet
from resistor.catalog.wording import quote
from resistor.engine.expressions import BadExpression, Path, compile_template
from resistor.messages import names

LARGEST_VERSION = 2**53 - 1  # the largest integer that every JSON reader keeps exact

WORD_RULE = "a letter, then letters, digits, `_` or `-`, 64 characters at most"
DOTTED_RULE = "a letter, then letters, digits, `_`, `-` or `.`, 128 characters at most"
STEP_ID_RULE = "a letter or `_`, then letters, digits or `_`, 64 characters at most"


def _refuse(message: str) -> PydanticCustomError:
    return PydanticCustomError("said", "{message}", {"message": message})


def _module(name: str) -> str:
    return _matching(names.WORD, name, f"is not the name of a module: {WORD_RULE}")


def _action(name: str) -> str:
    if "${" in name:
        raise _refuse("an expression in `action` is not supported by this version of Resistor yet")
    return _matching(names.DOTTED, name, f"is not the name of an action: {DOTTED_RULE}")


def _step_id(name: str) -> str:
    return _matching(names.STEP_ID, name, f"is not the id of a step: {STEP_ID_RULE}")


def _matching(pattern: re.Pattern[str], name: str, otherwise: str) -> str:
    if not pattern.match(name):
        raise _refuse(f"{quote(name)} {otherwise}")
    return name


def _mapping_or_expression(value: Any) -> Any:
    if isinstance(value, dict) or (isinstance(value, str) and _is_one_expression(value)):
        return value
    raise _refuse("`with` must be a mapping, or one `${…}` and nothing around it")


def _is_one_expression(text: str) -> bool:
    try:
        return isinstance(compile_template(text).node, Path)
    except BadExpression:
        return True  # it was meant to be one, and the check of expressions says what is wrong with it


class Form(BaseModel):
    """A mapping that refuses unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    to_come: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def known(cls) -> list[str]:
        """Return the keys that it may hold, as they are written."""
        return [info.alias or name for name, info in cls.model_fields.items()]


class WorkflowForm(Form):
    """One version of a workflow."""

    to_come = not_yet.WORKFLOW

    version: int = Field(ge=1, le=LARGEST_VERSION, description="Once registered, a version never changes")
    steps: list[Any] = Field(description="Run in order")
    description: str | None = Field(None, description="For people")
    input: dict[str, Any] | None = Field(None, description="JSON Schema for the event's data")


class StepForm(Form):
    """What every step may hold, of whatever kind."""

    to_come = not_yet.STEP | not_yet.COMPANIONS

    id: Annotated[str, AfterValidator(_step_id)] | None = Field(None, description="Default: from the action")
    name: str | None = Field(None, description="For people")


class ModuleForm(StepForm):
    """One action by one module."""

    to_come = StepForm.to_come | not_yet.MODULE_STEP

    module: Annotated[str, AfterValidator(_module)] = Field(description="Who acts")
    action: Annotated[str, AfterValidator(_action)] = Field(description="What it is asked to do")
    metadata: dict[str, Any] = Field({}, description="Handed to the module untouched, never evaluated")
    with_: Annotated[Any, AfterValidator(_mapping_or_expression)] = Field(
        None, alias="with", description="The action's input; without it, the event's data"
    )


KINDS: dict[str, type[StepForm]] = {"module": ModuleForm}
"""The key that makes a step what it is, and its form."""
