"""Every key that Resistor has in Redis, its type, and when it goes away.

A partition's, `n` its number; what one script touches is in one partition:

    P:{n}:run:<id>                  hash  a run (fields: records.py)
    P:{n}:history:<id>              list  its facts, oldest first
    P:{n}:outbox:<id>               hash  its outgoing messages that are not confirmed, by name → the revision
                                          that asked for them, a space, by when they should be
                                          confirmed; gone when empty
    P:{n}:timers:<id>               zset  addresses in it, by when they want to be woken; gone at its end
    P:{n}:due                       zset  runs by when to look at them, in milliseconds (the rule:
                                          lua/look_again.lua)
    P:{n}:runs:status:<status>      zset  runs, by start in milliseconds
    P:{n}:runs:of:<ns>/<workflow>   zset  runs, by start
    P:{n}:runs:label:<key>=<value>  zset  runs, by start
    P:{n}:expiring                  zset  finished runs, `<id> <ns>/<workflow>`, by the second when they are
                                          forgotten
    P:{n}:labels                    hash  finished runs that have labels → those, as JSON, a line for each
                                          time that a run of this id finished with others
    P:{n}:waiting:<topic>           zset  who listens, `<run> <address>`, all with score 0: in byte order
    P:{n}:early:<topic>             zset  ids of events that came, by when
    P:{n}:payloads:<topic>          hash  `:<id>` → that event; `bytes` how large they are together, `keep`
                                          for how many seconds an event is kept
    P:{n}:holders:<slots>           zset  runs that have a slot, in the order in which they got it
    P:{n}:queue:<slots>             zset  runs that wait for one, first come first
    P:{n}:leaving:<slots>           zset  runs whose slot was taken away, in that order, until they release it
    P:{n}:gate:<gate>               hash  a limit of a module or of an action: `limit`, or `interval`, `next`
    P:{n}:inside:<gate>             zset  actions that have passed it, `<run> <way> <index> <address>`, by
                                          when; of a rate, those of the last minute
    P:{n}:outside:<gate>            zset  actions that wait at it, by priority and then by when they came
    P:{n}:telling:<gate>            zset  actions that were let through, until their runs have been told
    P:{n}:gates                     zset  gates by when to look at them, in milliseconds

The installation's, each group in a slot of its own:

    P:{schedules}:due               zset  schedules, `<ns>/<workflow>`, by when to look at them
    P:{schedules}:states            hash  schedule → its revision, a newline, its state as JSON
    P:{modules}:paused              hash  paused modules → why, by whom, since when, as JSON
    P:{modules}:held:<module>       zset  actions that wait for it, `<run> <way> <address>`, likewise
    P:{modules}:releasing           zset  modules that go on and have some left to be told, by when to look
    P:{catalogue}:versions          hash  registered versions: `<ns>/<workflow>@<v>` → digest, newline, source
    P:{catalogue}:offers            hash  `<ns>/<workflow>` → the versions that new runs may begin with
    P:{catalogue}:revision          str   counts the changes of those two
    P:{suspects}:begun:<message>    set   attempts at a message that a daemon may have died of
    P:token-key                     str   the signing key, where none is configured
    P:{watermark}:mark              hash  `at` when a daemon last looked; of the last recovery `asked_at` and
                                          `asked_since`; of a pending one `since`, `holder`, `until`
    P:{watermark}:seen:<daemon>     str   a number that only ever rises (watermark.py), with a TTL from its
                                          daemon's first look on

When they go away: a run, its history, what is left of its outbox and its index entries when its workflow's
`retention` after its end is over (the sweeper drops them; a TTL of `FORGOTTEN_BY_TTL` more catches what no
sweeper saw). `early` and `payloads` have a TTL of `keep` from the last event on. A message's `begun`
has one of a day from the last attempt on. What has no TTL, and why, is
`WITHOUT_TTL`.

`P` is the prefix. What stands in braces is a Redis Cluster hash tag: keys that have the same are in one slot.
A partition follows from a run's id, or a topic's or a slots' name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from math import floor
from types import MappingProxyType
from zlib import crc32

from resistor.engine.run import RunStatus

FORGOTTEN_BY_TTL = 86400
"""Seconds that a finished run outlives its retention where no daemon is there to drop it."""

WITHOUT_TTL: Mapping[str, str] = MappingProxyType(
    {
        "run": "while it is open: it may wait for years",
        "history": "while its run is open",
        "outbox": "while its run is open",
        "timers": "dropped by the commit that ends its run",
        "due": "an entry leaves with its run, or its schedule",
        "runs": "an entry leaves when its run is forgotten",
        "expiring": "an entry leaves when its run is forgotten",
        "labels": "a field leaves when its run is forgotten",
        "waiting": "a listener may wait for years; whoever finds that its run is gone takes it out",
        "holders": "a run may have its slot for years; whoever finds that it is gone releases it",
        "queue": "likewise",
        "leaving": "likewise",
        "gate": "goes with the last action at it; a rate's a minute after it",
        "inside": "an action leaves when its attempt is over; a rate's have a TTL",
        "outside": "an action may wait for years; whoever finds that its run is gone takes it out",
        "telling": "an action leaves when its run has been told",
        "gates": "a gate leaves when nobody waits at it",
        "paused": "a module leaves when it goes on",
        "held": "actions leave when their module goes on, or their step ends",
        "releasing": "a module leaves when all have been told",
        "states": "a schedule's leaves when no definition has the schedule any more",
        "versions": "a run may need its version for years",
        "offers": "a workflow's leaves when it is withdrawn",
        "revision": "one number",
        "token-key": "tokens are out that it signed",
        "mark": "a few numbers",
        "seen": "it gets a TTL when its daemon looks at it, once a second",
    }
)
"""Kinds of keys (the word after the tag) that may have no TTL, and why that leaks nothing."""

_LONGEST_IN_NAME = 200  # characters of a business key that stand in a key's name as they are
_CUT = "…#"  # what nobody's own text keeps, so that no text is another's digest


def milliseconds(at: float) -> int:
    """Return a time, in seconds, as the score that it is kept by: whole milliseconds, rounded up.

    Redis keeps up to 128 members in one string and compares their scores one by one; as floating point
    numbers those are text, and each is parsed: 20 µs a call instead of 2.
    """
    return floor(at * 1000 + 0.999)


@dataclass(frozen=True, slots=True)
class Keys:
    """Key names for one installation. `partitions` is fixed for the life of its data."""

    prefix: str = "resistor"
    partitions: int = 16

    def partition(self, name: str) -> int:
        """Return the partition that a run, a topic or slots live in, by their name."""
        return crc32(name.encode()) % self.partitions

    def tag(self, partition: int) -> str:
        """Return what every key of a partition begins with."""
        return f"{self.prefix}:{{{partition}}}"

    def tag_of(self, name: str) -> str:
        """Return what every key of a run, a topic or slots begins with."""
        return self.tag(self.partition(name))

    def begun(self, fingerprint: str) -> str:
        """The attempts at a message that a daemon may have died of."""
        return f"{self.prefix}:{{suspects}}:begun:{fingerprint}"

    @property
    def schedules_due(self) -> str:
        """Schedules by when to look at them."""
        return f"{self.prefix}:{{schedules}}:due"

    @property
    def schedules(self) -> str:
        """The schedules' states."""
        return f"{self.prefix}:{{schedules}}:states"

    @property
    def versions(self) -> str:
        """The registered versions."""
        return f"{self.prefix}:{{catalogue}}:versions"

    @property
    def offers(self) -> str:
        """The versions that new runs may begin with."""
        return f"{self.prefix}:{{catalogue}}:offers"

    @property
    def catalogue_revision(self) -> str:
        """How often the catalogue was changed."""
        return f"{self.prefix}:{{catalogue}}:revision"

    @property
    def modules(self) -> str:
        """What every key of the modules' pauses begins with."""
        return f"{self.prefix}:{{modules}}"

    @property
    def token_key(self) -> str:
        """The generated signing key."""
        return f"{self.prefix}:token-key"

    @property
    def watermark(self) -> str:
        """When daemons looked at their marks, and which recovery is pending."""
        return f"{self.prefix}:{{watermark}}:mark"

    def seen_by(self, daemon: str) -> str:
        """A daemon's mark: what only ever rises."""
        return f"{self.prefix}:{{watermark}}:seen:{daemon}"


