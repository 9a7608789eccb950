"""The step that asks a module for an action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from resistor.catalog.forms.form import Form
from resistor.catalog.forms.names import ActionName, ActionOrExpression, ModuleName
from resistor.catalog.forms.retrying import CatchForm, Retry
from resistor.catalog.forms.step import StepForm
from resistor.catalog.forms.values import Duration, MappingOrExpression

_ADVICE = {"module": "an action is done by one module", "action": "an action is done by one module"}


class CompensateForm(Form):
    """The action that undoes a completed step."""

    what: ClassVar[str] = "`compensate`"
    advice: ClassVar[Mapping[str, str]] = _ADVICE

    module: ModuleName = Field(description="Who undoes it")
    action: ActionName = Field(description="What it is asked to do")
    with_: MappingOrExpression | None = Field(None, alias="with", description="The action's input")
    metadata: dict[str, Any] = Field(default_factory=dict, description="Handed to the module untouched")
    retry: Retry | None = Field(None, description="When a failed attempt is made again")


class ModuleForm(StepForm, kind="module"):
    """One action by one module."""

    advice: ClassVar[Mapping[str, str]] = {
        "module": "a step is one action by one module",
        "action": "a step is one action by one module",
    }

    module: ModuleName = Field(description="Who acts")
    action: ActionOrExpression = Field(description="What it is asked to do")
    metadata: dict[str, Any] = Field(
        default_factory=dict, description="Handed to the module untouched, never evaluated"
    )
    with_: MappingOrExpression | None = Field(
        None, alias="with", description="The action's input; without it, the event's data"
    )
    output: MappingOrExpression | None = Field(None, description="What is kept of `result`, the module's own")
    timeout: Duration | None = Field(None, description="Limit for one attempt, waiting in the queue included")
    heartbeat: Duration | None = Field(None, description="An attempt that is silent for so long has failed")
    retry: Retry | None = Field(None, description="When a failed attempt is made again. Default: 3 attempts")
    catch: list[CatchForm] = Field(
        default_factory=list, description="What to do about some errors; the first match wins"
    )
    compensate: CompensateForm | None = Field(None, description="Undoes the step where the run fails later")
    priority: Annotated[int, Field(ge=0, le=9)] | None = Field(
        None, description="0 to 9, in the module's queue"
    )
