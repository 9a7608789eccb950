"""What a module answers: an entry of `answers`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from resistor.catalog.forms import Form
from resistor.catalog.forms.form import said
from resistor.catalog.forms.values import Condition, Duration, DurationOrNothing
from resistor.catalog.wording import listed, quote

_KINDS = ("output", "fail", "retry", "later", "never", "crash")
WORDS = ("never", "crash")
LONGEST_KEY = 30  # characters of an unknown key that a hint repeats


class FailForm(Form):
    """An error that no further attempt would mend."""

    what: ClassVar[str] = "`fail`"
    shape: ClassVar[str] = " like {type: card_declined}, or the error's type alone"
    advice: ClassVar[Mapping[str, str]] = {"type": "the error's type: {type: card_declined}"}

    type: str = Field(description="What the workflow's `catch` and `retry` match on")
    message: str = Field("", description="For people")
    details: Any = Field(None, description="Anything")


class RetryForm(Form):
    """An error after which another attempt may do better."""

    what: ClassVar[str] = "`retry`"
    shape: ClassVar[str] = " like {message: the bank is busy, after: 1m}, or the message alone"

    type: str = Field("retry", description="What the workflow's `catch` and `retry` match on")
    message: str = Field("", description="For people")
    after: DurationOrNothing | None = Field(None, description="Before the next attempt")
    details: Any = Field(None, description="Anything")


def _failure(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


def _message(value: Any) -> Any:
    return {"message": value} if isinstance(value, str) else value


def _text_or(form: str) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string"}, {"$ref": f"#/$defs/{form}"}]})


def _by_word(value: Any) -> Any:
    return {value: True} if value in WORDS else value


class AnswerForm(Form):
    """One answer to one call."""

    what: ClassVar[str] = "an answer"
    nullable: ClassVar[frozenset[str]] = frozenset({"output"})
    shape: ClassVar[str] = " like {output: …}, {fail: card_declined}, or the word never or crash"

    output: Any = Field(None, description="The output; `${input…}` reads the action's input")
    fail: Annotated[FailForm | None, BeforeValidator(_failure), _text_or("FailForm")] = Field(
        None, description="An error that is not retried: its type, or {type, message, details}"
    )
    retry: Annotated[RetryForm | None, BeforeValidator(_message), _text_or("RetryForm")] = Field(
        None, description="An error that is retried: its message, or {type, message, after, details}"
    )
    later: Duration | None = Field(None, description="Hand the action back, to have it again then")
    never: bool = Field(default=False, description="Say nothing")
    crash: bool = Field(default=False, description="Die with the action in hand, and get it again")
    takes: Duration | None = Field(None, description="Answer after so long")
    progress: Duration | None = Field(None, description="Report progress so often until then")
    twice: bool = Field(default=False, description="Say it twice")
    when: Condition | None = Field(None, description="Only of calls of which this holds: input.sku == 'a'")

    @classmethod
    def help_with(cls, key: str) -> tuple[str | None, str | None]:
        """Return what helps with a key that it does not have: most often it is the output's."""
        hint, near = super().help_with(key)
        output = f"if {quote(key)} is a part of the output: {{output: {{{key[:LONGEST_KEY]}: …}}}}"
        return (hint, near) if near else (output, None)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        kinds = [kind for kind in _KINDS if kind in self.model_fields_set]
        if len(kinds) > 1:
            raise said(f"an answer is one thing, not {listed(kinds)}", "several answers are a list")
        if self.progress is not None and self.takes is None:
            raise said("`progress` is reported while an answer `takes` its time", "say how long: `takes: 2m`")
        return self


_SCHEMA = {"anyOf": [{"$ref": "#/$defs/AnswerForm"}, {"enum": list(WORDS)}]}

OneAnswer = Annotated[AnswerForm, BeforeValidator(_by_word), WithJsonSchema(_SCHEMA)]


def _as_list(value: Any) -> Any:
    if value == []:
        raise said("there is no answer in this list", "one for each call: [{fail: busy}, {output: 5}]")
    return value if isinstance(value, list) else [value]


Answers = Annotated[
    list[OneAnswer],
    Field(min_length=1),
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [_SCHEMA, {"type": "array", "minItems": 1, "items": _SCHEMA}]}),
]
"""One answer for all calls, or a list: one for each call, the last one for all that follow."""
