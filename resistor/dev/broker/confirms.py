"""Publisher confirms of one channel: what was published since the last answer, and the frames that say so.

Held by `channel`, filled by `publishing`. Pure.
"""

from __future__ import annotations

from itertools import groupby

from pamqp import commands
from pamqp.base import Frame


class Confirms:
    """Numbers publications from 1 and answers them in order, as many at a time as it can."""

    def __init__(self) -> None:
        """Begin before the first publication."""
        self._answered = 0
        self._outcomes: list[bool] = []

    def add(self, *, taken: bool) -> None:
        """Note how the next publication ended: every queue took it, or one refused."""
        self._outcomes.append(taken)

    def take(self) -> list[Frame]:
        """Give the frames that answer everything since the last call: one for each stretch that was taken."""
        frames: list[Frame] = []
        for taken, stretch in groupby(self._outcomes):
            first, count = self._answered + 1, len(list(stretch))
            self._answered += count
            if taken:
                frames.append(commands.Basic.Ack(delivery_tag=self._answered, multiple=count > 1))
            else:
                frames += [commands.Basic.Nack(tag, requeue=False) for tag in range(first, first + count)]
        self._outcomes.clear()
        return frames
