"""What a workflow has beside its steps becomes what its definition says."""

from __future__ import annotations

from resistor.catalog import load_text
from resistor.engine.expressions import Expression, Template
from resistor.engine.workflow import OnConflict, Overlap, Schedule, Workflow
from tests.unit.catalog.marked import workflow


def built(*lines: str) -> Workflow:
    (found,) = load_text(workflow(*lines).encode()).or_raise().workflows
    return found


def test_a_workflow_with_everything() -> None:
    found = built(
        "output: {a: '${input.a}'}",
        "timeout: 1h",
        "retention: 30d",
        "labels: {customer: '${input.customer}', team: shop}",
        "concurrency: {key: '${input.account}', limit: 2, on_conflict: reject}",
        "rollout: {percent: 10, key: '${input.customer}', when: input.country == 'DE'}",
        "triggers: [{event: order.again, if: input.a, input: {b: '${input.c}'}}, {event: x}]",
        "on_failure: [{wait: 1s}]",
        "finally: [{wait: 1s}]",
    )
    assert isinstance(found.output, Template)
    assert (found.timeout, found.retention) == (3600, 30 * 86400)
    assert set(found.labels) == {"customer", "team"}
    assert found.concurrency is not None
    assert (found.concurrency.limit, found.concurrency.on_conflict) == (2, OnConflict.REJECT)
    assert found.rollout is not None
    assert found.rollout.percent == 10
    assert isinstance(found.rollout.key, Template)
    assert isinstance(found.rollout.when, Expression)
    first, second = found.triggers
    assert (first.event, second.event) == ("order.again", "x")
    assert isinstance(first.condition, Expression)
    assert isinstance(first.input, Template)
    assert (second.condition, second.input) == (None, None)
    assert found.on_failure is not None
    assert found.finally_ is not None


def test_a_workflow_with_nothing_has_the_defaults_of_the_language() -> None:
    found = built()
    assert (found.timeout, found.retention, found.finally_timeout) == (None, 7 * 86400, 60)
    assert (found.output, found.concurrency, found.rollout, found.schedule) == (None, None, None, None)
    assert (found.triggers, found.on_failure, found.finally_) == ((), None, None)


def test_schedules() -> None:
    cron = built(
        "schedule: {cron: 0 6 * * MON-FRI, timezone: Europe/Berlin, input: {b: 1, a: x}, overlap: queue}"
    )
    assert cron.schedule == Schedule(
        "0 6 * * MON-FRI", "Europe/Berlin", None, b'{"a":"x","b":1}', Overlap.QUEUE
    )
    assert built("schedule: {every: 15m}").schedule == Schedule(every=900)
    assert built("schedule: {cron: 0 0 29 2 *}").schedule == Schedule("0 0 29 2 *")
