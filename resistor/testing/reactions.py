"""What a stubbed module does with an action, besides answering it.

stub("payments.charge", {"receipt": "r-1"})                   answers with an output
stub("payments.charge", Retry("busy"), {"receipt": "r-1"})    one answer a call, the last one for good
stub("payments.charge", Fail("card_declined"))                what the SDK's actions raise
stub("payments.charge", lambda call: {"amount": call.input["amount"]})
stub("payments.charge", takes("2m", {"receipt": "r-1"}))      answers later, in virtual time
stub("payments.charge", NEVER)                                never answers
stub("payments.charge", twice({"receipt": "r-1"}))            says the same twice
stub("payments.charge", CRASH, {"receipt": "r-1"})            dies; it is delivered again
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from resistor.catalog import parse_duration


class Conduct(Enum):
    """What a module may do that is no answer."""

    NEVER = "never"  # it keeps the action, and says nothing
    CRASH = "crash"  # it dies with the action in its hands, and comes back


NEVER = Conduct.NEVER
CRASH = Conduct.CRASH


@dataclass(frozen=True, slots=True)
class Takes:
    """Answers `answer` after so many seconds, with a progress every `progress` seconds where that is set."""

    seconds: float
    answer: Any
    progress: float | None = None


@dataclass(frozen=True, slots=True)
class Twice:
    """Says the same answer twice."""

    answer: Any


def seconds(how_long: str | float) -> float:
    """Return the seconds of `90s`, `30d`, `PT30S` or 90. Raises `ValueError` for what is no duration."""
    try:
        return parse_duration(how_long) if isinstance(how_long, str) else float(how_long)
    except ValueError as error:
        raise ValueError(f"{how_long!r} is no duration: {error}") from None


def takes(how_long: str | float, answer: Any = None, *, progress: str | float | None = None) -> Takes:
    """Answer after `how_long` (`90s`, `2h`, or seconds), and report progress as often as `progress` says.

    Raises `ValueError` for what is no duration.
    """
    return Takes(seconds(how_long), answer, None if progress is None else seconds(progress))


def twice(answer: Any = None) -> Twice:
    """Say `answer` twice, as a module does that died before it could acknowledge the action."""
    return Twice(answer)
