"""Which occurrences of a schedule begin a run."""

from __future__ import annotations

from resistor.engine.schedule import MOST_PENDING, Standing, due
from resistor.engine.workflow import Overlap


def following(after: float) -> float:
    return (after // 10 + 1) * 10.0


def test_an_occurrence_that_is_due_begins() -> None:
    found = due(Standing(next_at=10.0), Overlap.SKIP, now=10.5, following=following)
    assert (found.begins, found.next_at, found.skipped) == ((10.0,), 20.0, 0)


def test_nothing_begins_early() -> None:
    found = due(Standing(next_at=10.0), Overlap.ALLOW, now=9.99, following=following)
    assert (found.begins, found.next_at) == ((), 10.0)


def test_of_missed_occurrences_only_the_latest_is_made_up_for() -> None:
    found = due(Standing(next_at=10.0), Overlap.ALLOW, now=55.0, following=following)
    assert (found.begins, found.next_at, found.skipped) == ((50.0,), 60.0, 4)


def test_a_long_outage_is_not_walked_through() -> None:
    calls = []

    def counted(after: float) -> float:
        calls.append(after)
        return following(after)

    found = due(Standing(next_at=10.0), Overlap.ALLOW, now=10_000_000.0, following=counted)
    assert found.begins == (10_000_000.0,)
    assert len(calls) < 10


def test_while_the_last_run_is_open_skip_leaves_out_and_queue_waits() -> None:
    open_ = Standing(next_at=10.0, is_last_open=True)
    assert due(open_, Overlap.SKIP, now=11.0, following=following).begins == ()
    assert due(open_, Overlap.ALLOW, now=11.0, following=following).begins == (10.0,)
    waiting = due(open_, Overlap.QUEUE, now=11.0, following=following)
    assert (waiting.begins, waiting.pending) == ((), (10.0,))
    after = Standing(next_at=waiting.next_at, pending=waiting.pending)
    assert due(after, Overlap.QUEUE, now=12.0, following=following).begins == (10.0,)


def test_the_queue_is_bounded() -> None:
    full = Standing(next_at=10.0, pending=tuple(map(float, range(MOST_PENDING))), is_last_open=True)
    assert len(due(full, Overlap.QUEUE, now=11.0, following=following).pending) == MOST_PENDING


def test_occurrences_of_a_pause_pass_by() -> None:
    found = due(Standing(next_at=10.0, is_paused=True), Overlap.ALLOW, now=35.0, following=following)
    assert (found.begins, found.next_at) == ((), 40.0)
