"""When a failed attempt is made again.

    constant      delay
    linear        delay * attempt
    exponential   delay * factor ** (attempt - 1)

each at most `max_delay`, plus up to its share `jitter`; a module's own `retry_after` wins over all of it.
Pure arithmetic: chance is derived from what is retried.
"""

from __future__ import annotations

import hashlib
from typing import assert_never

from resistor.engine.workflow import Backoff, Retry
from resistor.messages.result import Failure


def pause_before_next(
    retry: Retry, failure: Failure, *, attempt: int, since_first: float, seed: str
) -> float | None:
    """Return the seconds until the attempt after `attempt` (from 1), or None where there is none.

    `since_first` is how long ago, in seconds, the first attempt was scheduled.
    """
    if attempt >= retry.limit or not failure.retryable or not is_retried(retry, failure.type):
        return None
    pause = failure.retry_after
    if pause is None:
        pause = _with_jitter(scheduled_pause(retry, attempt), retry.jitter, seed)
    if retry.within is not None and since_first + pause > retry.within:
        return None
    return pause


def is_retried(retry: Retry, error_type: str) -> bool:
    """Whether errors of this type are tried again at all."""
    return (retry.on is None or error_type in retry.on) and error_type not in retry.excepted


def scheduled_pause(retry: Retry, attempt: int) -> float:
    """Return the pause after attempt number `attempt`, without jitter, in seconds."""
    return min(_grown(retry, attempt), retry.max_delay)


def _grown(retry: Retry, attempt: int) -> float:
    match retry.backoff:
        case Backoff.CONSTANT:
            return retry.delay
        case Backoff.LINEAR:
            return retry.delay * attempt
        case Backoff.EXPONENTIAL:
            return _exponential(retry, attempt)
        case _:
            assert_never(retry.backoff)


def _exponential(retry: Retry, attempt: int) -> float:
    try:
        return float(retry.delay * retry.factor ** min(attempt - 1, 1000))
    except OverflowError:
        return retry.max_delay


def _with_jitter(pause: float, share: float, seed: str) -> float:
    """Add up to `share` of the pause: never earlier than asked for."""
    if not share:
        return pause
    drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / 2**48
    return pause * (1.0 + share * drawn)
