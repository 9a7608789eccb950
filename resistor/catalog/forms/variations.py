"""`extends` and `changes`: in what a variation differs from the workflow that it is one of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.wording import listed, quote
from resistor.messages.names import split_workflow

MOST_CHANGES = 200
"""Each looks for its step in the whole workflow. What differs in more is another workflow."""

_DOES = ("insert", "merge", "replace", "remove")


def _reference(text: str) -> str:
    try:
        split_workflow(text)
    except ValueError:
        raise said(f"{quote(text)} does not name a workflow", "as in shop/order.placed@3") from None
    return text


Reference = Annotated[
    str,
    AfterValidator(_reference),
    WithJsonSchema(
        {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9_-]*[/.][A-Za-z][A-Za-z0-9_.-]*(?:@\d+)?$"}
    ),
]
"""`namespace/workflow@version`. Without a version: the highest."""

_Insert = Annotated[list[Any], WithJsonSchema({"type": "array", "items": {"x-step": True}})]
_Replace = Annotated[dict[str, Any], WithJsonSchema({"x-step": True})]


class ChangeForm(Form):
    """One change: which step, and what becomes of it. New steps are checked in the workflow that results."""

    what: ClassVar[str] = "an entry of `changes`"

    after: str | None = Field(None, description="Id of the step behind which `insert` stands")
    before: str | None = Field(None, description="Id of the step in front of which `insert` stands")
    insert: _Insert | None = Field(None, description="Further steps")
    step: str | None = Field(None, description="Id of the step that is changed")
    merge: dict[str, Any] | None = Field(None, description="Keys that are other or new; null takes one away")
    replace: _Replace | None = Field(None, description="Another step in its place")
    remove: Literal[True] | None = Field(None, description="Takes the step away")

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        given = [key for key in _DOES if getattr(self, key) is not None]
        where = [key for key in ("after", "before", "step") if getattr(self, key) is not None]
        if len(given) != 1:
            has = f", and this one has {listed(given)}" if given else ""
            raise said(f"an entry of `changes` needs one of {listed(_DOES, 'or')}{has}")
        if len(where) != 1 or (given == ["insert"]) == (where == ["step"]):
            needs = "`after` or `before`" if given == ["insert"] else "`step`"
            raise said(f"{quote(given[0])} needs {needs}: the id of a step, and no other place")
        return self

    @property
    def place(self) -> tuple[str, str]:
        """Return the key that says where, and the id."""
        return next((key, value) for key in ("after", "before", "step") if (value := getattr(self, key)))


class VariationForm(Form):
    """What makes a workflow a variation. Its other keys are checked in the workflow that results."""

    what: ClassVar[str] = "a variation"
    advice: ClassVar[Mapping[str, str]] = {
        "extends": "the workflow that it is a variation of, as in shop/order.placed@3"
    }

    extends: Reference = Field(description="The workflow that this is a variation of")
    changes: list[ChangeForm] = Field(default_factory=list, description="Changes, in order")

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        if len(self.changes) > MOST_CHANGES:
            raise said(f"a variation makes {MOST_CHANGES} changes at most", path=("changes", MOST_CHANGES))
        return self
