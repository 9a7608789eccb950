"""Moments: seconds since the epoch ⇄ what expressions and people write. No clock is read here."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(at: float | None) -> datetime | None:
    """Return a time as expressions see it: an aware `datetime` in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC)


def seconds_of(value: object) -> float | None:
    """Return a timestamp, or its RFC 3339 text, in seconds since the epoch; None where it is neither."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
