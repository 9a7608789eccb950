"""What happens after the beginning: an entry of `then`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from resistor.catalog.forms import Form
from resistor.catalog.forms.form import said
from resistor.catalog.forms.values import Duration
from resistor.catalog.wording import did_you_mean, listed, quote
from resistor.testing.scenarios.forms.expectation import ExpectForm

KINDS = (
    "after",
    "event",
    "signal",
    "answer",
    "cancel",
    "terminate",
    "pause",
    "resume",
    "retry",
    "skip",
    "expect",
)
_BESIDE = {"data": ("event", "signal"), "id": ("event",), "step": ("answer", "retry"), "output": ("skip",)}
"""Further keys, and with which kinds they go."""

WORDS = ("cancel", "terminate", "pause", "resume", "retry")
"""The kinds that need nothing else."""


def _by_word(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value not in WORDS:
        hint = did_you_mean(value, WORDS) or f"{listed(WORDS, 'or')} may stand alone"
        raise said(f"{quote(value)} is no entry of `then` by itself", hint)
    return {value: "test"}


class HappeningForm(Form):
    """One thing that happens."""

    what: ClassVar[str] = "an entry of `then`"
    nullable: ClassVar[frozenset[str]] = frozenset({"answer", "output"})
    shape: ClassVar[str] = " like {after: 3d} or {event: shop.parcel.returned, data: {…}}"
    advice: ClassVar[Mapping[str, str]] = {
        "wait": "time passes with `after`: {after: 1h}",
        **{word: f"say why, or write the word alone: - {word}" for word in WORDS},
    }

    after: Duration | None = Field(None, description="So much time passes")
    event: str | None = Field(None, description="An event is published: namespace.event")
    signal: str | None = Field(None, description="The run alone hears this event")
    answer: Any = Field(None, description="A person answers the run's `ask`")
    cancel: str | None = Field(None, description="The run is cancelled; why")
    terminate: str | None = Field(None, description="The run is terminated; why")
    pause: str | None = Field(None, description="The run is paused; why")
    resume: str | None = Field(None, description="The run goes on after a pause; why")
    retry: str | None = Field(None, description="The run is retried; why")
    skip: str | None = Field(None, description="This step (its path) is skipped, with `output`")
    expect: ExpectForm | None = Field(None, description="What must hold by now")
    data: dict[str, Any] | None = Field(None, description="The event's data")
    id: str | None = Field(None, description="The event's id")
    step: str | None = Field(None, description="The step's path, of `answer` and `retry`")
    output: Any = Field(None, description="What a step that is skipped gives")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = [kind for kind in KINDS if kind in self.model_fields_set]
        if len(kinds) != 1:
            if not kinds:
                raise said(f"an entry of `then` is one of {listed(KINDS, 'or')}")
            told = f"an entry of `then` is one thing, not {listed(kinds)}"
            raise said(told, "one after the other: each is an entry of its own")
        for key, beside in _BESIDE.items():
            if key in self.model_fields_set and kinds[0] not in beside:
                raise said(f"{quote(key)} goes with {listed(beside, 'or')}", path=(key,), at_key=True)
        if self.expect is not None and self.expect.refused is not None:
            raise said("`refused` is of the event that begins it, and stands in the last `expect`")
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        return next(kind for kind in KINDS if kind in self.model_fields_set)


Happening = Annotated[
    HappeningForm,
    BeforeValidator(_by_word),
    WithJsonSchema({"anyOf": [{"$ref": "#/$defs/HappeningForm"}, {"enum": list(WORDS)}]}),
]
