"""`retry` in its three spellings, and `catch`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from resistor.catalog.forms.form import Form, must_be, said
from resistor.catalog.forms.names import ErrorType
from resistor.catalog.forms.step import Steps
from resistor.catalog.forms.values import (
    Condition,
    Duration,
    DurationOrNothing,
    MappingOrExpression,
    OneOf,
)
from resistor.engine.workflow import Backoff

LARGEST_FACTOR = 1000.0
MOST_ATTEMPTS = 1_000_000
ANY_ERROR = "*"


class RetryForm(Form):
    """When a failed attempt is made again."""

    what: ClassVar[str] = "`retry`"

    limit: Annotated[int, Field(ge=1, le=MOST_ATTEMPTS)] = Field(
        3, description="Attempts, the first included"
    )
    delay: DurationOrNothing = Field(1.0, description="Before the second attempt. Default 1s")
    backoff: OneOf[Backoff] = Field(Backoff.EXPONENTIAL, description="How the delay grows")
    factor: Annotated[float, Field(ge=1, le=LARGEST_FACTOR)] = Field(2.0, description="Of an exponential one")
    max_delay: Duration | None = Field(None, description="The longest delay. Default 5m")
    jitter: Annotated[float, Field(ge=0, le=1)] = Field(
        0.1, description="Share of the delay, added at random"
    )
    within: Duration | None = Field(None, description="No attempt begins later than this after the first")
    on: list[ErrorType] | None = Field(None, description="The only error types that are retried")
    except_: list[ErrorType] = Field(
        default_factory=list, alias="except", description="Error types that are not retried"
    )


def _spelled_out(value: Any) -> Any:
    if value == "none":
        return {"limit": 1}
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MOST_ATTEMPTS:
            raise must_be(f"1 to {MOST_ATTEMPTS} attempts", "without further attempts: `retry: none`")
        return {"limit": value}
    if not isinstance(value, dict):
        raise must_be("a number of attempts, `none` or a mapping")
    return value


_Attempts = Annotated[int, Field(ge=1, le=MOST_ATTEMPTS)]
_Spellings = _Attempts | Literal["none"] | RetryForm

Retry = Annotated[RetryForm, BeforeValidator(_spelled_out, json_schema_input_type=_Spellings)]


class CatchForm(Form):
    """What to do about some errors."""

    what: ClassVar[str] = "an entry of `catch`"

    errors: list[ErrorType] | None = Field(None, description="Types, or `*`. Default: all")
    if_: Condition | None = Field(None, alias="if", description="Expression; knows `error`")
    retry: Retry | None = Field(None, description="Try the whole again, fresh")
    do: Steps | None = Field(None, description="Steps that run instead; they know `error`")
    then: str | None = Field(
        None, description="Where the run goes on: a step of the same list, `exit`, `end`"
    )
    output: MappingOrExpression | None = Field(None, description="The step's output; knows `error`")

    @model_validator(mode="after")
    def _names_an_error(self) -> Self:
        if self.errors is not None and not self.errors:
            raise said("this names no error", 'leave `errors` out, or write ["*"], for all', path=("errors",))
        return self
