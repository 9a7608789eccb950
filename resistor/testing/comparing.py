"""What is expected of a run, by name → the first difference. The same in pytest and in scenarios.

status="failed"                     any property of a `WatchedRun`
error="card_declined"               the error's type, or a mapping with what is to be in it
calls=["stock.reserve", ("payments.charge", {"amount": 5})]     likewise emitted
waiting=["arrival"]                 the paths, or a mapping of them to the seconds that are left
took={"at_least": 60, "at_most": 90}                            or the seconds
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from resistor.catalog.wording import did_you_mean
from resistor.ops.text import how_long
from resistor.testing.difference import first_difference

Named = Sequence[tuple[str, Any]]
"""Names, each with what goes with it."""


class Compared(Protocol):
    """A run, as far as more than a look at one property is needed to compare it."""

    @property
    def view(self) -> dict[str, Any]:
        """The contract's object."""

    @property
    def waiting(self) -> Mapping[str, float | None]:
        """The steps that wait."""

    @property
    def attempts(self) -> Mapping[str, int]:
        """How many attempts each step took."""

    @property
    def took(self) -> float:
        """How many seconds it has lasted."""


def compare(run: Compared, name: str, expected: Any, named: Mapping[str, Named]) -> str | None:
    """Return where `name` of a run differs first, None where it is as expected.

    `named` has its calls and emitted events. Raises `TypeError` for a name that runs do not have.
    """
    if name in named:
        return _of_named(expected, named[name], name)
    match name:
        case "steps":
            return _of_steps(expected, run)
        case "attempts":
            return first_difference(expected, dict.fromkeys(_steps(run), 0) | dict(run.attempts), name)
        case "waiting" if not isinstance(expected, Mapping):
            return first_difference(expected, list(run.waiting), name)
        case "took" if isinstance(expected, Mapping):
            return _of_time(expected, run.took)
        case "error" if isinstance(expected, str):
            expected = {"type": expected}
    if not isinstance(getattr(type(run), name, None), property):
        raise TypeError(f"{name!r} is nothing that a run has")
    return first_difference(expected, getattr(run, name), name)


def _of_named(expected: Sequence[Any], seen: Named, where: str) -> str | None:
    """Compare first the names, and then what is said to go with them."""
    wanted = [_named(each) for each in expected]
    different = first_difference([name for name, *_ in wanted], [name for name, _ in seen], where)
    if different is not None:
        return different
    for number, (each, (name, data)) in enumerate(zip(wanted, seen, strict=True)):
        for told in each[1:]:
            different = first_difference(told, data, f"{where}[{number}].{name}")
            if different is not None:
                return different
    return None


def _named(expected: Any) -> tuple[Any, ...]:
    """Return a name, and with it what was said to go with it."""
    match expected:
        case str():
            return (expected,)
        case Mapping():
            [(name, data)] = expected.items()
            return (name, data)
        case _:
            return tuple(expected)


def _of_steps(expected: Mapping[str, Any], run: Compared) -> str | None:
    steps = _steps(run)
    for path, wanted in expected.items():
        if path not in steps:
            return f"steps: there is no step {path}: {did_you_mean(path, steps) or ', '.join(steps)}"
        different = first_difference(wanted, steps[path], f"steps.{path}")
        if different is not None:
            return different
    return None


def _of_time(expected: Mapping[str, float | None], took: float) -> str | None:
    least, most = expected.get("at_least"), expected.get("at_most")
    if least is not None and took < least:
        return f"took: {how_long(took)} is less than {how_long(least)}"
    if most is not None and took > most:
        return f"took: {how_long(took)} is more than {how_long(most)}"
    return None


def _steps(run: Compared) -> dict[str, Any]:
    return {step["path"]: step for step in run.view["steps"]}
