"""Timestamps and durations as text, by whole numbers alone: no clock, no calendar library, no rounding.

Used by the library's conversions and wherever a result leaves as JSON.
"""

from __future__ import annotations

import re

from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.values import Duration, Timestamp

SECOND = 1_000_000_000
_UNITS = {
    "h": 3600 * SECOND,
    "m": 60 * SECOND,
    "s": SECOND,
    "ms": 1_000_000,
    "us": 1_000,
    "µs": 1_000,
    "ns": 1,
}
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)
_DURATION = re.compile(r"([+-]?)((?:(?:[0-9]+(?:\.[0-9]{0,9})?|\.[0-9]{1,9})(?:h|ms|us|µs|ns|m|s))+)")
_PIECE = re.compile(r"([0-9]*)(?:\.([0-9]*))?(h|ms|us|µs|ns|m|s)")
_FIRST, _LAST = -62_135_596_800 * SECOND, 253_402_300_800 * SECOND - 1  # the years 1 to 9999, as CEL has it
_LONGEST = 315_576_000_000 * SECOND  # 10,000 years, as google.protobuf.Duration has it


def timestamp(nanos: int) -> Timestamp:
    """Return the moment, if it lies in the years 1 to 9999. Raises `Fault`."""
    if _FIRST <= nanos <= _LAST:
        return Timestamp(nanos)
    raise Fault("a timestamp lies in the years 1 to 9999")


def duration(nanos: int) -> Duration:
    """Return the duration, if it is within 10,000 years. Raises `Fault`."""
    if abs(nanos) <= _LONGEST:
        return Duration(nanos)
    raise Fault("a duration is at most 10,000 years")


def parse_timestamp(text: str) -> Timestamp:
    """Read RFC 3339. Raises `Fault`."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise Fault(f"{text[:40]!r} is not a timestamp such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = map(int, match.groups()[:6])
    days = _days(year, month, day)
    # February 30 would silently be March 2: a date is only one that comes back as it was written.
    if _date(days) != (year, month, day) or hour > 23 or minute > 59 or second > 59:
        raise Fault(f"{text[:40]!r} is not a moment of the calendar")
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    if match[8]:
        away = int(match[9]) * 3_600 + int(match[10]) * 60
        seconds += away if match[8] == "-" else -away
    return timestamp(seconds * SECOND + int((match[7] or "").ljust(9, "0")))


def parse_duration(text: str) -> Duration:
    """Read `1h30m`, `-1.5s`, `0`. Raises `Fault`."""
    match = _DURATION.fullmatch(text) if len(text) < 100 else None
    if match is None:
        if text in {"0", "+0", "-0"}:
            return Duration(0)
        raise Fault(f"{text[:40]!r} is not a duration such as 1h30m or 90s")
    nanos = 0
    for whole, part, unit in _PIECE.findall(match[2]):
        nanos += int(whole or 0) * _UNITS[unit] + int(part.ljust(9, "0")) * _UNITS[unit] // SECOND
    return duration(-nanos if match[1] == "-" else nanos)


def timestamp_text(moment: Timestamp) -> str:
    """Write RFC 3339 in UTC, with as many digits after the second as are needed."""
    seconds, nanos = divmod(moment.nanos, SECOND)
    days, rest = divmod(seconds, 86_400)
    year, month, day = _date(days)
    clock = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{year:04}-{month:02}-{day:02}T{clock}{_fraction(nanos)}Z"


def duration_text(length: Duration) -> str:
    """Write seconds, as CEL's `string(duration)` does: `90s`, `-1.5s`."""
    seconds, nanos = divmod(abs(length.nanos), SECOND)
    return f"{'-' if length.nanos < 0 else ''}{seconds}{_fraction(nanos)}s"


def _fraction(nanos: int) -> str:
    """Three, six or nine digits, as protobuf's JSON has it, and CEL's `string()` with it."""
    digits = f".{nanos:09}"
    return (
        ""
        if not nanos
        else digits[:4]
        if nanos % 1_000_000 == 0
        else digits[:7]
        if nanos % 1_000 == 0
        else digits
    )


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar (H. Hinnant, "chrono-compatible date algorithms")."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _date(days: int) -> tuple[int, int, int]:
    """Undo `_days` (the same source)."""
    era, of_era = divmod(days + 719_468, 146_097)
    years = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return era * 400 + years + (month <= 2), month, day
