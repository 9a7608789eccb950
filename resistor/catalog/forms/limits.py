"""`concurrency` and `rate` of a module and of its actions, each in two spellings.

concurrency: 20          concurrency: {key: "${input.account}", limit: 1}
rate: 100/s              rate: {key: "${input.account}", limit: 10/m}
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from resistor.catalog.durations import BadDuration, parse_duration
from resistor.catalog.forms.form import Form, must_be, said
from resistor.catalog.forms.values import Count
from resistor.catalog.wording import quote

KEY = "Counts each value of its own; `input` is what the action is given"
_RATE = re.compile(r"([0-9]{1,9})/([^\s/]{1,20})\Z")
_EXAMPLES = "a rate such as 100/s, 10/m or 5/30s"


def _interval(value: Any) -> float:
    """Return the seconds between two actions."""
    match = _RATE.match(value) if isinstance(value, str) else None
    if match is None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9
        raise must_be(_EXAMPLES, f"with its time: {value}/s" if is_number else None)
    count, period = match.groups()
    try:
        seconds = parse_duration(period if period[0].isdigit() else f"1{period}")
    except BadDuration:
        near = {"sec": "s", "second": "s", "min": "m", "minute": "m", "hour": "h", "hr": "h", "day": "d"}
        unit = near.get(period.lower().removesuffix("s"))
        hint = f"did you mean {quote(f'{count}/{unit}')}?" if unit else None
        raise must_be(_EXAMPLES, hint) from None
    if not int(count) or not seconds:
        raise said(f"{quote(value)} lets nothing through", "to hold a module, `resistor module pause` it")
    return seconds / int(count)


Rate = Annotated[
    float,
    PlainValidator(_interval),
    WithJsonSchema({"type": "string", "pattern": _RATE.pattern.removesuffix("\\Z") + "$"}),
]
"""Seconds between two."""


class ConcurrencyLimitForm(Form):
    """How many actions are out at once."""

    what: ClassVar[str] = "`concurrency`"
    shape: ClassVar[str] = " or a number"

    key: str | None = Field(None, description=KEY)
    limit: Count = Field(description="Actions out at once, with the same key")


class RateLimitForm(Form):
    """How often actions go out."""

    what: ClassVar[str] = "`rate`"
    shape: ClassVar[str] = ", or a rate such as 100/s"

    key: str | None = Field(None, description=KEY)
    limit: Rate = Field(description="As in 100/s, with the same key")


def _count(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return {"limit": value}
    if not isinstance(value, dict):
        raise must_be("a number of actions, or a mapping with `limit`")
    return value


def _rate(value: Any) -> Any:
    if not isinstance(value, dict):
        _interval(value)  # said of `rate` itself, and not of a `limit` that nobody wrote
        return {"limit": value}
    return value


ConcurrencyLimit = Annotated[
    ConcurrencyLimitForm, BeforeValidator(_count, json_schema_input_type=Count | ConcurrencyLimitForm)
]
RateLimit = Annotated[RateLimitForm, BeforeValidator(_rate, json_schema_input_type=Rate | RateLimitForm)]
