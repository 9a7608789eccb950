"""One version of a workflow, and the mappings in it that are not steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.forms.names import EventName, label
from resistor.catalog.forms.retrying import Retry
from resistor.catalog.forms.schedule import ScheduleForm
from resistor.catalog.forms.step import Steps
from resistor.catalog.forms.values import (
    LARGEST_INTEGER,
    Condition,
    Count,
    Duration,
    MappingOrExpression,
    OneOf,
    Schema,
)
from resistor.catalog.forms.variations import ChangeForm, Reference
from resistor.engine.workflow import OnConflict


class DefaultsForm(Form):
    """What holds for every module step that says nothing else: `defaults`, of a workflow or a module."""

    what: ClassVar[str] = "`defaults`"

    retry: Retry | None = Field(None, description="When a failed attempt is made again")
    timeout: Duration | None = Field(None, description="Limit for one attempt")
    heartbeat: Duration | None = Field(None, description="An attempt that is silent for so long has failed")


class RolloutForm(Form):
    """Who gets this version."""

    what: ClassVar[str] = "`rollout`"

    percent: Annotated[float, Field(ge=0, le=100)] | None = Field(None, description="Share of new runs")
    key: str | None = Field(None, description="Makes the choice sticky, as in ${input.customer_id}")
    when: Condition | None = Field(None, description="Expression over `input` and `event`")

    @model_validator(mode="after")
    def _chooses(self) -> Self:
        if self.percent is None and self.when is None:
            raise said(
                "`rollout` needs `percent` or `when`", "leave it out for a version that is for everybody"
            )
        if self.key is not None and self.percent is None:
            raise said("`key` is for `percent`, and there is none", path=("key",), at_key=True)
        return self


class TriggerForm(Form):
    """A further event that starts the workflow."""

    what: ClassVar[str] = "an entry of `triggers`"

    event: EventName = Field(description="An event of the same namespace")
    if_: Condition | None = Field(None, alias="if", description="Expression over `input` and `event`")
    input: MappingOrExpression | None = Field(None, description="The run's input. Default: the event's data")


class ConcurrencyForm(Form):
    """How many runs are open at once."""

    what: ClassVar[str] = "`concurrency`"

    key: str | None = Field(None, description="Counts each value of its own, as in ${input.account}")
    limit: Count = Field(1, description="Open runs with the same key. Default 1")
    on_conflict: OneOf[OnConflict] = Field(OnConflict.QUEUE, description="What becomes of one too many")


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for name in labels:
        try:
            label(name)
        except ValueError as error:
            raise said(str(error), path=(name,), at_key=True) from None
    return labels


class WorkflowForm(Form):
    """One version of a workflow, complete: a variation has become one of these when it is checked."""

    what: ClassVar[str] = "a workflow"
    shape: ClassVar[str] = " with `version` and `steps`"
    advice: ClassVar[Mapping[str, str]] = {
        "version": "a first version is `version: 1`; give every change the next number",
        "steps": "a workflow that does nothing has `steps: []`",
    }

    version: int = Field(ge=1, le=LARGEST_INTEGER, description="Once registered, a version never changes")
    steps: Steps = Field(description="Run in order")
    description: str | None = Field(None, description="For people")
    input: Schema | None = Field(None, description="JSON Schema for the event's data")
    output: MappingOrExpression | None = Field(
        None, description="The run's result. Default: the last completed step's output"
    )
    timeout: Duration | None = Field(None, description="Limit for the whole run")
    defaults: DefaultsForm | None = Field(None, description="For every module step")
    rollout: RolloutForm | None = Field(None, description="Who gets this version. Default: everybody else")
    extends: Reference | None = Field(None, description="The workflow that this one is a variation of")
    changes: list[ChangeForm] | None = Field(None, description="In what the variation differs")
    triggers: list[TriggerForm] = Field(default_factory=list, description="Further events that start it")
    schedule: ScheduleForm | None = Field(None, description="When it starts by itself")
    concurrency: ConcurrencyForm | None = Field(None, description="How many runs are open at once")
    on_failure: Steps | None = Field(None, description="Run after the run failed; they know `error`")
    finally_: Steps | None = Field(None, alias="finally", description="Run in any case, before the end")
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field(
        default_factory=dict, description="Indexed for search"
    )
    retention: Duration | None = Field(None, description="How long the ended run stays readable. Default 7d")
