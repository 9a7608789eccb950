"""Heartbeats of one connection: sent when we have been silent, missed when the client has.

Owned by `connection`. Timers only; what to send and how to give up are its callbacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Heartbeat:
    """Beats at half the interval; gives up on a client that was silent for two of them."""

    def __init__(self, interval_s: float, *, send: Callable[[], None], give_up: Callable[[], None]) -> None:
        """Start; an interval of 0 means no heartbeats."""
        self._interval_s = interval_s
        self._send = send
        self._give_up = give_up
        self._loop = asyncio.get_running_loop()
        self._heard_at = self._spoke_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._schedule()

    def heard(self) -> None:
        """Note that the client sent something."""
        self._heard_at = self._loop.time()

    def spoke(self) -> None:
        """Note that we sent something."""
        self._spoke_at = self._loop.time()

    def stop(self) -> None:
        """Stop. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()

    def _schedule(self) -> None:
        if self._interval_s:
            self._timer = self._loop.call_later(self._interval_s / 2, self._beat)

    def _beat(self) -> None:
        now = self._loop.time()
        if now - self._heard_at > 2 * self._interval_s:
            self._give_up()
            return
        if now - self._spoke_at >= self._interval_s / 2:
            self._send()
            self._spoke_at = now
        self._schedule()