# ------------------------------------------------------------------------------------------------ runs


def run(tag: str, run_id: str) -> str:
    """A run."""
    return f"{tag}:run:{run_id}"


def history(tag: str, run_id: str) -> str:
    """A run's facts."""
    return f"{tag}:history:{run_id}"


def outbox(tag: str, run_id: str) -> str:
    """A run's unconfirmed outgoing messages."""
    return f"{tag}:outbox:{run_id}"


def timers(tag: str, run_id: str) -> str:
    """A run's addresses by when they want to be woken."""
    return f"{tag}:timers:{run_id}"


def due(tag: str) -> str:
    """Runs by when to look at them."""
    return f"{tag}:due"


def expiring(tag: str) -> str:
    """Finished runs by when they are forgotten."""
    return f"{tag}:expiring"


def expiring_entry(run_id: str, namespace: str, workflow: str) -> str:
    """What stands in `expiring`: enough to find a run's index entries when the run itself is gone."""
    return f"{run_id} {namespace}/{workflow}"


def labels(tag: str) -> str:
    """Finished runs' labels: what `expiring` lacks to find the rest of their index entries."""
    return f"{tag}:labels"


def by_status(tag: str, status: RunStatus) -> str:
    """Runs of one status, by start."""
    return f"{tag}:runs:status:{status}"


