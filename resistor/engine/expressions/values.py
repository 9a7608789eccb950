"""The kinds of value that CEL knows and JSON does not, and what each kind is called.

Null, booleans, integers, doubles, text, bytes, lists and mappings are Python's own. Used by everything that
computes; nothing here knows of expressions.
"""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.engine.expressions.mistakes import Fault

LEAST_INT, GREATEST_INT = -(2**63), 2**63 - 1
GREATEST_UINT = 2**64 - 1


class UInt(int):
    """An unsigned integer: `1u`."""

    __slots__ = ()


class Timestamp(msgspec.Struct, frozen=True, order=True):
    """A moment: nanoseconds since 1970-01-01T00:00:00Z."""

    nanos: int


class Duration(msgspec.Struct, frozen=True, order=True):
    """A length of time, in nanoseconds."""

    nanos: int


class Maybe(msgspec.Struct, frozen=True):
    """An optional value: what `a.?b` gives."""

    value: Any
    is_there: bool


NOTHING = Maybe(None, is_there=False)


class Kind(msgspec.Struct, frozen=True):
    """What `type(x)` gives."""

    name: str


KINDS: dict[type, tuple[str, str]] = {
    type(None): ("null_type", "null"),
    bool: ("bool", "a boolean"),
    int: ("int", "an integer"),
    UInt: ("uint", "an unsigned integer"),
    float: ("double", "a double"),
    str: ("string", "text"),
    bytes: ("bytes", "bytes"),
    list: ("list", "a list"),
    dict: ("map", "a mapping"),
    Timestamp: ("google.protobuf.Timestamp", "a timestamp"),
    Duration: ("google.protobuf.Duration", "a duration"),
    Maybe: ("optional_type", "an optional"),
    Kind: ("type", "a type"),
}
"""Python's class → CEL's name, and the name in a message."""

KIND_NAMES = dict(KINDS.values())


def said(value: Any) -> str:
    """Return what kind of value this is, with its article."""
    return KINDS.get(value.__class__, ("", "a value of another kind"))[1]


def do_not_go(written: str, *values: Any) -> Fault:
    """Return the fault of an operator or a function that got values it has no meaning for."""
    return Fault(f"`{written}` does not take {' and '.join(map(said, values)) or 'nothing'}")


def integer(value: int) -> int:
    """Return `value` if 64 bits hold it. Raises `Fault`."""
    if LEAST_INT <= value <= GREATEST_INT:
        return value
    raise Fault("integer overflow: integers have 64 bits")


def unsigned(value: int) -> UInt:
    """Return `value` as an unsigned integer if 64 bits hold it. Raises `Fault`."""
    if 0 <= value <= GREATEST_UINT:
        return UInt(value)
    raise Fault("integer overflow: unsigned integers have 64 bits and no sign")


def adopted(value: Any) -> Any:
    """Return a variable's value with the datetimes directly in it as timestamps (`event.time`).

    Told by what they can do: the engine does not import `datetime`, where clocks are.
    """
    if value.__class__ is dict:
        if any(hasattr(each, "utcoffset") for each in value.values()):
            return {
                key: adopted(each) if each.__class__ not in KINDS else each for key, each in value.items()
            }
        return value
    return _timestamp(value) if hasattr(value, "utcoffset") else value


def _timestamp(moment: Any) -> Timestamp:
    days = moment.toordinal() - 719_163  # 1970-01-01
    seconds = days * 86_400 + moment.hour * 3_600 + moment.minute * 60 + moment.second
    away = moment.utcoffset()
    if away is not None:
        seconds -= away.days * 86_400 + away.seconds
    return Timestamp((seconds * 1_000_000 + moment.microsecond) * 1_000)
