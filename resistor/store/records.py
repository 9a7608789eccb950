"""A run ⇄ the fields of its hash.

| field     | holds |
|-----------|-------|
| `rev`     | the revision: how often the run was committed |
| `origin`  | what it began with (`Origin`), written once |
| `state`   | what changes (`RunState`) |
| `input`   | the event's data, byte for byte |
| `s:<step>` | the step's record (`StepRecord`) |
| `i:<step>` | the step's input, where that is not the event's data |
| `o:<step>` | the step's output, byte for byte |

Records are JSON arrays: as small as MessagePack here, and readable in redis-cli at three in the morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from resistor.engine.run import Origin, Reads, Run, RunState, StepRecord

_encode = msgspec.json.Encoder().encode
_origin = msgspec.json.Decoder(Origin).decode
_state = msgspec.json.Decoder(RunState).decode
_record = msgspec.json.Decoder(StepRecord).decode

_HEAD = ("rev", "origin", "state", "input")


def fields_to_read(reads: Reads) -> tuple[str, ...]:
    """Return the hash fields that `reads` asks for. Not for `reads.everything`: that is HGETALL."""
    return (*_HEAD, *(f"s:{step}" for step in reads.steps), *(f"o:{step}" for step in reads.outputs))


def run_from_fields(
    run_id: str, fields: Mapping[str, bytes | None], unconfirmed: Iterable[bytes] = ()
) -> Run | None:
    """Return the run that these fields hold, or None where there is no run."""
    revision, origin, state = (fields.get(name) for name in ("rev", "origin", "state"))
    if revision is None or origin is None or state is None:
        return None
    return Run(
        id=run_id,
        origin=_origin(origin),
        state=_state(state),
        revision=int(revision),
        input=fields.get("input") or b"{}",
        steps={step: _record(value) for step, value in _of_kind(fields, "s:")},
        inputs=dict(_of_kind(fields, "i:")),
        outputs=dict(_of_kind(fields, "o:")),
        unconfirmed=frozenset(step.decode() for step in unconfirmed),
    )


def named(names: Sequence[str], values: Sequence[bytes | None]) -> dict[str, bytes | None]:
    """Put an HMGET's answer to its question."""
    return dict(zip(names, values, strict=True))


def fields_to_write(before: Run | None, after: Run) -> list[str | bytes]:
    """Return field, value, field, value … of what differs between two states of a run."""
    written: list[str | bytes] = []
    if before is None:
        written += ["origin", _encode(after.origin), "input", after.input]
    if before is None or before.state != after.state:
        written += ["state", _encode(after.state)]
    known = before or _NOTHING
    for step, record in after.steps.items():
        if known.steps.get(step) is not record:
            written += [f"s:{step}", _encode(record)]
    for kind, old, new in (("i", known.inputs, after.inputs), ("o", known.outputs, after.outputs)):
        for step, payload in new.items():
            if old.get(step) is not payload:
                written += [f"{kind}:{step}", payload]
    return written


def answered_steps(before: Run | None, after: Run) -> list[str]:
    """Return the steps that are with no module any more: it has answered, so it has had the action."""
    known = before or _NOTHING
    return [
        step
        for step, record in after.steps.items()
        if known.steps.get(step) is not record and not record.status.is_sent
    ]


def _of_kind(fields: Mapping[str, bytes | None], kind: str) -> Iterable[tuple[str, bytes]]:
    return (
        (name[2:], value) for name, value in fields.items() if name.startswith(kind) and value is not None
    )


class _Nothing(msgspec.Struct, frozen=True):
    steps: Mapping[str, StepRecord] = {}
    inputs: Mapping[str, bytes] = {}
    outputs: Mapping[str, bytes] = {}


_NOTHING = _Nothing()
