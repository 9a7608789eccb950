"""Runs in memory are what the real store makes of them, whoever commits, confirms, claims and forgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resistor.engine.run import EVERYTHING, BlockEnd, Part, Reads, RunStatus, StepStatus
from resistor.store.reading import RunFilter
from tests.contract.store.daemons import IDS, Commit, Committing, Said
from tests.contract.store.samples import NOW, record
from tests.contract.store.twins import Pass, Step, Twins

PARTS = ("s:charge", "o:charge", "b:each/1", "v:")
messages = st.lists(st.sampled_from(["charge", "charge", "mail"]), max_size=2, unique=True).map(tuple)
times = st.sampled_from([-5.0, 0.0, 3.0, 10.5, 1e6])
late = st.sampled_from([-5.0, 10.5, 1e6, 1e6])
due = st.tuples(times, times)
runs = st.sampled_from([*IDS, *[IDS[0]] * 4])
statuses = st.sampled_from([RunStatus.RUNNING, RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.FAILED])
parts: st.SearchStrategy[dict[str, Part | None]] = st.dictionaries(
    st.sampled_from(PARTS), st.none(), max_size=2
).flatmap(lambda dropped: st.sampled_from([dropped, _WRITTEN, {**_WRITTEN, **dropped}]))
_WRITTEN: dict[str, Part | None] = {
    "s:charge": record(StepStatus.WAITING, resume_at=NOW),
    "o:charge": b'{"a":[]}',
    "b:each/1": BlockEnd(output_of="charge"),
    "v:": b"{}",
}
commits = st.builds(
    Commit,
    run=runs,
    back=st.sampled_from([0, 0, 0, 1, 2]),
    is_new=st.sampled_from([False, False, False, True]),
    reads=st.sampled_from([EVERYTHING, Reads(), Reads(parts=frozenset(PARTS[:2]), outstanding=True)]),
    parts=parts,
    status=statuses,
    timers=st.dictionaries(st.sampled_from(["", "charge", "wait"]), st.one_of(st.none(), times), max_size=2),
    send=messages,
    settled=messages,
    due=due,
    retention=st.sampled_from([0.0, 30.0, 60.5]),
    labels=st.sampled_from([{}, {"customer": "a"}, {"customer": "b", "city": "x"}]),
)
words = st.builds(
    Said,
    run=runs,
    back=st.sampled_from([0, 0, 0, 1]),
    names=st.one_of(st.none(), messages),
    is_final=st.sampled_from([None, None, None, False, True]),
    due=st.tuples(late, late),
    looked=st.sampled_from([-5.0, 0.0, 0.0, 3.0]),
)
asks = st.one_of(
    st.builds(
        lambda limit, lease: Step("", "claim_due", (), {"limit": limit, "lease": lease}),
        st.sampled_from([1, 2, 9]),
        st.sampled_from([5.0, 30.0]),
    ),
    st.just(Step("", "forget_expired")),
    st.just(Step("", "list_runs", (RunFilter(statuses=(RunStatus.FAILED,), limit=2),))),
    st.just(Step("", "list_runs", (RunFilter(labels={"customer": "b"}, namespace="shop"),))),
    st.just(Step("", "list_runs", (RunFilter(namespace="shop", workflow="order.placed", limit=1),))),
    st.just(Step("", "history", ("r1",), {"start": 2})),
)
passing = st.builds(Pass, st.sampled_from([1, 5, 30, 60, 60, 86_400]))


@settings(
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(st.one_of(commits, commits, commits, words, words, asks, asks, passing), min_size=8, max_size=25)
)
async def test_runs_in_memory_are_those_of_redis(
    twins: Twins, steps: Sequence[Commit | Said | Step | Pass]
) -> None:
    await Committing(twins).follow(steps)


DAY = Pass(86_400)
FORGET = Step("", "forget_expired")


def failed(*send: str, **labels: str) -> Commit:
    """Return the end of a run, which is kept for a minute and a half second."""
    return Commit(status=RunStatus.FAILED, retention=60.5, send=send, labels=labels)


CORNERS: Mapping[str, Sequence[Commit | Said | Step | Pass]] = {
    "a timer that was due at the look counts no more": [
        Commit(timers={"wait": 0.0, "later": 3.0}),
        Said(names=None),
    ],
    "what was sent before is confirmed later": [
        Commit(send=("charge", "mail")),
        Commit(),
        Said(names=("charge",)),
    ],
    "what was sent again is not confirmed by the first": [
        Commit(send=("charge",)),
        Commit(send=("charge",)),
        Said(names=("charge",), back=1),
        Said(names=("charge",)),
    ],
    "a busy run is looked at no later than it was": [
        Commit(send=("charge",), due=(1e6, 3.0)),
        Commit(send=("mail",), due=(1e6, 10.5)),
    ],
    "what is sent now makes nothing pressing": [
        Commit(due=(3.0, 3.0)),
        Commit(send=("charge",), due=(1e6, 10.5)),
    ],
    "late word moves nothing": [
        Commit(),
        Commit(due=(3.0, 3.0)),
        Said(names=None, back=1),
        Said(names=("charge",), back=1),
    ],
    "a run that nobody dropped goes by its TTL, and its entry by whoever looks": [
        failed("charge"),
        DAY,
        Pass(59),
        Pass(1),
        Said(names=None),
    ],
    "what is left of a run that went by its TTL is dropped": [
        failed("charge"),
        DAY,
        Pass(60),
        FORGET,
        FORGET,
    ],
    "a run that is retried stays": [failed(), Commit(), FORGET, DAY, Pass(61), FORGET],
    "a run that has something to tell is not forgotten": [
        failed("charge"),
        Pass(61),
        FORGET,
        Pass(60),
        Said(names=("charge",)),
        FORGET,
        Commit(is_new=True),
    ],
    "a run begins anew when the first is gone": [
        failed("charge", customer="a"),
        DAY,
        Pass(61),
        Commit(is_new=True, labels={"customer": "b"}),
        FORGET,
        failed(),
        Pass(61),
        FORGET,
    ],
}


@pytest.mark.parametrize("corner", CORNERS)
async def test_a_corner_of_runs_is_the_same_in_memory(twins: Twins, corner: str) -> None:
    await Committing(twins).follow(CORNERS[corner], look_every=1)
