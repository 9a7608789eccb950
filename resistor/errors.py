"""Every exception of Resistor, split by whose fault it is.

Raised everywhere, caught at the edges: the daemon turns a `RejectedMessage` into a dead letter, the
command line turns everything else into one clear line and an exit code. Nothing here formats for a
terminal or logs.

    ResistorError
    ├── OperatorMistake          a setting or an argument is wrong           exit 2
    ├── DefinitionError          a workflow definition is wrong              exit 1
    ├── VersionConflict          a registered version got other content      exit 1
    ├── NotFound                 what was asked for is not there             exit 1
    ├── RejectedMessage          a sender's message cannot be used           dead letter
    ├── EnvironmentFault         a server or program is missing              exit 3
    │   ├── BrokerUnreachable    RabbitMQ is away
    │   └── StoreUnreachable     Redis is away
    ├── ExpressionError          an expression met data it cannot read       the step fails
    └── IllegalTransition        our own mistake: a state that cannot be
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResistorError(Exception):
    """Something went wrong in Resistor. Each subclass's docstring is its default message."""

    def __init__(self, message: str | None = None) -> None:
        """Take `message`, or the class's docstring when there is none."""
        super().__init__(message or (type(self).__doc__ or "").strip())


class OperatorMistake(ResistorError):
    """A setting or an argument is wrong."""


class NotFound(ResistorError):
    """There is nothing of that name."""


class VersionConflict(ResistorError):
    """A registered version is immutable, and this one has other content."""

    def __init__(self, message: str = "", workflow: tuple[str, str] = ("", "")) -> None:
        """Say which workflow (namespace, name) it is of."""
        super().__init__(message)
        self.workflow = workflow


class EnvironmentFault(ResistorError):
    """A server or a program that is needed is missing or away."""


class BrokerUnreachable(EnvironmentFault):
    """RabbitMQ cannot be reached."""


class StoreUnreachable(EnvironmentFault):
    """Redis cannot be reached."""


class ExpressionError(ResistorError):
    """An expression could not be evaluated."""


class IllegalTransition(ResistorError):
    """A run or a step was asked to become what it cannot become from here."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a definition file, and where.

    `line` and `column` count from 1; `source` is the text of that line, for the caret under the place.
    """

    message: str
    file: str
    line: int
    column: int
    source: str = ""
    hint: str | None = None

    def __str__(self) -> str:
        """Give `file:line:column: message`, with the hint behind it."""
        place = f"{self.file}:{self.line}:{self.column}"
        return f"{place}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class DefinitionError(ResistorError):
    """A workflow definition is wrong."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Hold every `Problem` that was found, in the order of the files."""
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Reason(StrEnum):
    """Why a message was refused: the word in a dead letter's `resistor-reason` header and in the metrics."""

    MALFORMED = "malformed"  # not JSON, not an object, not UTF-8, NaN, a duplicate key …
    TOO_LARGE = "too_large"
    BAD_HEADERS = "bad_headers"  # a header of the wrong type, an unsupported content type or encoding
    MISSING_TOKEN = "missing_token"  # noqa: S105 - the name of a reason, not a secret
    BAD_TOKEN = "bad_token"  # noqa: S105 - forged, torn, or signed with a key that is not ours
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 - likewise
    WRONG_USER = "wrong_user"  # a good token, sent by another user of the broker than the module's
    UNKNOWN_WORKFLOW = "unknown_workflow"  # no such namespace, event or version
    UNKNOWN_RUN = "unknown_run"  # a good token for a run that the store does not have
    INVALID_INPUT = "invalid_input"  # the event does not match the workflow's `input` schema
    UNREADABLE = (
        "unreadable"  # a newer version wrote the run or its definition: replay it when all are upgraded
    )
    POISON = "poison"  # deciding on it raised what nobody foresaw


class RejectedMessage(ResistorError):
    """A sender's message cannot be used."""

    def __init__(self, reason: Reason, detail: str) -> None:
        """Say why, in a word for machines and in a line for people."""
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
