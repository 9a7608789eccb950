"""Which dead letters an operator means: by id, or by what they have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from resistor.ops.dead.letters import Letter


@dataclass(frozen=True, slots=True)
class Choice:
    """Letters that are all of this; what is empty or None says nothing.

    `ids` are letters' ids, or the message ids of what died. `queues` may leave out the prefix. `since` and
    `until` are in seconds since the epoch: a letter of which nobody knows when it died is in neither.
    `limit` is how many, the oldest first.
    """

    ids: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    run: str | None = None
    since: float | None = None
    until: float | None = None
    limit: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether it leaves nothing out, but for the limit."""
        chosen = (self.ids, self.reasons, self.queues, self.run)
        return not any(chosen) and self.since is None and self.until is None

    def takes(self, letter: Letter) -> bool:
        """Tell whether `letter` is meant."""
        return (
            _is_in(self.ids, (letter.id, letter.delivery.envelope.message_id or ""))
            and _is_in(self.reasons, (letter.reason,))
            and _is_in(self.queues, (letter.queue, letter.queue.partition(".")[2]))
            and self.run in (None, letter.run)
            and (self.since is None or (letter.died_at is not None and letter.died_at >= self.since))
            and (self.until is None or (letter.died_at is not None and letter.died_at <= self.until))
        )


def _is_in(wanted: frozenset[str], names: Iterable[str]) -> bool:
    return not wanted or not wanted.isdisjoint(names)
