"""A workflow definition, ready to run: a tree of steps.

Made by the catalog from files, or from what the store kept of them; read by the engine and shown by
ops. Every question that a decision asks of a definition is answered here, and was worked out when it
was loaded. Durations are in seconds.

    Workflow ─► Block ─► Step ─► one of the kinds (`Module`, `Switch`, …), which may hold further Blocks
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from resistor.engine.expressions import Expression, Template

DIGEST_CHARACTERS = (
    12  # of the digest in a continue token: 48 bits, to catch mistakes; the mac catches forgery
)

Accepts = Callable[[Any], str | None]
"""Says what is wrong with a value by its JSON Schema, in one line, or None where it fits."""


def short_digest(digest: str) -> str:
    """Return the start of a `sha256:…` digest, as tokens carry it."""
    return digest.partition(":")[2][:DIGEST_CHARACTERS]


# ------------------------------------------------------------------------------------ trying again


class Backoff(StrEnum):
    """How the pause between attempts grows."""

    CONSTANT = "constant"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class Retry:
    """When a failed attempt is made again. `limit` counts attempts, the first included.

    `on` names the only error types that are retried (None: all), `excepted` those that never are. `within`
    bounds the time from the first attempt's schedule to the start of a further one.
    """

    limit: int = 3
    delay: float = 1.0
    backoff: Backoff = Backoff.EXPONENTIAL
    factor: float = 2.0
    max_delay: float = 300.0
    jitter: float = 0.1
    within: float | None = None
    on: tuple[str, ...] | None = None
    excepted: tuple[str, ...] = ()


NO_RETRY = Retry(limit=1)


@dataclass(frozen=True, slots=True)
class Catch:
    """What to do about some errors. `errors` None: about all.

    `block` None and no `retry` left: the error is swallowed.
    """

    errors: tuple[str, ...] | None = None
    condition: Expression | None = None
    retry: Retry | None = None
    block: Block | None = None
    then: str | None = None
    output: Template | None = None


# ------------------------------------------------------------------------------------ kinds of steps


@dataclass(frozen=True, slots=True)
class Gate:
    """A limit that actions pass before they go out, over all runs. `key` counts each value of its own.

    Either at most `limit` are out at once, or they go out at least `interval` seconds apart. `name` is the
    same wherever the limit holds: `<module> concurrency`, `<module>/<action> rate`.
    """

    name: str
    key: Template | None = None
    limit: int | None = None
    interval: float | None = None


@dataclass(frozen=True, slots=True)
class Compensation:
    """The action that undoes a completed step."""

    module: str
    action: str
    input: Template | None = None
    metadata: bytes = b"{}"
    retry: Retry = Retry()
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """One action by one module.

    `metadata` is JSON, handed to the module untouched. `input` is what `with` says, or None: then the
    input is the event's data. `action` is a template where it holds an expression. `gates` are passed one
    after the other, in this order.
    """

    module: str
    action: str | Template
    metadata: bytes = b"{}"
    input: Template | None = None
    output: Template | None = None
    timeout: float | None = None
    heartbeat: float | None = None
    retry: Retry = Retry()
    catches: tuple[Catch, ...] = ()
    compensation: Compensation | None = None
    priority: int | None = None
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One entry of a switch. `when` None: the default."""

    when: Expression | None
    block: Block | None = None
    then: str | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """The first case that matches."""

    cases: tuple[Case, ...]


class OnError(StrEnum):
    """What a fork or a for does about a branch or an item that failed."""

    FAIL = "fail"
    FINISH = "finish"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Join:
    """When a fork or a for goes on: with `count` successes, with these `names`, or (neither) with all."""

    count: int | None = None
    names: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches side by side."""

    branches: Mapping[str, Block]
    join: Join = Join()
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True)
class For:
    """The same steps for each item of a list. `each` and `at` name the variables."""

    items: Template
    block: Block
    each: str = "item"
    at: str = "index"
    concurrency: int | None = None
    join: Join = Join()
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True)
class While:
    """Rounds, while (`until`: until) the condition holds; `until` is tested after a round, in it."""

    condition: Expression
    block: Block
    is_until: bool = False
    limit: int = 1000
    keep: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
    """A durable timer: so many seconds, or up to a moment."""

    seconds: float | None = None
    until: Expression | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for an event. `key_of_event` and `key_of_run` give the business key that joins them.

    `count` None: one event, handed on as it is; else so many, handed on as a list. `buffer` is how long,
    in seconds, before the step is reached an event may have come and still count.
    """

    event: str
    match: Expression | None = None
    key_of_event: Expression | None = None
    key_of_run: Expression | None = None
    timeout: float | None = None
    count: int | None = None
    buffer: float = 0.0