def by_workflow(tag: str, namespace: str, workflow: str) -> str:
    """Runs of one workflow, by start."""
    return f"{tag}:runs:of:{namespace}/{workflow}"


def by_label(tag: str, key: str, value: str) -> str:
    """Runs that have a label, by start."""
    return f"{tag}:runs:label:{_short(f'{key}={value}')}"


# ---------------------------------------------------------------------------------------------- actors


def topic(namespace: str, event: str, key: str | None) -> str:
    """What is listened for: an event, where `key` is not None one with this business key."""
    return f"{namespace}/{event}" if key is None else f"{namespace}/{event}={_short(key)}"


def waiting(tag: str, topic: str) -> str:
    """Who listens for a topic."""
    return f"{tag}:waiting:{topic}"


def early(tag: str, topic: str) -> str:
    """A topic's events by when they came."""
    return f"{tag}:early:{topic}"


def payloads(tag: str, topic: str) -> str:
    """A topic's events."""
    return f"{tag}:payloads:{topic}"


def slots(namespace: str, workflow: str, key: str) -> str:
    """What runs of a workflow compete for: one concurrency key's slots."""
    return f"{namespace}/{workflow}={_short(key)}"


def holders(tag: str, slots: str) -> str:
    """Who has a slot."""
    return f"{tag}:holders:{slots}"


def queue(tag: str, slots: str) -> str:
    """Who waits for a slot."""
    return f"{tag}:queue:{slots}"


def leaving(tag: str, slots: str) -> str:
    """Whose slot was taken away."""
    return f"{tag}:leaving:{slots}"


def gate(tag: str, gate: str) -> list[str]:
    """What lua/gate.lua takes: a gate's numbers, who is inside, outside and to be told, and when to look."""
    kinds = ("gate", "inside", "outside", "telling")
    return [*(f"{tag}:{kind}:{gate}" for kind in kinds), gates(tag)]


def gates(tag: str) -> str:
    """Gates by when to look at them."""
    return f"{tag}:gates"


def pause(tag: str, module: str) -> list[str]:
    """What lua/hold.lua takes: the paused modules, who waits for this one, and who goes on."""
    return [f"{tag}:paused", f"{tag}:held:{module}", releasing(tag)]


def releasing(tag: str) -> str:
    """Modules that go on, by when to look at those who wait."""
    return f"{tag}:releasing"


def _short(text: str) -> str:
    """Return `text`, or where it is long what stands for it: users' data must not make keys of any size."""
    if len(text) <= _LONGEST_IN_NAME and _CUT not in text:
        return text
    return f"{text[:20]}{_CUT}{sha256(text.encode()).hexdigest()}"
