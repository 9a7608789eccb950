"""Steps that the engine does itself: `emit`, `set`, `run`, `raise`, `end`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.forms.names import EventName, Namespace, WorkflowOrExpression, variable
from resistor.catalog.forms.retrying import CatchForm
from resistor.catalog.forms.step import StepForm
from resistor.catalog.forms.values import LARGEST_INTEGER, Duration, MappingOrExpression, OneOf
from resistor.engine.workflow import EndStatus


class MessageForm(Form):
    """What stands under `emit`."""

    what: ClassVar[str] = "`emit`"

    event: EventName = Field(description="The event's name")
    data: MappingOrExpression | None = Field(None, description="The event's data")
    namespace: Namespace | None = Field(None, description="Default: the workflow's own")


class EmitForm(StepForm, kind="emit"):
    """Publish an event."""

    emit: MessageForm = Field(description="The event")


def _variables(values: dict[str, Any]) -> dict[str, Any]:
    for name in values:
        try:
            variable(name)
        except ValueError as error:
            raise said(str(error), path=(name,), at_key=True) from None
    return values


class SetForm(StepForm, kind="set"):
    """Set variables."""

    set: Annotated[dict[str, Any], AfterValidator(_variables)] = Field(
        description="Names and values, read as `vars.name`; all are evaluated before any is set"
    )


class SubWorkflowForm(Form):
    """What stands under `run`."""

    what: ClassVar[str] = "`run`"
    advice: ClassVar[Mapping[str, str]] = {"catch": "write it beside `run`"}

    workflow: WorkflowOrExpression = Field(description="The workflow's name")
    namespace: Namespace | None = Field(None, description="Default: the workflow's own")
    version: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)] | None = Field(
        None, description="Default: as an event would choose"
    )
    input: MappingOrExpression | None = Field(None, description="Default: this run's own input")
    id: str | None = Field(None, description="Idempotency key: the same id, the same run")
    detach: bool = Field(False, description="Do not wait for its end")
    timeout: Duration | None = Field(None, description="How long to wait")


class RunForm(StepForm, kind="run"):
    """Run another workflow."""

    run: SubWorkflowForm = Field(description="The workflow, and what it is given")
    timeout: Duration | None = Field(None, description="How long to wait")
    catch: list[CatchForm] = Field(
        default_factory=list, description="What to do about some errors; the first match wins"
    )

    @model_validator(mode="after")
    def _one_timeout(self) -> Self:
        if self.timeout is not None and self.run.timeout is not None:
            raise said("`timeout` stands here twice, in `run` too", path=("timeout",), at_key=True)
        return self


class ErrorForm(Form):
    """What stands under `raise`."""

    what: ClassVar[str] = "`raise`"

    type: str = Field(min_length=1, description="The error's type, which `catch` and `retry` go by")
    message: str | None = Field(None, description="For people")
    details: Any = Field(None, description="Anything")


class RaiseForm(StepForm, kind="raise"):
    """Fail with a typed error."""

    raise_: ErrorForm = Field(alias="raise", description="The error")


class OutcomeForm(Form):
    """What stands under `end`."""

    what: ClassVar[str] = "`end`"
    shape: ClassVar[str] = ", as in end: {status: completed}"

    status: OneOf[EndStatus] = Field(EndStatus.COMPLETED, description="How the run ends")
    output: MappingOrExpression | None = Field(None, description="The run's output; wins over the workflow's")
    message: str | None = Field(None, description="For people")


class EndForm(StepForm, kind="end"):
    """Finish the run here."""

    advice: ClassVar[Mapping[str, str]] = {"end": "write `end: {}` to complete the run"}

    end: OutcomeForm = Field(description="How; {} completes the run")
