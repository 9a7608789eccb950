"""What may become what."""

from __future__ import annotations

import itertools

import pytest

from resistor.engine.run import TRANSITIONS, RunStatus, StepStatus, become
from resistor.errors import IllegalTransition

PAIRS = [*itertools.product(RunStatus, RunStatus), *itertools.product(StepStatus, StepStatus)]


def test_every_status_has_its_row() -> None:
    assert list(TRANSITIONS[RunStatus]) == list(RunStatus)
    assert set(TRANSITIONS[StepStatus]) == set(StepStatus)


def test_a_run_never_becomes_a_step() -> None:
    for kind, table in TRANSITIONS.items():
        assert all(type(each) is kind for each in [*table, *itertools.chain(*table.values())])


@pytest.mark.parametrize(("now", "then"), [(a, b) for a, b in PAIRS if b not in TRANSITIONS[type(a)][a]])
def test_what_the_table_does_not_allow_raises(now: RunStatus, then: RunStatus) -> None:
    with pytest.raises(IllegalTransition, match=f"{now} cannot become {then}"):
        become(now, then)


def test_every_status_that_a_run_can_end_in_is_final() -> None:
    assert {status for status in RunStatus if status.is_final} == {
        RunStatus.COMPLETED,
        RunStatus.FAILED,
        RunStatus.CANCELLED,
        RunStatus.TERMINATED,
        RunStatus.TIMED_OUT,
    }
