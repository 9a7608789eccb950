"""What every exchange, queue and routing key is called: the contract's topology, as functions of the prefix.

Read by everybody who publishes or consumes, and by `topology.py`, which declares them. Nothing else in the
code base spells such a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from resistor.errors import OperatorMistake

EVERYTHING = "#"
"""The binding of a queue that gets all of a topic exchange."""

WAKE = "wake"
"""The verb, on the commands exchange, of a nudge that comes out of a delay bucket."""

BUCKETS: dict[str, float] = {
    "100ms": 0.1,
    "250ms": 0.25,
    "500ms": 0.5,
    "1s": 1.0,
    "2s": 2.0,
    "5s": 5.0,
    "10s": 10.0,
    "30s": 30.0,
    "1m": 60.0,
    "2m": 120.0,
    "5m": 300.0,
    "15m": 900.0,
    "30m": 1800.0,
    "1h": 3600.0,
}
"""The delay buckets and their seconds, shortest first. A longer wait is a timer in the store."""

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Names:
    """The names below `prefix`. Exchanges carry plain names, queues end in `_queue`.

    A result's routing key is its action's `reply_to`, which names a partition of the results by its number
    in decimal: `0` is the queue `resistor.results`, `3` is `resistor.results.3`. Modules echo it and never
    read it.
    """

    prefix: str = "resistor"

    def __post_init__(self) -> None:
        """Raise `OperatorMistake` for a prefix that cannot stand before a queue's name."""
        if not _PREFIX.match(self.prefix):
            raise OperatorMistake(f"prefix {self.prefix!r}: letters, digits, '_', '-' and '.', 64 at most")

    # ------------------------------------------------------------------------------------ exchanges

    @property
    def events(self) -> str:
        """Anyone publishes events here, with `<namespace>.<event>`."""
        return f"{self.prefix}.events"

    @property
    def actions(self) -> str:
        """The daemon publishes actions here, with `<module>`."""
        return f"{self.prefix}.actions"

    @property
    def results(self) -> str:
        """Modules publish results here, with their action's `reply_to`."""
        return f"{self.prefix}.results"

    @property
    def commands(self) -> str:
        """Operators publish commands here, with `<verb>`."""
        return f"{self.prefix}.commands"

    @property
    def retry(self) -> str:
        """The daemon publishes nudges here, with the delay bucket."""
        return f"{self.prefix}.retry"

    @property
    def dead(self) -> str:
        """Dead letters come here, with the queue that they died in."""
        return f"{self.prefix}.dead"

    @property
    def facts(self) -> str:
        """What happened in runs, with `<namespace>.<workflow>.<fact>`."""
        return f"{self.prefix}.facts"

    # --------------------------------------------------------------------------------------- queues

    @property
    def events_queue(self) -> str:
        """All events."""
        return self.events

    def results_queue(self, partition: int = 0) -> str:
        """Give the queue of one partition of the results."""
        return self.results if partition == 0 else f"{self.results}.{partition}"

    def has_results(self, queue: str) -> bool:
        """Tell whether `queue` is a partition of the results."""
        return queue == self.results or queue.startswith(f"{self.results}.")

    @property
    def commands_queue(self) -> str:
        """All commands."""
        return self.commands

    @property
    def dead_queue(self) -> str:
        """All dead letters."""
        return self.dead

    @property
    def poisoned_queue(self) -> str:
        """A copy of each dead letter out of a module's queue, for the daemon."""
        return f"{self.prefix}.poisoned"

    def module_queue(self, module: str) -> str:
        """Give the queue of one module's actions."""
        return f"{self.prefix}.module.{module}"

    def module_of(self, queue: str) -> str | None:
        """Give the module whose queue this is; None where it is none."""
        start = self.module_queue("")
        return queue.removeprefix(start) if queue.startswith(start) else None

    def retry_queue(self, bucket: str) -> str:
        """Give the queue of one delay bucket, a key of `BUCKETS`."""
        return f"{self.retry}.{bucket}"

    @property
    def journal_queue(self) -> str:
        """A copy of every event, as a stream."""
        return f"{self.prefix}.journal"

    # --------------------------------------------------------------------------------- routing keys

    @property
    def modules_dead(self) -> str:
        """Give the binding, on the dead exchange, of letters that died in any module's queue."""
        return self.module_queue(EVERYTHING)

    def reply_to(self, partition: int = 0) -> str:
        """Give the routing key on the results exchange that leads to `results_queue(partition)`."""
        return str(partition)
