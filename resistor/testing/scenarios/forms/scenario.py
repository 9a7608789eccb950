"""A scenario: how it begins, what modules answer, what happens then, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from resistor.catalog.forms import Form
from resistor.catalog.forms.form import must_be, said
from resistor.testing.scenarios.forms.answer import Answers
from resistor.testing.scenarios.forms.expectation import ExpectForm
from resistor.testing.scenarios.forms.happening import Happening


def _moment(value: Any) -> float:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise must_be("a time like 2026-11-23T09:00:00Z") from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


Moment = Annotated[float, PlainValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
"""Seconds since the epoch; UTC where no zone is named."""


class ScenarioForm(Form):
    """A test of a workflow."""

    what: ClassVar[str] = "a scenario"
    advice: ClassVar[Mapping[str, str]] = {"expect": "say what must come of it: expect: {status: completed}"}

    scenario: str = Field(description="What it shows, in one line", min_length=1)
    event: str | None = Field(None, description="The event that begins it: namespace.event")
    workflow: str | None = Field(None, description="In its place a version: namespace/event@version")
    data: dict[str, Any] = Field(default_factory=dict, description="The event's data")
    id: str | None = Field(None, description="The event's id")
    at: Moment | None = Field(None, description="When it begins")
    schedules: bool = Field(default=False, description="Workflows begin by their schedules, too")
    answers: dict[str, Answers] = Field(
        default_factory=dict,
        description="What is answered to `module.action`, `module.*`, `*`, a step's path",
    )
    then: list[Happening] = Field(default_factory=list, description="What happens after that, in order")
    expect: ExpectForm = Field(description="What must have come of it, when all time has passed")

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.event is not None and self.workflow is not None:
            raise said("`event` and `workflow` both begin it", "leave one of them out", path=("workflow",))
        if self.event is None and self.workflow is None and not self.schedules:
            raise said("a scenario needs `event`", "the event that begins it: event: shop.order.placed")
        if self.expect.refused is not None and self.event is None and self.workflow is None:
            raise said("`refused` is of the event that begins it, and there is no `event`")
        return self
