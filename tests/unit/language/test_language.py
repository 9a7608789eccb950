"""The language, sentence by sentence: what the tables of this folder say is what the engine does.

`expect` may hold:

    status   output   has_output   error   compensated   labels      of the run; `error` is a type, or parts of it
    steps     path -> status, of every step that has a record
    actions   what was sent, in order: `path`, or {path: input}
    at        when each of them was sent, in seconds after the start
    outputs   path -> output     errors   path -> error     attempts   path -> attempts      of some steps
    emitted   [{event: data}]    started  [{workflow: input}]    ended  [workflow]    of other runs, in order
    took      how long the run took, or has run by now
    verdict   what the last thing that was told turned out to be
    refused   part of why the event is refused      mistake   part of what is wrong with the definition
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from resistor.catalog import parse_duration
from resistor.engine.decision import Emission, EndChild, StartChild
from resistor.engine.draft import Draft
from resistor.engine.outbox import run_output
from resistor.engine.outputs import output_of
from resistor.engine.run import StepRecord
from resistor.messages import json
from resistor.messages.result import Failure
from tests.unit.language.cases import Case, read_tables
from tests.unit.language.driver import STARTED_AT, Driver


def _cases() -> Iterator[Any]:
    for table, case in read_tables():
        marks = [pytest.mark.xfail(reason=case.xfail, strict=True)] if case.xfail else []
        yield pytest.param(case, id=f"{table}: {case.name}", marks=marks)


@pytest.mark.parametrize("case", list(_cases()))
def test_the_engine_does_what_the_language_says(case: Case) -> None:
    """Play the case; compare what is expected with what came of it."""
    loaded = case.load()
    problems = [problem.message for problem in loaded.problems]
    if "mistake" in case.expect:
        assert any(case.expect["mistake"] in problem for problem in problems), problems
        return
    assert problems == []
    [workflow] = loaded.catalog.workflows
    driver = Driver(workflow, case)
    driver.play()
    if "refused" in case.expect:
        assert case.expect["refused"] in (driver.refused or "")
        return
    assert driver.refused is None
    expected = {"status": "completed", **case.expect}
    assert _found(driver, expected) == expected


def _found(driver: Driver, expected: dict[str, Any]) -> dict[str, Any]:
    """Return what there is of all that is expected."""
    return {name: _FIND[name](driver, wanted) for name, wanted in expected.items()}


# ------------------------------------------------------------------------------------------ the run


def _status(driver: Driver, _: Any) -> Any:
    return str(driver.world.run.state.status)


def _output(driver: Driver, _: Any) -> Any:
    output = run_output(_draft(driver))
    return "no output" if output is None else json.decode_trusted(output)


def _has_output(driver: Driver, _: Any) -> Any:
    return run_output(_draft(driver)) is not None


def _error(driver: Driver, expected: Any) -> Any:
    return _parts_of(driver.world.run.state.failure, expected)


def _compensated(driver: Driver, _: Any) -> Any:
    return driver.world.run.state.undone


def _labels(driver: Driver, _: Any) -> Any:
    return driver.world.run.origin.labels


def _took(driver: Driver, expected: Any) -> Any:
    ended = driver.world.run.state.finished_at or driver.world.now
    took = ended - STARTED_AT
    return expected if took == pytest.approx(parse_duration(str(expected))) else took


def _verdict(driver: Driver, _: Any) -> Any:
    return driver.verdicts[-1]


# ---------------------------------------------------------------------------------------- the steps


def _steps(driver: Driver, _: Any) -> Any:
    return {path: str(record.status) for path, record in driver.world.run.steps.items()}


def _outputs(driver: Driver, expected: Any) -> Any:
    found = {path: output_of(_draft(driver), path) for path in expected}
    return {path: None if output is None else json.decode_trusted(output) for path, output in found.items()}


def _errors(driver: Driver, expected: Any) -> Any:
    return {path: _parts_of(_record(driver, path).failure, wanted) for path, wanted in expected.items()}


def _attempts(driver: Driver, expected: Any) -> Any:
    return {path: _record(driver, path).attempt for path in expected}


# ------------------------------------------------------------------------------------ what went out


def _actions(driver: Driver, expected: Any) -> Any:
    found: list[Any] = []
    for number, (_, action) in enumerate(driver.sent):
        wanted = expected[number] if number < len(expected) else None
        given = json.decode_trusted(action.input)
        found.append({action.name: given} if isinstance(wanted, dict) else action.name)
    return found


def _at(driver: Driver, expected: Any) -> Any:
    found = [at - STARTED_AT for at, _ in driver.sent]
    return expected if found == pytest.approx(expected) else found


def _emitted(driver: Driver, _: Any) -> Any:
    sent = (each for each in driver.outside.log if isinstance(each, Emission))
    return [{each.event: json.decode_trusted(each.data)} for each in sent]


def _started(driver: Driver, _: Any) -> Any:
    begun = (each for each in driver.outside.log if isinstance(each, StartChild))
    return [{each.workflow: json.decode_trusted(each.input)} for each in begun]


def _ended(driver: Driver, _: Any) -> Any:
    names = {each.run: each.workflow for each in driver.outside.log if isinstance(each, StartChild)}
    return [names[each.run] for each in driver.outside.log if isinstance(each, EndChild)]


_FIND = {
    "status": _status,
    "output": _output,
    "has_output": _has_output,
    "error": _error,
    "compensated": _compensated,
    "labels": _labels,
    "took": _took,
    "verdict": _verdict,
    "steps": _steps,
    "outputs": _outputs,
    "errors": _errors,
    "attempts": _attempts,
    "actions": _actions,
    "at": _at,
    "emitted": _emitted,
    "started": _started,
    "ended": _ended,
}


def _record(driver: Driver, path: str) -> StepRecord:
    return driver.world.run.steps[path]


def _draft(driver: Driver) -> Draft:
    return Draft(driver.world.workflow, driver.world.run, now=driver.world.now, limits=driver.world.limits)


def _parts_of(failure: Failure | None, expected: Any) -> Any:
    """Return the parts of an error that are expected, or its type."""
    if failure is None or isinstance(expected, str):
        return None if failure is None else failure.type
    return {name: msgspec.structs.asdict(failure)[name] for name in expected}
