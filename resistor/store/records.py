"""A run ⇄ the fields of its hash.

| field     | holds |
|-----------|-------|
| `rev`     | the revision: how often the run was committed |
| `by`      | what the last commit goes by: each draws a name of its own |
| `origin`  | what it began with (`Origin`), written once |
| `state`   | what changes (`RunState`) |
| `input`   | the event's data, byte for byte |
| `s:<path>`  | a step's record (`StepRecord`) |
| `b:<frame>` | how a branch or an item ended (`BlockEnd`) |
| `i:`, `o:`, `v:`, `e:` … | inputs, outputs, variables, counted events: byte for byte |

The parts are those of engine/run.py, under the names that they have there. Records are JSON: as small as
MessagePack here, and readable in redis-cli at three in the morning.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from resistor.engine.run import BlockEnd, Origin, Part, Reads, Run, RunState, StepRecord

_encode = msgspec.json.Encoder().encode
_origin = msgspec.json.Decoder(Origin).decode
_state = msgspec.json.Decoder(RunState).decode
_record = msgspec.json.Decoder(StepRecord).decode
_block_end = msgspec.json.Decoder(BlockEnd).decode

HEAD = ("rev", "by", "origin", "state", "input")
_NO_PARTS = frozenset(HEAD)
_NOTHING: Mapping[str, Part | None] = {}
_NONE_OUT: Mapping[bytes, bytes] = {}


def fields_to_read(reads: Reads) -> tuple[str, ...]:
    """Return the hash fields that `reads` asks for. Not for `reads.everything`: that is HGETALL."""
    return (*HEAD, *reads.parts)


def named(names: Sequence[str], values: Sequence[bytes | None]) -> dict[str, bytes | None]:
    """Put an HMGET's answer to its question."""
    return dict(zip(names, values, strict=True))


def run_from_fields(
    run_id: str,
    fields: Mapping[str, bytes | None],
    *,
    is_whole: bool = False,
    unconfirmed: Mapping[bytes, bytes] = _NONE_OUT,
    due: Iterable[bytes] = (),
    now: float = 0.0,
) -> Run | None:
    """Return the run that these fields hold, or None where there is no run.

    `unconfirmed` is its outbox, as it is stored: name → the revision that asked for it, and by when it should
    be confirmed. `now` is in seconds since the epoch.
    Raises `msgspec.MsgspecError` where a newer program wrote what this one cannot read.
    """
    revision, origin, state = (fields.get(name) for name in ("rev", "origin", "state"))
    if revision is None or origin is None or state is None:
        return None
    return Run(
        id=run_id,
        origin=_origin(origin),
        state=_state(state),
        revision=int(revision),
        input=fields.get("input") or b"{}",
        parts={name: _decoded(name, value) for name, value in fields.items() if name not in _NO_PARTS},
        is_whole=is_whole,
        unconfirmed=frozenset(name.decode() for name in unconfirmed),
        overdue=frozenset(name.decode() for name, asked in unconfirmed.items() if _is_overdue(asked, now)),
        due=tuple(address.decode() for address in due),
    )


def fields_to_write(before: Run | None, after: Run) -> tuple[list[str | bytes], list[str]]:
    """Return what differs between two states of a run: field, value, field, value …, and fields to drop.

    A part that is the very object that it was is not written. One that is None is dropped, even where nobody
    has looked whether it was there.
    """
    written: list[str | bytes] = []
    if before is None:
        written += ["origin", _encode(after.origin), "input", after.input]
    if before is None or (before.state is not after.state and before.state != after.state):
        written += ["state", _encode(after.state)]
    known = _NOTHING if before is None else before.parts
    knows_all = before is None or before.is_whole
    dropped: list[str] = []
    for name, part in after.parts.items():
        if part is None:
            if known.get(name) is not None or not (knows_all or name in known):
                dropped.append(name)
        elif known.get(name) is not part:
            written += [name, part if isinstance(part, bytes) else _encode(part)]
    return written, dropped


def _is_overdue(asked: bytes, now: float) -> bool:
    _, _, confirmed_by = asked.partition(b" ")
    return float(confirmed_by or 0) <= now


def _decoded(name: str, value: bytes | None) -> Part | None:
    if value is None:
        return None
    match name[:2]:
        case "s:":
            return _record(value)
        case "b:":
            return _block_end(value)
        case _:
            return value
