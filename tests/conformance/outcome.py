"""What can be expected of a case, and what was found instead.

    status       the run's (default: completed)      output       the run's; `has_output: false`: none
    error        type, message, step, attempt, details of the run's error, as far as named
    sent         actions in order: `charge`, `charge (2)` for attempt 2, `{charge: its input}`
    actions      the same in full: module, action, metadata, priority …, as far as named
    paths        path → status, of every step there is       outputs, errors, attempts   path → of some
    emitted      `{event: data}` in order; `events` in full  children, ended, told, subscribed: likewise
    vars, labels, compensated, took (virtual time), facts (name and step, those that are named, in order)
    open         the paths that are under way, where the run goes on
    problem      text of a problem that the definition is refused with; `problems`: how many there are
    refused      text of the refusal of the event

Called by the tests with a driver that has played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from resistor.catalog.durations import parse_duration
from resistor.engine.decision import Dispatch, Emission, EndChild, Outgoing, StartChild, Subscribe, TellEnd
from resistor.engine.draft import Draft
from resistor.engine.outbox import run_output
from resistor.engine.outputs import error_value, output_of
from resistor.messages import json
from tests.conformance.cases import Case
from tests.conformance.driver import NOON, Driver


def check(case: Case) -> None:
    """Play a case, and hold what comes of it to what is expected."""
    expected = dict(case.expect)
    if "problem" in expected:
        _check_problems(case, expected)
        return
    driver = Driver(case).play()
    if "refused" in expected:
        assert expected["refused"] in (driver.refusal or ""), driver.refusal
        return
    assert driver.refusal is None
    expected.setdefault("status", "completed")
    found = {name: _FOUND[name](driver, wanted) for name, wanted in expected.items()}
    assert found == expected, "\n".join([*_differences(found, expected), *_story(driver)])


def _check_problems(case: Case, expected: Mapping[str, Any]) -> None:
    problems = [f"{each.line}:{each.column}: {each.message} ({each.hint})" for each in case.load().problems]
    assert any(expected["problem"] in problem for problem in problems), problems
    if "problems" in expected:
        assert len(problems) == expected["problems"], problems


def _differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    names = [name for name in expected if found[name] != expected[name]]
    return ["", *(f"{name}: {found[name]!r}, and not {expected[name]!r}" for name in names)]


def _story(driver: Driver) -> list[str]:
    lines = [f"{fact.at - NOON:8.3f} {fact.name} {fact.step or ''}" for fact in driver.world.facts]
    return ["what happened:", *lines, f"error: {driver.world.run.state.failure}"]


# ------------------------------------------------------------------------------------------- looks


def _draft(driver: Driver) -> Draft:
    world = driver.world
    return Draft(world.workflow, world.run, now=world.now, limits=world.limits)


def _status(driver: Driver, _: Any) -> Any:
    return str(driver.world.run.state.status)


def _output(driver: Driver, _: Any) -> Any:
    made = run_output(_draft(driver))
    return "<none>" if made is None else json.decode_trusted(made)


def _has_output(driver: Driver, _: Any) -> Any:
    return run_output(_draft(driver)) is not None


def _error(driver: Driver, wanted: Any) -> Any:
    failure = driver.world.run.state.failure
    return None if failure is None else _named(error_value(failure), wanted)


def _sent(driver: Driver, wanted: Any) -> Any:
    """Write what was sent as the table does: with its input where the entry in that place has one."""
    found: list[Any] = []
    for position, dispatch in enumerate(_all(driver, Dispatch)):
        name = dispatch.name + (f" ({dispatch.attempt})" if dispatch.attempt > 1 else "")
        has_input = position < len(wanted) and isinstance(wanted[position], dict)
        found.append({name: json.decode_trusted(dispatch.input)} if has_input else name)
    return found


def _paths(driver: Driver, _: Any) -> Any:
    return {path: str(record.status) for path, record in driver.world.run.steps.items()}


def _open(driver: Driver, _: Any) -> Any:
    return sorted(path for path, record in driver.world.run.steps.items() if record.status.is_open)


def _outputs(driver: Driver, wanted: Any) -> Any:
    made = {path: output_of(_draft(driver), path) for path in wanted}
    return {path: "<none>" if each is None else json.decode_trusted(each) for path, each in made.items()}


def _errors(driver: Driver, wanted: Any) -> Any:
    records = driver.world.run.steps
    return {path: failure.type if (failure := records[path].failure) else None for path in wanted}


def _attempts(driver: Driver, wanted: Any) -> Any:
    return {path: driver.world.run.steps[path].attempt for path in wanted}


def _emitted(driver: Driver, _: Any) -> Any:
    return [{each.event: json.decode_trusted(each.data)} for each in _all(driver, Emission)]


def _vars(driver: Driver, _: Any) -> Any:
    return json.decode_trusted(_draft(driver).payload("v:") or b"{}")


def _labels(driver: Driver, _: Any) -> Any:
    return driver.world.run.origin.labels


def _compensated(driver: Driver, _: Any) -> Any:
    return driver.world.run.state.undone


def _took(driver: Driver, wanted: str) -> Any:
    state, world = driver.world.run.state, driver.world
    took = (state.finished_at or world.now) - NOON
    return wanted if abs(took - parse_duration(wanted)) < 1e-6 else f"{took:g}s"


def _facts(driver: Driver, wanted: Any) -> Any:
    found = [f"{fact.name} {fact.step}" if fact.step else str(fact.name) for fact in driver.world.facts]
    return [each for each in found if each in wanted]


def _in_full(kind: type[Outgoing]) -> Callable[[Driver, Any], Any]:
    """Return a look at everything of one kind that went out, as far as the table names it."""

    def look(driver: Driver, wanted: Any) -> Any:
        found = [_plain(each) for each in _all(driver, kind)]
        pairs = zip(found, [*wanted, *({} for _ in found)], strict=False)
        return [_named(each, names) for each, names in pairs]

    return look


_FOUND: Mapping[str, Callable[[Driver, Any], Any]] = {
    "status": _status,
    "output": _output,
    "has_output": _has_output,
    "error": _error,
    "sent": _sent,
    "actions": _in_full(Dispatch),
    "paths": _paths,
    "open": _open,
    "outputs": _outputs,
    "errors": _errors,
    "attempts": _attempts,
    "emitted": _emitted,
    "events": _in_full(Emission),
    "children": _in_full(StartChild),
    "ended": _in_full(EndChild),
    "told": _in_full(TellEnd),
    "subscribed": _in_full(Subscribe),
    "vars": _vars,
    "labels": _labels,
    "compensated": _compensated,
    "took": _took,
    "facts": _facts,
}


def _all(driver: Driver, kind: type[Any]) -> list[Any]:
    return [each for each in driver.ledger.log if isinstance(each, kind)]


def _plain(outgoing: Outgoing) -> dict[str, Any]:
    """Return the fields of what went out, JSON decoded, times counted from the start."""
    found = msgspec.structs.asdict(outgoing)
    for name, value in found.items():
        if isinstance(value, bytes):
            found[name] = json.decode_trusted(value)
        elif isinstance(value, msgspec.Struct):
            found[name] = msgspec.to_builtins(value)
        elif isinstance(value, float):
            found[name] = value - NOON
    return found


def _named(found: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: found.get(name) for name in names}
