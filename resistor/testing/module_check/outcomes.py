"""What came of one action that was sent to a module, and how that is said in a line.

Made by `workplace.py`, judged by `check.py`.
"""

from __future__ import annotations

import sysconfig
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import resistor.sdk
from resistor.messages import Answer, Completed, Failed, Failure, Later, Progress
from resistor.ops.text import printable, shortened

_LONGEST = 120  # characters of a value or a message in a line
_NOT_THE_AUTHORS = (sysconfig.get_path("stdlib"), str(Path(resistor.sdk.__file__).parent))


@dataclass(frozen=True, slots=True)
class Answered:
    """There is an answer. `raised` is the exception behind it, where the action did not foresee that."""

    answer: Answer
    raised: BaseException | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """No answer came within so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Broken:
    """What the action raised is nothing that a runner survives."""

    raised: BaseException


Outcome = Answered | Silent | Broken


def kind(outcome: Outcome) -> str:
    """Return under which words such outcomes are counted."""
    match outcome:
        case Silent():
            return "no answer"
        case Broken():
            return "broken"
        case Answered(answer, raised):
            return _answer_kind(answer) if raised is None else "raised"
        case _:
            assert_never(outcome)


def told(outcome: Outcome) -> str:
    """Say what came."""
    match outcome:
        case Silent(seconds):
            return f"no answer within {seconds:g}s"
        case Broken(raised):
            return f"{_exception(raised)}, which ends the whole runner"
        case Answered(answer, raised):
            return _answer(answer) if raised is None else _exception(raised)
        case _:
            assert_never(outcome)


def short(text: str) -> str:
    """Return text of anybody's so that it fits into a line."""
    return shortened(printable(text), _LONGEST)


def _answer_kind(answer: Answer) -> str:
    match answer:
        case Completed():
            return "completed"
        case Failed(failure):
            return _named(failure, ": ")
        case Later():
            return "later"
        case Progress():
            return "progress"
        case _:
            assert_never(answer)


def _answer(answer: Answer) -> str:
    match answer:
        case Completed(output):
            return f"completed {short(output.decode())}"
        case Failed(failure):
            message = f": {short(failure.message)}" if failure.message else ""
            return f"{_named(failure, ' ')}{message}"
        case Later(after):
            return f"later, after {after:g}s"
        case Progress(details):
            return f"progress {short(details.decode())}"
        case _:
            assert_never(answer)


def _named(failure: Failure, between: str) -> str:
    way = "retry" if failure.retryable else "failed"
    return way if failure.type == way else f"{way}{between}{short(failure.type)}"


def _exception(error: BaseException) -> str:
    try:
        message = short(str(error))
    except Exception:  # an author's __str__
        message = ""
    name = f"{type(error).__name__}: {message}" if message else type(error).__name__
    place = _place(error)
    return f"{name} ({place})" if place else name


def _place(error: BaseException) -> str | None:
    """Return the file and line where the author's own code raised, as far as there is such a place."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_foreign(frame.filename)] or frames[-1:]
    if not own:
        return None
    file, here = Path(own[-1].filename), Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    return f"{shown}:{own[-1].lineno}"


def _is_foreign(file: str) -> bool:
    return file.startswith(_NOT_THE_AUTHORS) or "site-packages" in file or file.startswith("<")
