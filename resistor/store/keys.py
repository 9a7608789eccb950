"""Every key that Resistor has in Redis, its type, and when it goes away.

    P:{n}:run:<id>                  hash  a run (fields: records.py)
    P:{n}:history:<id>              list  its facts, oldest first
    P:{n}:outbox:<id>               hash  its steps whose action is not confirmed → the revision that asked
                                          for it; gone when empty
    P:{n}:due                       zset  open runs, by when to look at them
    P:{n}:runs:status:<status>      zset  runs, by start
    P:{n}:runs:of:<ns>/<workflow>   zset  runs, by start
    P:{n}:expiring                  zset  finished runs, `<id> <ns>/<workflow>`, by when they are forgotten
    P:workflows                     hash  registered versions: `<ns>/<workflow>@<v>` → digest, newline, source
    P:token-key                     str   the signing key, where none is configured

When they go away: a run, its history and its index entries when its workflow's `retention` after its end
is over (the sweeper drops them; a TTL of `FORGOTTEN_BY_TTL` more catches what no sweeper saw). `due` and the
indexes have no TTL, because their entries leave with their runs; `workflows` has none, because a run may
need its version for years; `token-key` has none, because tokens are out that it signed.

`P` is the prefix, `n` the partition in braces: a Redis Cluster hash tag, so that everything that one
script touches lives in one slot. A run's partition follows from its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from resistor.engine.run import RunStatus

FORGOTTEN_BY_TTL = 86400
"""Seconds that a finished run outlives its retention where no daemon is there to drop it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names for one installation. `partitions` is fixed for the life of its data."""

    prefix: str = "resistor"
    partitions: int = 16

    def partition(self, run: str) -> int:
        """Return the partition that run `run` lives in."""
        return crc32(run.encode()) % self.partitions

    def tag(self, partition: int) -> str:
        """Return what every key of a partition begins with."""
        return f"{self.prefix}:{{{partition}}}"

    def tag_of(self, run: str) -> str:
        """Return what every key of a run begins with."""
        return self.tag(self.partition(run))

    @property
    def workflows(self) -> str:
        """The registered workflows."""
        return f"{self.prefix}:workflows"

    @property
    def token_key(self) -> str:
        """The generated signing key."""
        return f"{self.prefix}:token-key"


def run(tag: str, run_id: str) -> str:
    """A run."""
    return f"{tag}:run:{run_id}"


def history(tag: str, run_id: str) -> str:
    """A run's facts."""
    return f"{tag}:history:{run_id}"


def outbox(tag: str, run_id: str) -> str:
    """A run's unconfirmed actions."""
    return f"{tag}:outbox:{run_id}"


def due(tag: str) -> str:
    """Open runs by when to look at them."""
    return f"{tag}:due"


def expiring(tag: str) -> str:
    """Finished runs by when they are forgotten."""
    return f"{tag}:expiring"


def expiring_entry(run_id: str, namespace: str, workflow: str) -> str:
    """What stands in `expiring`: enough to find a run's index entries when the run itself is gone."""
    return f"{run_id} {namespace}/{workflow}"


def by_status(tag: str, status: RunStatus) -> str:
    """Runs of one status, by start."""
    return f"{tag}:runs:status:{status}"


def by_workflow(tag: str, namespace: str, workflow: str) -> str:
    """Runs of one workflow, by start."""
    return f"{tag}:runs:of:{namespace}/{workflow}"
