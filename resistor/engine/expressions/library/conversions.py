"""From one kind of value to another: `int("7")`, `string(1.5)`, `timestamp("…")`, `type(x)`, `dyn(x)`."""

from __future__ import annotations

import math
import re
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import (
    ANY,
    BYTES,
    INT,
    LENGTH,
    MOMENT,
    NUMBER,
    TEXT,
    Function,
    Kinds,
    either,
)
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.moments import (
    SECOND,
    duration_text,
    parse_duration,
    parse_timestamp,
    timestamp,
    timestamp_text,
)
from resistor.engine.expressions.moments import duration as duration_of
from resistor.engine.expressions.values import KINDS, Duration, Kind, Timestamp, UInt, integer, unsigned

_MOMENT_COST = 25  # reading or writing a moment takes some 4 µs
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_TRUTHS = {"true": True, "True": True, "TRUE": True, "t": True, "1": True} | {
    "false": False, "False": False, "FALSE": False, "f": False, "0": False,
}  # fmt: skip


def _int(_: Evaluation, value: Any) -> int:
    if value.__class__ is Timestamp:
        return int(value.nanos) // SECOND
    if value.__class__ is str:
        return integer(_whole("int", value))
    return integer(_truncated("int", value))


def _uint(_: Evaluation, value: Any) -> UInt:
    return unsigned(_whole("uint", value) if value.__class__ is str else _truncated("uint", value))


def _whole(name: str, text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise Fault(f"{name}: {text[:40]!r} is not an integer")
    return int(text)


def _truncated(name: str, value: Any) -> int:
    if not math.isfinite(value):
        raise Fault(f"{name}: {value} is not an integer")
    return int(value)


def _double(_: Evaluation, value: Any) -> float:
    if value.__class__ is not str:
        return float(value)
    if len(value) > 400 or _NUMBER.fullmatch(value) is None:
        raise Fault(f"double: {value[:40]!r} is not a number")
    return float(value)


def _bool(_: Evaluation, value: Any) -> bool:
    if value.__class__ is str:
        if value not in _TRUTHS:
            raise Fault(f"bool: {value[:40]!r} is not true or false")
        return _TRUTHS[value]
    return bool(value)


def _string(ev: Evaluation, value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.0f}" if value.is_integer() and abs(value) < 1e16 else repr(value)
        case bytes():
            ev.spend_text(len(value))
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise Fault("string: the bytes are not UTF-8") from None
        case Timestamp():
            ev.spend(_MOMENT_COST)
            return timestamp_text(value)
        case Duration():
            return duration_text(value)
    return str(value)


def _bytes(ev: Evaluation, value: Any) -> bytes:
    if value.__class__ is bytes:
        return bytes(value)
    ev.spend_text(len(value))
    return str(value).encode()


def _timestamp(ev: Evaluation, value: Any) -> Timestamp:
    ev.spend(_MOMENT_COST)
    if value.__class__ is int:
        return timestamp(value * SECOND)
    return parse_timestamp(value) if value.__class__ is str else value


def _duration(ev: Evaluation, value: Any) -> Duration:
    ev.spend(_MOMENT_COST)
    if value.__class__ is int:
        return duration_of(value * SECOND)
    return parse_duration(value) if value.__class__ is str else value


def _type(_: Evaluation, value: Any) -> Kind:
    return Kind(KINDS[value.__class__][0])


def _dyn(_: Evaluation, value: Any) -> Any:
    return value


_BOOL: Kinds = frozenset({bool})

FUNCTIONS = {
    "int": Function((either(NUMBER, TEXT, MOMENT),), _int),
    "uint": Function((either(NUMBER, TEXT),), _uint),
    "double": Function((either(NUMBER, TEXT),), _double),
    "bool": Function((either(_BOOL, TEXT),), _bool),
    "string": Function((either(NUMBER, TEXT, _BOOL, BYTES, MOMENT, LENGTH),), _string),
    "bytes": Function((either(TEXT, BYTES),), _bytes),
    "timestamp": Function((either(TEXT, INT, MOMENT),), _timestamp),
    "duration": Function((either(TEXT, INT, LENGTH),), _duration),
    "type": Function((ANY,), _type),
    "dyn": Function((ANY,), _dyn),
}
