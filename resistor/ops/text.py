"""Times, durations and other people's text, for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import ceil


def printable(text: str) -> str:
    """Escape what could move a terminal's cursor or forge a line: the text may be any sender's."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shortened(text: str, longest: int) -> str:
    """Cut `text` to `longest` characters."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def local_time(rfc3339: str | None) -> str:
    """Return a time of a view in local time; a dash for none."""
    if rfc3339 is None:
        return "-"
    return datetime.fromisoformat(rfc3339).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def short_time(rfc3339: str | None, now: float) -> str:
    """Return a time of the last day as `14:05:00`, of this year as `11-22 14:05`, else the date alone."""
    if rfc3339 is None:
        return "-"
    at, today = datetime.fromisoformat(rfc3339).astimezone(), datetime.fromtimestamp(now).astimezone()
    if 0 <= now - at.timestamp() < 86400:
        return at.strftime("%H:%M:%S")
    return at.strftime("%m-%d %H:%M" if at.year == today.year else "%Y-%m-%d")


def every(seconds: float) -> str:
    """Return a duration as a definition has it: `15m`, `2h`, `1d`, `90s`."""
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:g}{unit}"
    return f"{seconds:g}s"


def how_long(seconds: float | None) -> str:
    """Return `0.120s`, `12.3s`, `1m05s`, `2h03m`, `3d04h`; a dash for None."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.3f}s"
    if seconds < 60:
        return f"{seconds:.1f}s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def how_soon(seconds: float) -> str:
    """Return `in 12s`, `in 3m05s`; `now` for what is due."""
    return f"in {how_long(seconds) if seconds >= 60 else f'{ceil(seconds)}s'}" if seconds > 0 else "now"


def elapsed(view: Mapping[str, object], now: float) -> float | None:
    """Return the seconds that a run or a step has taken, up to `now` where it is not over."""
    began, ended = view.get("started_at"), view.get("finished_at")
    if not isinstance(began, str):
        return None
    end = datetime.fromisoformat(ended).timestamp() if isinstance(ended, str) else now
    return max(0.0, end - datetime.fromisoformat(began).timestamp())


def plural(count: int, noun: str) -> str:
    """Return `1 queue`, `2 queues`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
