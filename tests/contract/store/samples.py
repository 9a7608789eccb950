"""Runs and changes for the store's tests, made by hand: the store does not care what a workflow means."""

from __future__ import annotations

import msgspec

from resistor.engine.facts import Fact, FactName
from resistor.engine.run import (
    EVERYTHING,
    EventRef,
    Origin,
    Part,
    Run,
    RunState,
    RunStatus,
    StepRecord,
    StepStatus,
)
from resistor.ports import Change, Published, Released
from resistor.store import RedisStore
from resistor.store.keys import Keys

NOW = 1_700_000_000.0
PAST = 5.0
FAR = 4e9
KEYS = Keys(partitions=4)
STARTED = (Fact(NOW, FactName.RUN_STARTED), Fact(NOW, FactName.STEP_SCHEDULED, "charge", 1))


def record(status: StepStatus = StepStatus.SCHEDULED, **fields: object) -> StepRecord:
    """Return a step's record."""
    return msgspec.structs.replace(StepRecord(status=status, scheduled_at=NOW), **fields)


def new_run(
    run_id: str,
    data: bytes = b'{"a":[],"big":12345678901234567}',
    *,
    now: float = NOW,
    namespace: str = "shop",
    labels: dict[str, str] | None = None,
) -> Run:
    """Return a run that has just begun, with one step under way."""
    event = EventRef(id=run_id, type="order.placed")
    origin = Origin(namespace, "order.placed", 1, "sha256:1", event, now, labels=labels or {})
    return Run(
        id=run_id,
        origin=origin,
        state=RunState(status=RunStatus.RUNNING, steps=1),
        input=data,
        parts={"s:charge": record()},
    )


def grown(run: Run, **parts: Part | None) -> Run:
    """Return the run with other parts; `s_charge` stands for `s:charge`, and `o_` for `o:`."""
    changed = {name.replace("_", ":", 1): part for name, part in parts.items()}
    return msgspec.structs.replace(run, parts={**run.parts, **changed})


def ended(run: Run, status: RunStatus = RunStatus.COMPLETED) -> Run:
    """Return the run with its end."""
    state = msgspec.structs.replace(run.state, status=status, finished_at=NOW)
    return msgspec.structs.replace(run, state=state)


def change(before: Run | None, after: Run, **fields: object) -> Change:
    """Return a change that sends nothing and is due at once."""
    plain = Change(
        before=before,
        after=after,
        facts=(),
        send=(),
        due_at=PAST,
        unconfirmed_due_at=PAST,
        retention=60.0,
    )
    return msgspec.structs.replace(plain, **fields)


def beginning(run_id: str, **fields: object) -> Change:
    """Return the change that begins a run and sends its first action."""
    return change(None, new_run(run_id), **{"send": ("charge",), "facts": STARTED, **fields})


def published(run: str, revision: int, *names: str, **fields: object) -> Published:
    """Return a confirmation; the run is due in the far future."""
    plain = Published(run=run, revision=revision, names=names, due_at=FAR, unconfirmed_due_at=FAR)
    return msgspec.structs.replace(plain, **fields)


def released(run: str, revision: int, **fields: object) -> Released:
    """Return a release; the run is due in the far future."""
    plain = Released(run=run, revision=revision, due_at=FAR, unconfirmed_due_at=FAR, looked_at=NOW)
    return msgspec.structs.replace(plain, **fields)


async def whole(store: RedisStore, run_id: str) -> Run:
    """Return a run that is there, with everything."""
    run = (await store.load([(run_id, EVERYTHING)])).runs[0]
    assert run is not None
    return run


async def finish(store: RedisStore, run_id: str, *, retention: float, **fields: object) -> None:
    """Begin a run and end it, with nothing unconfirmed."""
    await store.commit([beginning(run_id)])
    run = await whole(store, run_id)
    end = change(run, ended(run), settled=("charge",), retention=retention, **fields)
    assert await store.commit([end]) == [True]


async def due_at(store: RedisStore, run_id: str) -> float | None:
    """Return when a run is to be looked at."""
    score: float | None = await store._client.zscore(f"{KEYS.tag_of(run_id)}:due", run_id)
    return None if score is None else score / 1000


async def keys_of(store: RedisStore) -> set[str]:
    """Return every key that there is."""
    return {key.decode() async for key in store._client.scan_iter() if b"{watermark}" not in key}
