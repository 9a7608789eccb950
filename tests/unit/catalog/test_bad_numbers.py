"""Numbers and names in a definition that nothing sensible could be done with: refused when it is loaded."""

from __future__ import annotations

import pytest

from resistor.catalog import load_text
from tests.unit.catalog.marked import steps, workflow

bad_input = pytest.mark.bad_input
MODULE = "module: m, action: x"


def problems(text: str) -> list[str]:
    loaded = load_text(text.encode(), "a.yaml")
    assert bool(loaded.problems) is not bool(loaded.catalog.workflows)
    return [str(problem) for problem in loaded.problems]


@bad_input(43)
@pytest.mark.parametrize(
    "delay", ["-1s", "-1", ".nan", ".inf", "1000000000000", "1e400", "99999999999s", "''"]
)
@pytest.mark.parametrize(
    "step",
    [
        "{{wait: {0}}}",
        "{{{1}, timeout: {0}}}",
        "{{{1}, heartbeat: {0}}}",
        "{{{1}, retry: {{delay: {0}}}}}",
        "{{listen: {{event: e, timeout: {0}}}}}",
    ],
)
def test_a_delay_that_cannot_be_is_refused(step: str, delay: str) -> None:
    assert problems(steps(step.format(delay, MODULE)))


@bad_input(43)
def test_a_delay_of_nothing_is_none() -> None:
    assert problems(steps("{wait: 0s}")) == []


@bad_input(44)
@pytest.mark.parametrize(
    "retry",
    [
        "-1",
        "0",
        "1000000000",
        ".inf",
        ".nan",
        "1e400",
        "{limit: -1}",
        "{limit: 1000000000}",
        "{limit: 2, factor: 0}",
        "{limit: 2, factor: -2}",
        "{limit: 2, factor: .inf}",
        "{limit: 2, factor: .nan}",
        "{limit: 2, factor: 1e400}",
        "{limit: 2, jitter: -0.1}",
        "{limit: 2, max_delay: -1s}",
    ],
)
def test_retries_that_cannot_be_are_refused(retry: str) -> None:
    assert problems(steps(f"{{{MODULE}, retry: {retry}}}"))


@bad_input(43)
@pytest.mark.parametrize(
    "schedule",
    [
        "{every: -1s}",
        "{every: 0s}",
        "{every: 1000000000000s}",
        "{cron: '60 * * * *'}",
        "{cron: '0 0 30 2 *'}",
        "{cron: '* * * *'}",
        "{cron: ''}",
        "{cron: '0 0 * * *', timezone: Nowhere/City}",
        "{cron: '0 0 * * *', timezone: ../../etc/passwd}",
    ],
)
def test_a_schedule_that_cannot_be_is_refused(schedule: str) -> None:
    assert problems(workflow(f"schedule: {schedule}"))


@bad_input(43)
@pytest.mark.parametrize("cron", ["0 0 29 2 *", "30 2 * * *", "*/5 * * * 1-5"])
def test_leap_days_and_hours_that_a_clock_change_skips_are_schedules(cron: str) -> None:
    assert problems(workflow(f"schedule: {{cron: '{cron}', timezone: Europe/Berlin}}")) == []


@bad_input(38)
@pytest.mark.parametrize(
    "step",
    [
        f"{{module: {'m' * 65}, action: x}}",
        f"{{module: m, action: {'x' * 129}}}",
        f"{{emit: {'e' * 129}}}",
        f"{{listen: {'e' * 129}}}",
        "{module: m.n, action: x}",
        "{module: 'm#', action: x}",
    ],
)
def test_a_name_that_would_not_fit_a_routing_key_is_refused(step: str) -> None:
    assert problems(steps(step))


@bad_input(38, 37)
@pytest.mark.parametrize(
    "name", ["x" * 129, "a/b", "a{b}", "'a:b'", "'*'", "'#'", "..", "\U0001f4a9", '"a\\nb"']
)
@pytest.mark.parametrize("text", ["{0}:\n  placed:\n{1}", "shop:\n  {0}:\n{1}"])
def test_a_name_that_could_not_be_a_key_or_a_topic_is_refused(text: str, name: str) -> None:
    assert problems(text.format(name, "    version: 1\n    steps: []\n"))


@bad_input(40)
@pytest.mark.parametrize(
    "text",
    [
        "shop:\n  a:\n    version: 1\n    steps:\n      - {run: a}\n",
        "shop:\n  a:\n    version: 1\n    steps: [{run: b}]\n  b:\n    version: 1\n    steps: [{run: a}]\n",
        "shop:\n  a:\n    version: 1\n    steps: [{module: m, action: x, then: nowhere}]\n",
        "shop:\n  a:\n    version: 1\n    steps: [{id: s, module: m, action: x, then: s}]\n",
        "shop:\n  a:\n    version: 1\n    steps: [{end: completed}, {module: m, action: x}]\n",
        "shop:\n  a:\n    version: 1\n    steps: [{module: m, action: x, with: '${steps.no.output}'}]\n",
    ],
    ids=["runs itself", "two run each other", "unknown step", "a cycle", "unreachable", "an unknown output"],
)
def test_a_workflow_that_could_not_end_or_begin_is_refused(text: str) -> None:
    assert problems(text)
