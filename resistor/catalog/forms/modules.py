"""What stands under the reserved key `modules`: what holds for a module wherever it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from resistor.catalog.forms.form import Form, said
from resistor.catalog.forms.limits import ConcurrencyLimit, RateLimit
from resistor.catalog.forms.names import action
from resistor.catalog.forms.workflow import DefaultsForm


class ActionDefaultsForm(DefaultsForm):
    """What holds for one action of a module."""

    what: ClassVar[str] = "an action of a module"

    concurrency: ConcurrencyLimit | None = Field(None, description="Of it are out at once, over all runs")
    rate: RateLimit | None = Field(None, description="How often it goes out, over all runs, as in 100/s")


class ModuleDefaultsForm(Form):
    """What holds for a module."""

    what: ClassVar[str] = "a module"
    advice: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("retry", "timeout", "heartbeat"), "write it inside `defaults`"
    )

    defaults: DefaultsForm | None = Field(None, description="For every action of it")
    concurrency: ConcurrencyLimit | None = Field(None, description="Actions out at once, over all runs")
    rate: RateLimit | None = Field(None, description="How often actions go out, over all runs, as in 100/s")
    actions: dict[str, ActionDefaultsForm] = Field(
        default_factory=dict, description="For one action, by its name"
    )

    @model_validator(mode="after")
    def _names_are_good(self) -> Self:
        for name in self.actions:
            try:
                action(name)
            except ValueError as error:
                raise said(str(error), path=("actions", name), at_key=True) from None
        return self
