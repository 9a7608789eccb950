"""What the mappings of a definition may hold: one pydantic model for each, one for each kind of step.

Read by the checks, which turn what they say into findings, by compiling and by the editors' schema. A new
key is a field here, a new kind of step a `StepForm` with its key.

    form        what every form is, and how it says what is wrong
    names       what things may be called
    values      durations, expressions, values with expressions in them
    step        what every step may hold; lists of steps
    retrying    `retry`, `catch`
    actions     the step that asks a module
    control     steps that hold steps
    moments     steps that wait
    doings      steps that the engine does itself
    schedule    `schedule`
    variations  `extends`, `changes`
    workflow    a workflow
    limits      `concurrency` and `rate` of modules
    modules     the reserved key `modules`
"""

from __future__ import annotations

from resistor.catalog.forms.actions import CompensateForm, ModuleForm
from resistor.catalog.forms.control import ForForm, ForkForm, SwitchForm, TryForm, UntilForm, WhileForm
from resistor.catalog.forms.doings import EmitForm, EndForm, RaiseForm, RunForm, SetForm
from resistor.catalog.forms.form import Form
from resistor.catalog.forms.limits import ConcurrencyLimitForm, RateLimitForm
from resistor.catalog.forms.modules import ActionDefaultsForm, ModuleDefaultsForm
from resistor.catalog.forms.moments import AskForm, ListenForm, MomentForm, WaitForm
from resistor.catalog.forms.names import DOTTED_RULE, STEP_ID_RULE, WORD_RULE
from resistor.catalog.forms.retrying import ANY_ERROR, CatchForm, RetryForm
from resistor.catalog.forms.schedule import ScheduleForm
from resistor.catalog.forms.step import KINDS, StepForm, StepOnError
from resistor.catalog.forms.variations import ChangeForm, VariationForm
from resistor.catalog.forms.workflow import (
    ConcurrencyForm,
    DefaultsForm,
    RolloutForm,
    TriggerForm,
    WorkflowForm,
)

__all__ = [
    "ANY_ERROR",
    "DOTTED_RULE",
    "KINDS",
    "STEP_ID_RULE",
    "WORD_RULE",
    "ActionDefaultsForm",
    "AskForm",
    "CatchForm",
    "ChangeForm",
    "CompensateForm",
    "ConcurrencyForm",
    "ConcurrencyLimitForm",
    "DefaultsForm",
    "EmitForm",
    "EndForm",
    "ForForm",
    "ForkForm",
    "Form",
    "ListenForm",
    "ModuleDefaultsForm",
    "ModuleForm",
    "MomentForm",
    "RaiseForm",
    "RateLimitForm",
    "RetryForm",
    "RolloutForm",
    "RunForm",
    "ScheduleForm",
    "SetForm",
    "StepForm",
    "StepOnError",
    "SwitchForm",
    "TriggerForm",
    "TryForm",
    "UntilForm",
    "VariationForm",
    "WaitForm",
    "WhileForm",
    "WorkflowForm",
]
