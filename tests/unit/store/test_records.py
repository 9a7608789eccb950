"""A run as the fields of a hash: what is written, what is left alone, what is dropped."""

from __future__ import annotations

import msgspec
import pytest

from resistor.engine.run import (
    BlockEnd,
    EventRef,
    Origin,
    Part,
    Reads,
    Run,
    RunState,
    RunStatus,
    StepRecord,
    StepStatus,
)
from resistor.store.records import fields_to_read, fields_to_write, run_from_fields

RECORD = StepRecord(status=StepStatus.SCHEDULED, scheduled_at=5.0)
ORIGIN = Origin("shop", "order.placed", 1, "sha256:1", EventRef("e-1", "order.placed"), 5.0)


def run_with(*, is_whole: bool = False, **parts: Part | None) -> Run:
    named = {name.replace("_", ":", 1): part for name, part in parts.items()}
    return Run(
        id="r1",
        origin=ORIGIN,
        state=RunState(status=RunStatus.RUNNING),
        revision=1,
        parts=named,
        is_whole=is_whole,
    )


def written(before: Run | None, after: Run) -> dict[str, bytes]:
    flat, _ = fields_to_write(before, after)
    return dict(zip(flat[::2], flat[1::2], strict=True))  # type: ignore[arg-type]


def dropped(before: Run | None, after: Run) -> list[str]:
    return fields_to_write(before, after)[1]


def test_a_new_run_is_written_whole() -> None:
    run = run_with(s_charge=RECORD, o_charge=b"1", v_nothing=None)
    assert written(None, run).keys() == {"origin", "input", "state", "s:charge", "o:charge"}
    assert dropped(None, run) == []


def test_a_part_that_is_the_same_object_is_not_written() -> None:
    before = run_with(s_charge=RECORD, o_charge=b"one")
    copy = msgspec.structs.replace(RECORD)
    after = msgspec.structs.replace(before, parts={**before.parts, "s:charge": copy, "s:ship": RECORD})
    assert written(before, after).keys() == {"s:charge", "s:ship"}


def test_a_state_that_is_equal_is_not_written() -> None:
    before = run_with()
    equal = msgspec.structs.replace(before, state=msgspec.structs.replace(before.state))
    assert written(before, equal) == {}
    paused = msgspec.structs.replace(before, state=RunState(status=RunStatus.PAUSED))
    assert written(before, paused) == {"state": b'{"status":"paused"}'}


@pytest.mark.parametrize(
    ("before", "is_dropped"),
    [
        (run_with(s_charge=RECORD), True),
        (run_with(), True),  # nobody has looked whether it is there
        (run_with(s_charge=None), False),
        (run_with(is_whole=True), False),
        (run_with(is_whole=True, s_charge=RECORD), True),
        (None, False),
    ],
)
def test_a_part_that_is_none_is_dropped_unless_it_is_known_not_to_be_there(
    before: Run | None, is_dropped: bool
) -> None:
    assert dropped(before, run_with(s_charge=None)) == (["s:charge"] if is_dropped else [])


def test_parts_are_read_by_what_they_are() -> None:
    run = run_with(s_charge=RECORD, i_charge=b"{}", v_=b"{}")
    run = msgspec.structs.replace(run, parts={**run.parts, "b:each/3": BlockEnd("charge"), "e:1": b"hear"})
    fields = {"rev": b"7", **written(None, run)}
    out = {b"told 0": b"7 100.5", b"charge": b"6 100.25", b"ship": b"7 100.75"}
    read = run_from_fields("r1", fields, is_whole=True, unconfirmed=out, due=[b"", b"charge"], now=100.5)
    assert read == msgspec.structs.replace(
        run,
        revision=7,
        is_whole=True,
        unconfirmed=frozenset({"told 0", "charge", "ship"}),
        overdue=frozenset({"told 0", "charge"}),
        due=("", "charge"),
    )


def test_a_part_that_is_not_there_is_known_not_to_be_there() -> None:
    fields = {"rev": b"7", **written(None, run_with()), "s:ship": None}
    read = run_from_fields("r1", fields)
    assert read is not None
    assert read.parts == {"s:ship": None}


@pytest.mark.parametrize("missing", ["rev", "origin", "state"])
def test_a_run_without_its_head_is_none(missing: str) -> None:
    fields = {"rev": b"7", **written(None, run_with()), missing: None}
    assert run_from_fields("r1", fields) is None


def test_the_head_is_always_read() -> None:
    assert fields_to_read(Reads(parts=frozenset({"s:charge"}))) == (
        "rev",
        "by",
        "origin",
        "state",
        "input",
        "s:charge",
    )
