"""Steps that wait: for a time, for an event, for a person."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, PlainValidator, TypeAdapter, WithJsonSchema

from resistor.catalog.durations import EXAMPLES, PATTERN
from resistor.catalog.forms.form import Form, must_be
from resistor.catalog.forms.names import EventName
from resistor.catalog.forms.step import StepForm
from resistor.catalog.forms.values import Condition, Count, Duration, DurationOrNothing, Schema

_SECONDS: TypeAdapter[float] = TypeAdapter(DurationOrNothing)


class MomentForm(Form):
    """`until` a moment: what may stand under `wait`."""

    what: ClassVar[str] = "`wait`"

    until: Condition = Field(description="Expression for the moment: a timestamp, or text in RFC 3339")


def _moment(value: Any) -> float | MomentForm:
    if isinstance(value, dict):
        return MomentForm.model_validate(value)
    if not isinstance(value, str | int | float):
        raise must_be(f"{EXAMPLES}, or {{until: …}}")
    return _SECONDS.validate_python(value)


_MOMENT = {
    "anyOf": [
        {"type": "string", "pattern": PATTERN},
        {
            "type": "object",
            "properties": {"until": {"type": ["string", "boolean"]}},
            "required": ["until"],
            "additionalProperties": False,
        },
    ]
}


class WaitForm(StepForm, kind="wait"):
    """A durable timer."""

    wait: Annotated[Any, PlainValidator(_moment), WithJsonSchema(_MOMENT)] = Field(
        description="A duration, milliseconds to years, or {until: expression}"
    )


class KeyForm(Form):
    """The business key that joins an event and a run: what stands under `key`."""

    what: ClassVar[str] = "`key`"

    event: Condition = Field(description="Expression over the arriving event, as event.data.order_id")
    run: Condition = Field(description="Expression over the run, as input.order_id")


class EventForm(Form):
    """What stands under `listen`."""

    what: ClassVar[str] = "`listen`"

    event: EventName = Field(description="An event of the same namespace")
    match: Condition | None = Field(None, description="Expression; `event` is the arriving event")
    key: KeyForm | None = Field(None, description="Indexed: with it no event scans the runs that wait")
    timeout: Duration | None = Field(None, description="How long to wait")
    count: Count | None = Field(None, description="So many events, handed on as a list")
    buffer: Duration | None = Field(None, description="Events count that came by so much before the step")


class ListenForm(StepForm, kind="listen"):
    """Wait for an event."""

    listen: EventForm = Field(description="What to wait for")


class QuestionForm(Form):
    """What stands under `ask`."""

    what: ClassVar[str] = "`ask`"

    prompt: str = Field(description="The question")
    form: Schema | None = Field(None, description="JSON Schema of the answer")
    to: str | None = Field(None, description="Who is asked")
    timeout: Duration | None = Field(None, description="How long to wait")


class AskForm(StepForm, kind="ask"):
    """Wait for a person."""

    ask: QuestionForm = Field(description="What to ask")
