"""Why a step stands still, and until when: in words, for the tree. Pure: the time comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from resistor.ops.text import how_soon, shortened

LONGEST_PROMPT = 60


def reasons(step: Mapping[str, Any], now: float) -> Iterator[str]:
    """Say of a step's object what it waits for; nothing of one that does not wait."""
    if step.get("blocked"):
        yield f"blocked: {step['blocked']}"
    if step["status"] == "retrying":
        yield f"again {moment(step['until'], now)}" if "until" in step else "again soon"
    if step["status"] == "waiting":
        yield from _awaited(step, now)


def _awaited(step: Mapping[str, Any], now: float) -> Iterator[str]:
    if "held" in step:
        why = step["held"]["why"]
        yield f"{step['held']['module']} is paused" + (f": {shortened(why, LONGEST_PROMPT)}" if why else "")
    if "limited" in step:
        yield _limited(step["limited"])
    if "until" in step:
        again = "handed back, again " if step["module"] and "limited" not in step else "until "
        yield again + moment(step["until"], now)
    if "ask" in step:
        yield _asked(step["ask"])
    if "listen" in step:
        yield _listened(step["listen"], step.get("heard", 0))
    if "child" in step:
        child = step["child"]
        yield f"for run {child['run']} of {child['namespace']}/{child['workflow']}"
    if "deadline" in step and not step["module"]:
        yield f"until {moment(step['deadline'], now)} at most"


def moment(rfc3339: str, now: float) -> str:
    """Return a time to come as people say it: `22:13:30 (in 10s)`, with the date where it is another day."""
    at = datetime.fromisoformat(rfc3339).astimezone()
    is_today = at.date() == datetime.fromtimestamp(now).astimezone().date()
    return f"{at.strftime('%H:%M:%S' if is_today else '%Y-%m-%d %H:%M')} ({how_soon(at.timestamp() - now)})"


def _asked(ask: Mapping[str, Any]) -> str:
    whom = f" {ask['to']}" if ask.get("to") else " a person"
    return f"asks{whom}: {shortened(ask['prompt'], LONGEST_PROMPT)}"


def _limited(limited: Mapping[str, Any]) -> str:
    text = f"for its turn by {limited['limit']}"
    if limited.get("key") is not None:
        text += f" with key {shortened(msgspec.json.encode(limited['key']).decode(), LONGEST_PROMPT)}"
    return text


def _listened(listen: Mapping[str, Any], heard: int) -> str:
    text = f"for event {listen['event']}"
    if listen.get("key") is not None:
        text += f" with key {shortened(msgspec.json.encode(listen['key']).decode(), LONGEST_PROMPT)}"
    if listen.get("count"):
        text += f", {heard} of {listen['count']} came"
    return text
