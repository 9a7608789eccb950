"""Results of scenarios for people, and for a CI: JUnit's XML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from resistor.errors import Problem
from resistor.ops.text import how_long, plural
from resistor.testing.scenarios.coverage import Coverage, What
from resistor.testing.scenarios.playing import Played
from resistor.testing.scenarios.weathering import Weathered


def lines_of(played: Played) -> Iterator[str]:
    """Give a result's lines: one for what is as expected, and for the others what differs, and the runs."""
    mark = "✗" if not played.is_good else "-" if played.skipped else "✓"
    words = [mark, f"{played.scenario.file} ", f"{played.scenario.title} "]
    if played.skipped:
        words.append(f"left out: {played.skipped}")
    elif played.passed:
        words.append(how_long(played.passed))
    yield " ".join(words).rstrip()
    if played.difference is not None:
        yield from (f"    {line}" for line in played.difference.splitlines())
        yield from (f"      {line}" for tree in played.trees for line in tree.splitlines())


def summary_of(played: Sequence[Played], took: float) -> str:
    """Return one line on all."""
    if not played:
        return "no scenario was played"
    bad = sum(not each.is_good for each in played)
    left_out = sum(each.is_good and each.skipped is not None for each in played)
    told = f"{bad} failed" if bad else "all good" if not left_out else "the others good"
    told = f"{left_out} left out, {told}" if left_out else told
    virtual = how_long(sum(each.passed for each in played))
    return f"{plural(len(played), 'scenario')}, {told}, in {how_long(took)}; {virtual} of virtual time"


def weathered_lines(weathered: Weathered) -> Iterator[str]:
    """Give the lines of a scenario that ended otherwise under faults, or could not be played so."""
    name = f"{weathered.scenario.file}  {weathered.scenario.title}"
    if weathered.left_out is not None:
        yield f"- {name}  left out under faults: {weathered.left_out}"
    if weathered.weather is None:
        return
    yield f"✗ {name}: {weathered.weather}"
    yield f"    {weathered.difference}"
    yield from (f"    fault: {line}" for line in weathered.script)
    if weathered.others:
        yield f"    and otherwise, too: {', '.join(weathered.others)}"
    yield from (f"      {line}" for tree in weathered.trees for line in tree.splitlines())


def weathered_summary(weathered: Sequence[Weathered], took: float) -> str:
    """Return one line on all that was played under faults."""
    times = sum(each.count for each in weathered)
    bad = sum(each.weather is not None for each in weathered)
    left_out = sum(each.left_out is not None for each in weathered)
    told = f"{bad} did not always end as in calm" if bad else "the same ending each time"
    told = f"{left_out} left out, {told}" if left_out else told
    return f"under faults: {plural(len(weathered), 'scenario')} {times:,} times, {told}, in {how_long(took)}"


def weathered_view(weathered: Weathered) -> dict[str, Any]:
    """Return what came of a scenario under faults as JSON."""
    return {
        "file": weathered.scenario.file,
        "scenario": weathered.scenario.title,
        "outcome": "skipped" if weathered.left_out else "failed" if weathered.weather else "passed",
        "times": weathered.count,
        "weathers": [str(each) for each in (weathered.weather, *weathered.others) if each is not None],
        "difference": weathered.difference or None,
        "skipped": weathered.left_out,
        "faults": list(weathered.script),
        "runs": list(weathered.trees),
    }


def view_of(played: Played) -> dict[str, Any]:
    """Return a result as JSON."""
    return {
        "file": played.scenario.file,
        "scenario": played.scenario.title,
        "outcome": "failed" if not played.is_good else "skipped" if played.skipped else "passed",
        "difference": played.difference,
        "skipped": played.skipped,
        "seconds": round(played.took, 6),
        "virtual_seconds": round(played.passed, 3),
        "runs": list(played.trees),
    }


def junit_of(
    played: Sequence[Played],
    took: float,
    *,
    problems: Sequence[Problem] = (),
    weathered: Sequence[Weathered] = (),
) -> bytes:
    """Return the results as JUnit's XML, as GitHub, GitLab and Jenkins read it.

    A file that is no good scenario is an error, and what ended otherwise under faults a failure of its own.
    """
    stormy = [each for each in weathered if each.weather is not None]
    counts = {
        "tests": str(len(played) + len(problems) + len(stormy)),
        "failures": str(sum(not each.is_good for each in played) + len(stormy)),
        "errors": str(len(problems)),
        "skipped": str(sum(each.is_good and each.skipped is not None for each in played)),
        "time": f"{took:.3f}",
    }
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": "resistor workflow test", **counts})
    for each in played:
        case = _case(suite, each.scenario.file, each.scenario.title, each.took)
        if each.is_good and each.skipped is not None:
            ElementTree.SubElement(case, "skipped", {"message": _legal(each.skipped)})
        if each.difference is not None:
            _wrong(case, "failure", each.difference, each.trees)
    for one in stormy:
        case = _case(suite, one.scenario.file, f"{one.scenario.title}: {one.weather}", 0.0)
        _wrong(case, "failure", one.difference, (*one.script, *one.trees))
    for problem in problems:
        case = _case(suite, problem.file, f"line {problem.line}", 0.0)
        _wrong(case, "error", problem.message, (problem.hint,) if problem.hint else ())
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _case(suite: ElementTree.Element, name: str, title: str, took: float) -> ElementTree.Element:
    file = Path(name)
    parts = [part for part in file.with_suffix("").parts if part != file.anchor]
    names = {"classname": ".".join(parts), "name": _legal(title), "file": str(file), "time": f"{took:.3f}"}
    return ElementTree.SubElement(suite, "testcase", names)


def _wrong(case: ElementTree.Element, kind: str, message: str, more: Sequence[str]) -> None:
    ElementTree.SubElement(case, kind, {"message": _legal(message)}).text = _legal(
        "\n\n".join((message, *more))
    )


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """Give a table of what was taken, and under it all that never was."""
    names = coverage.workflows
    widest = max(map(len, ("WORKFLOW", *names)))
    titles = {what: f"{what.value}s".upper() if what is not What.BRANCH else "BRANCHES" for what in What}
    titles[What.CATCH] = "CATCHES"
    yield "  ".join([f"{'WORKFLOW':<{widest}}", *(titles[what] for what in What)])
    for name in names:
        cells = [
            f"{f'{taken}/{total}' if total else '-':<{len(titles[what])}}"
            for what, (taken, total) in coverage.counts(name).items()
        ]
        yield "  ".join([f"{name:<{widest}}", *cells]).rstrip()
    missed = [(name, goal) for name in names for goal in coverage.missed(name)]
    if missed:
        yield "never taken:"
        yield from (f"  {name}  {goal.what.value} {goal}" for name, goal in missed)
    yield f"{coverage.percent:.1f} % covered"


def coverage_view(coverage: Coverage) -> dict[str, Any]:
    """Return what was taken as JSON."""
    return {
        "percent": round(coverage.percent, 1),
        "workflows": {
            name: {
                **{
                    what.value: {"taken": taken, "total": total}
                    for what, (taken, total) in coverage.counts(name).items()
                },
                "missed": [
                    {"what": goal.what.value, "path": goal.path, "detail": goal.detail or None}
                    for goal in coverage.missed(name)
                ],
            }
            for name in coverage.workflows
        },
    }


def _legal(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(each if each.isprintable() or each in "\n\t" else "?" for each in text)
