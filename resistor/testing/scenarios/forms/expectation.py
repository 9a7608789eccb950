"""What must have come of a scenario: `expect`, at the end and on the way."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from resistor.catalog.forms import Form
from resistor.catalog.forms.form import must_be, said
from resistor.catalog.forms.values import Duration, DurationOrNothing, OneOf
from resistor.engine.run import RunStatus


def _error(value: Any) -> Any:
    if isinstance(value, str):
        return {"type": value}
    if not isinstance(value, dict):
        raise must_be("the error's type, or a mapping with `type`, `message`, …")
    return value


def _named(value: Any) -> Any:
    """Let an entry be a name alone, or a name with what goes with it."""
    if not isinstance(value, str) and not (isinstance(value, dict) and len(value) == 1):
        raise must_be("a name, or one name with what goes with it: {payments.charge: {amount: 5}}")
    return value


def _step(value: Any) -> Any:
    if not isinstance(value, dict):
        raise must_be("a mapping like {status: completed, output: …}")
    return value


_TEXT_OR_MAPPING = {"anyOf": [{"type": "string"}, {"type": "object"}]}
_ONE_NAME = {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]}
Named = Annotated[str | dict[str, Any], PlainValidator(_named), WithJsonSchema(_ONE_NAME)]
"""A name, whatever goes with it, or a name with what goes with it."""

Error = Annotated[dict[str, Any], BeforeValidator(_error), WithJsonSchema(_TEXT_OR_MAPPING)]


class TookForm(Form):
    """How long the run lasted."""

    what: ClassVar[str] = "`took`"
    shape: ClassVar[str] = " like {at_least: 2h, at_most: 3h}"

    at_least: DurationOrNothing | None = Field(None, description="No shorter than this")
    at_most: Duration | None = Field(None, description="No longer than this")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.model_fields_set:
            raise said("`took` says nothing", "like {at_least: 2h, at_most: 3h}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise said("`at_least` is longer than `at_most`")
        return self


class ExpectForm(Form):
    """What is expected of the run that the event has started. Mappings may have more than is said of them."""

    what: ClassVar[str] = "`expect`"
    nullable: ClassVar[frozenset[str]] = frozenset({"output"})
    shape: ClassVar[str] = " like {status: completed}"

    refused: str | None = Field(None, description="The event is a dead letter, for this reason")
    runs: Annotated[int, Field(ge=0)] | None = Field(None, description="How many runs there are, of all")
    workflow: str | None = Field(None, description="namespace/event@version")
    status: OneOf[RunStatus] | None = Field(None, description="The run's status")
    error: Error | None = Field(None, description="Its error's type, or what is to be in it")
    path: list[str] | None = Field(None, description="The paths of the steps that began, in that order")
    calls: list[Named] | None = Field(
        None, description="What modules were asked for, in that order: module.action, with its input"
    )
    attempts: dict[str, Annotated[int, Field(ge=0)]] | None = Field(
        None, description="By a step's path, how many attempts it took"
    )
    steps: dict[str, Annotated[dict[str, Any], BeforeValidator(_step)]] | None = Field(
        None, description="By a step's path: status, output, error, input, attempt"
    )
    compensations: list[str] | None = Field(None, description="The steps that were undone, in that order")
    emitted: list[Named] | None = Field(None, description="The events that were published: name, with data")
    waiting: list[str] | None = Field(None, description="The paths of the steps that wait")
    labels: dict[str, str] | None = Field(None, description="Its labels")
    took: TookForm | None = Field(None, description="How long it lasted")
    output: Any = Field(None, description="What the run gave")

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if not self.model_fields_set:
            raise said("`expect` says nothing", "say what must have come of it: `status: completed`")
        others = self.model_fields_set - {"refused", "runs"}
        if self.refused is not None and others:
            raise said("an event that is refused starts no run, of which something could be expected")
        return self
