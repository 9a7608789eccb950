"""What a check of a module found: a finding for each action and each thing that is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How good a finding is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be, `said` in a sentence, with what was sent and what came of it."""

    grade: Grade
    said: str
    sent: str | None = None
    came: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check of one action found. `action` is None for what is asked of the module as a whole.

    `sent` counts the actions that were sent, `came` the answers of each kind.
    """

    module: str
    action: str | None
    check: str
    sent: int
    came: Mapping[str, int]
    problems: tuple[Problem, ...] = ()

    @property
    def grade(self) -> Grade:
        """The worst of the problems'."""
        grades = {problem.grade for problem in self.problems}
        return next((each for each in (Grade.FAILED, Grade.WARNING) if each in grades), Grade.OK)

    def __str__(self) -> str:
        """Say it in lines: the second and all further ones are the problems."""
        where = f"{self.module}.{self.action}" if self.action else self.module
        said = "".join(f"\n  {problem.grade}: {problem.said}" for problem in self.problems)
        return f"{where}, {self.check}: {self.grade}{said}"

    def view(self) -> dict[str, Any]:
        """Return it as an object, for programs."""
        return {
            "module": self.module,
            "action": self.action,
            "check": self.check,
            "grade": self.grade.value,
            "sent": self.sent,
            "came": dict(self.came),
            "problems": [
                {"grade": each.grade.value, "said": each.said, "sent": each.sent, "came": each.came}
                for each in self.problems
            ],
        }
