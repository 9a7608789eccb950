"""How long until the next attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resistor.engine.retry import pause_before_next, scheduled_pause
from resistor.engine.workflow import Backoff, Retry
from resistor.messages.result import Failure

PLAIN = Retry(limit=5, delay=2.0, jitter=0.0, max_delay=100.0)
BOOM = Failure("boom")


def pause(
    retry: Retry, failure: Failure = BOOM, *, attempt: int = 1, since_first: float = 0.0
) -> float | None:
    return pause_before_next(retry, failure, attempt=attempt, since_first=since_first, seed=f"s:{attempt}")


@pytest.mark.parametrize(
    ("backoff", "pauses"),
    [
        (Backoff.CONSTANT, [2.0, 2.0, 2.0, 2.0]),
        (Backoff.LINEAR, [2.0, 4.0, 6.0, 8.0]),
        (Backoff.EXPONENTIAL, [2.0, 6.0, 18.0, 54.0]),
    ],
)
def test_the_pause_grows_as_it_says(backoff: Backoff, pauses: list[float]) -> None:
    retry = replace(PLAIN, backoff=backoff, factor=3.0)
    assert [pause(retry, attempt=attempt) for attempt in range(1, 5)] == pauses


@pytest.mark.bad_input(44)
def test_no_pause_is_longer_than_the_longest_however_large_the_factor() -> None:
    assert scheduled_pause(replace(PLAIN, factor=1000.0), 1000) == 100.0
    assert scheduled_pause(replace(PLAIN, factor=1000.0), 10**9) == 100.0


def test_the_last_attempt_is_not_followed_by_another() -> None:
    assert pause(PLAIN, attempt=4) is not None
    assert pause(PLAIN, attempt=5) is None


def test_jitter_adds_up_to_its_share_never_subtracts_and_is_the_same_each_time() -> None:
    drawn = [
        pause(replace(PLAIN, limit=1000, jitter=0.5, backoff=Backoff.CONSTANT), attempt=n)
        for n in range(1, 500)
    ]
    assert all(each is not None and 2.0 <= each <= 3.0 for each in drawn)
    assert len(set(drawn)) > 400
    assert drawn[7] == pause(replace(PLAIN, limit=1000, jitter=0.5, backoff=Backoff.CONSTANT), attempt=8)


def test_the_modules_word_wins_over_the_schedule() -> None:
    assert pause(PLAIN, Failure("boom", retry_after=77.0)) == 77.0
    assert pause(PLAIN, Failure("boom", retryable=False, retry_after=77.0)) is None


def test_only_the_types_that_are_named_are_tried_again() -> None:
    assert pause(replace(PLAIN, on=("boom",))) is not None
    assert pause(replace(PLAIN, on=("bang",))) is None
    assert pause(replace(PLAIN, excepted=("boom",))) is None


def test_no_attempt_begins_after_the_time_within_which_they_must() -> None:
    assert pause(replace(PLAIN, within=10.0), since_first=8.0) == 2.0
    assert pause(replace(PLAIN, within=10.0), since_first=8.5) is None
