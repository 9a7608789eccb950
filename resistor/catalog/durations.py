"""Durations as authors write them: `250ms`, `30s`, `1h30m`, `2d`, `1w`, or ISO 8601 as `PT30S`, `P1DT2H`.

Read by the forms, and by `resistor`'s own options that take a duration. Knows no calendar: a month and a
year have no fixed length, so neither is one.
"""

from __future__ import annotations

import re

LONGEST = 100 * 365.25 * 86400.0
"""Seconds: 100 years, Julian ones. Far beyond any timer that is meant, well inside every clock."""

EXAMPLES = "a duration such as 30s, 1h30m or PT30S"

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,9})?"
_SHORT_UNITS = {"w": 604800.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SHORT = "".join(f"(?:({_NUMBER}){unit})?" for unit in _SHORT_UNITS)
_ISO_UNITS = (604800.0, 86400.0, 3600.0, 60.0, 1.0)
_ISO = (
    rf"P(?=[0-9T])(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?"
)
_SHORT_FORM = re.compile(rf"(?=[0-9]){_SHORT}\Z")
_ISO_FORM = re.compile(rf"{_ISO}\Z")
_CALENDAR = re.compile(r"P(?:[0-9]+[YM])+|[0-9]+(?:y|mo|months?|years?)\Z")

PATTERN = rf"^(?:(?=[0-9]){_SHORT}|{_ISO})$"
"""The same as a regular expression of JSON Schema, for editors."""


class BadDuration(ValueError):
    """The text is no duration: its message is for whoever wrote it."""


def parse_duration(text: str) -> float:
    """Return seconds, from 0 to `LONGEST`. Raises `BadDuration`."""
    for pattern, units in ((_SHORT_FORM, tuple(_SHORT_UNITS.values())), (_ISO_FORM, _ISO_UNITS)):
        match = pattern.match(text)
        if match:
            parts = zip(match.groups(), units, strict=True)
            seconds = sum(float(number) * unit for number, unit in parts if number is not None)
            if seconds > LONGEST:
                raise BadDuration("a duration is 100 years at most")
            return round(seconds, 9)  # 0.1 + 0.2: nobody wrote a 0.30000000000000004
    if _CALENDAR.match(text):
        raise BadDuration("months and years have no fixed length: write days, as in 30d")
    raise BadDuration(f"it must be {EXAMPLES}")