@dataclass(frozen=True, slots=True)
class Ask:
    """Wait for a person. `form` is the JSON Schema of the answer."""

    prompt: str
    form: Mapping[str, Any] | None = None
    to: str | None = None
    timeout: float | None = None
    accepts: Accepts | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Emit:
    """Publish an event. `namespace` None: the workflow's own; `data` None: an empty object."""

    event: str
    data: Template | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """Set variables; all values are evaluated before any is assigned. Written `set`."""

    values: Mapping[str, Template]


@dataclass(frozen=True, slots=True)
class RunWorkflow:
    """Run another workflow. `input` None: the parent's input; `version` None: as an event would choose.

    `key` is the idempotency key (`id` in a definition). Written `run`.
    """

    workflow: str | Template
    namespace: str | None = None
    version: int | None = None
    input: Template | None = None
    key: Template | None = None
    is_detached: bool = False
    timeout: float | None = None
    catches: tuple[Catch, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    """A guarded block."""

    block: Block
    catches: tuple[Catch, ...] = ()
    finally_: Block | None = None


@dataclass(frozen=True, slots=True)
class Raise:
    """Fail with a typed error. Each is a template; `type` and `message` must become text."""

    type: Template
    message: Template | None = None
    details: Template | None = None


class EndStatus(StrEnum):
    """How an `end` step ends its run."""

    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class End:
    """Finish the run here."""

    status: EndStatus = EndStatus.COMPLETED
    output: Template | None = None
    message: str | None = None


Kind = (
    Module
    | Switch
    | Fork
    | For
    | While
    | Wait
    | Listen
    | Ask
    | Emit
    | Assign
    | RunWorkflow
    | Try
    | Raise
    | End
)

EXIT = "exit"
"""`then: exit` leaves the list."""

END = "end"
"""`then: end` ends the run, from any depth."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `then` is the id of a step of the same list, `EXIT`, `END`, or None: the next one."""

    id: str
    kind: Kind
    name: str | None = None
    condition: Expression | None = None
    then: str | None = None
    continues_on_error: bool = False


@dataclass(frozen=True)
class Block:
    """A list of steps, run in order."""

    steps: tuple[Step, ...]

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id in this list."""
        return self._by_id.get(step_id)

    def after(self, step: Step) -> Step | None:
        """Return the step that stands behind `step` in this list, or None behind the last."""
        position = self._positions[step.id] + 1
        return self.steps[position] if position < len(self.steps) else None

    @cached_property
    def may_repeat(self) -> bool:
        """Whether a `then` leads back, so that a step may be begun more than once."""
        for position, step in enumerate(self.steps):
            for target in _targets(step):
                if target in self._positions and self._positions[target] <= position:
                    return True
        return False

    @cached_property
    def _by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {step.id: position for position, step in enumerate(self.steps)}


def _targets(step: Step) -> Iterator[str | None]:
    yield step.then
    if isinstance(step.kind, Switch):
        yield from (case.then for case in step.kind.cases)
    if isinstance(step.kind, Module | RunWorkflow | Try):
        yield from (catch.then for catch in step.kind.catches)


def blocks_of(kind: Kind) -> Iterator[tuple[str, Block]]:
    """Yield the blocks inside a step, each with the label that leads to it in a path (see places.py)."""
    match kind:
        case Switch(cases):
            yield from ((str(number), case.block) for number, case in enumerate(cases) if case.block)
        case Fork(branches):
            yield from branches.items()
        case For() | While():
            yield "*", kind.block
        case Try():
            yield "try", kind.block
            yield from _catch_blocks(kind.catches)
            if kind.finally_ is not None:
                yield "finally", kind.finally_
        case Module() | RunWorkflow():
            yield from _catch_blocks(kind.catches)
        case _:
            return


def _catch_blocks(catches: tuple[Catch, ...]) -> Iterator[tuple[str, Block]]:
    return ((f"catch-{number}", catch.block) for number, catch in enumerate(catches) if catch.block)


# ------------------------------------------------------------------------------------ the whole


class Overlap(StrEnum):
    """What a schedule does when its last run is not over yet."""

    SKIP = "skip"
    ALLOW = "allow"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the workflow starts by itself: by `cron` in `timezone`, or `every` so many seconds.

    `input` is JSON.
    """

    cron: str | None = None
    timezone: str = "UTC"
    every: float | None = None
    input: bytes = b"{}"
    overlap: Overlap = Overlap.SKIP


@dataclass(frozen=True, slots=True)
class Trigger:
    """A further event of the same namespace that starts the workflow. `input` None: the event's data."""

    event: str
    condition: Expression | None = None
    input: Template | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """Who gets this version: `percent` of new runs, sticky by `key`, and only where `when` holds."""

    percent: float | None = None
    key: Template | None = None
    when: Expression | None = None


class OnConflict(StrEnum):
    """What becomes of a run that finds no free slot."""

    QUEUE = "queue"
    REJECT = "reject"
    CANCEL_RUNNING = "cancel_running"


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` open runs with the same key (None: over all runs of the workflow)."""

    key: Template | None = None
    limit: int = 1
    on_conflict: OnConflict = OnConflict.QUEUE


DEFAULT_RETENTION = 7 * 86400.0
FINALLY_SECONDS = 60.0


@dataclass(frozen=True)
class Workflow:
    """One version of one workflow.

    `digest` is `sha256:…` over `source`, the definition as canonical JSON (variations resolved, module
    defaults filled in): comments and formatting aside, the same content has the same digest. `accepts` says
    whether an event's data fits the `input` schema.
    """

    namespace: str
    name: str
    version: int
    digest: str
    source: bytes
    body: Block
    description: str | None = None
    input_schema: Mapping[str, Any] | None = None
    accepts: Accepts | None = field(default=None, compare=False, repr=False)
    output: Template | None = None
    timeout: float | None = None
    labels: Mapping[str, Template] = field(default_factory=dict)
    retention: float = DEFAULT_RETENTION
    concurrency: Concurrency | None = None
    rollout: Rollout | None = None
    triggers: tuple[Trigger, ...] = ()
    schedule: Schedule | None = None
    on_failure: Block | None = None
    finally_: Block | None = None
    finally_timeout: float = FINALLY_SECONDS

    @property
    def short_digest(self) -> str:
        """The start of the digest, as tokens carry it."""
        return short_digest(self.digest)

    def refusal_of(self, data: Any) -> str | None:
        """Return what is wrong with an event's data, or None where it fits."""
        return self.accepts(data) if self.accepts is not None else None

    def walk(self) -> Iterator[Step]:
        """Yield every step, inner ones after the one that holds them."""
        for block in (self.body, self.on_failure, self.finally_):
            if block is not None:
                yield from _walk(block)

    @cached_property
    def modules(self) -> frozenset[str]:
        """Every module that a step names."""
        kinds = [step.kind for step in self.walk() if isinstance(step.kind, Module)]
        undoing = [kind.compensation.module for kind in kinds if kind.compensation]
        return frozenset([*(kind.module for kind in kinds), *undoing])

    @cached_property
    def has_compensations(self) -> bool:
        """Whether a step can be undone."""
        return any(isinstance(step.kind, Module) and step.kind.compensation for step in self.walk())

    @cached_property
    def places(self) -> dict[str, Any]:
        """The places that were asked for, by address: kept by places.py."""
        return {}

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What is known by now of what the decisions on its steps read (expecting.py keeps it)."""
        return {}

    @cached_property
    def listens(self) -> tuple[Listen, ...]:
        """Every listen step's kind."""
        return tuple(step.kind for step in self.walk() if isinstance(step.kind, Listen))


def _walk(block: Block) -> Iterator[Step]:
    for step in block.steps:
        yield step
        for _, inner in blocks_of(step.kind):
            yield from _walk(inner)
