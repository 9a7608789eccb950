"""From the bytes of a checked expression to a tree: protobuf's wire format, as much of it as is needed.

`cel_expr_python` hands out no tree, only `google.protobuf.Any(cel.expr.CheckedExpr | ParsedExpr)`; the wheel
has no Python classes for these messages and Resistor does not depend on protobuf. The numbers of the fields
are those of proto/cel/expr/{checked,syntax}.proto in github.com/google/cel-spec; they can never change.
Called by `checking.py` alone.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

from resistor.engine.expressions.mistakes import BadExpression
from resistor.engine.expressions.tree import Call, Const, ListOf, Loop, MapOf, Name, Node, Select
from resistor.engine.expressions.values import UInt

MAX_NODES = 5_000
"""Nodes of one expression: some macros (`optMap`) write their target twice, and a chain of them explodes."""

_Fields = dict[int, list[Any]]


def decode(serialised: bytes) -> Node:
    """Return the tree of a serialised `Expression`. Raises `BadExpression` if it is too large."""
    packed = _fields(serialised)
    is_checked = packed[1][0].endswith(b".CheckedExpr")
    message = _fields(packed[2][0])
    root, source = (message[4][0], message[5][0]) if is_checked else (message[2][0], message[3][0])
    return _Decoder(_places(source)).node(root)


def _places(source: bytes) -> dict[int, int]:
    """Return where each node stands: its id → a position in characters."""
    places = {}
    for entry in _fields(source).get(4, ()):
        if len(entry) == 4 and entry[0] == 8 and entry[2] == 16:  # both numbers under 128: nearly all are
            places[entry[1]] = entry[3]
            continue
        pair = _fields(entry)
        places[_first(pair, 1, 0)] = _first(pair, 2, 0)
    return places


class _Decoder:
    """One tree under way."""

    __slots__ = ("_left", "_places")

    def __init__(self, places: dict[int, int]) -> None:
        self._places = places
        self._left = MAX_NODES

    def node(self, data: bytes) -> Node:
        self._left -= 1
        if self._left < 0:
            raise BadExpression(
                f"the expression is too large: more than {MAX_NODES} parts once it is expanded"
            )
        number, at, body = 0, 0, b""
        for field, value in _pairs(data):
            if field == 2:
                at = self._places.get(value, 0)
            else:
                number, body = field, value
        return self._made(number, at, body)

    def _made(self, number: int, at: int, body: bytes) -> Node:
        match number:
            case 3:
                return Const(at, _constant(body))
            case 4:
                return Name(at, _text(_fields(body), 1).removeprefix("."))
            case 5 | 6 | 7 | 8 | 9:
                make = (self._select, self._call, self._list, self._mapping, self._loop)[number - 5]
                return make(at, _fields(body))
        raise BadExpression("this is no expression", at)

    def _list(self, at: int, fields: _Fields) -> Node:
        optional = (place for packed in fields.get(2, ()) for place in _varints(packed))
        return ListOf(at, tuple(map(self.node, fields.get(1, ()))), frozenset(optional))

    def _select(self, at: int, fields: _Fields) -> Node:
        return Select(at, self.node(fields[1][0]), _text(fields, 2), bool(_first(fields, 3, 0)))

    def _call(self, at: int, fields: _Fields) -> Node:
        given = [*fields.get(1, ()), *fields.get(3, ())]
        return Call(at, _text(fields, 2), tuple(map(self.node, given)), 1 in fields)

    def _mapping(self, at: int, fields: _Fields) -> Node:
        if 1 in fields:
            raise BadExpression(f"`{_text(fields, 1)}` is a protobuf message; there are none here", at)
        entries = map(_fields, fields.get(2, ()))
        return MapOf(
            at,
            tuple(
                (self.node(each[3][0]), self.node(each[4][0]), bool(_first(each, 5, 0))) for each in entries
            ),
        )

    def _loop(self, at: int, fields: _Fields) -> Node:
        over, start, step, result = (self.node(fields[number][0]) for number in (2, 4, 6, 7))
        return Loop(at, _text(fields, 1), over, _text(fields, 3), start, step, result)


_CONSTANTS: dict[int, Callable[[Any], Any]] = {
    1: lambda _: None,
    2: bool,
    3: lambda value: value - 2**64 if value >= 2**63 else value,
    4: UInt,
    5: lambda value: struct.unpack("<d", value)[0],
    6: bytes.decode,
    7: bytes,
}


def _constant(data: bytes) -> Any:
    number, value = next(_pairs(data))
    return _CONSTANTS[number](value)


def _fields(data: bytes) -> _Fields:
    fields: _Fields = {}
    for number, value in _pairs(data):
        fields.setdefault(number, []).append(value)
    return fields


def _pairs(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield (field's number, integer or bytes): varints, counted bytes, and 8 bytes for a double."""
    at, end = 0, len(data)
    while at < end:
        key = data[at]  # a field's number is under 16 in all of these messages: one byte
        value = data[at + 1]
        at += 2
        kind = key & 7
        if kind == 1:
            at, value = at - 1, 8
        elif value >= 128:
            value, at = _varint(data, at - 1)
        if kind == 0:
            yield key >> 3, value
            continue
        yield key >> 3, data[at : at + value]
        at += value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at]
    at += 1
    if value < 128:
        return value, at
    value &= 127
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _varints(data: Any) -> list[int]:
    if isinstance(data, int):
        return [data]
    found, at = [], 0
    while at < len(data):
        value, at = _varint(data, at)
        found.append(value)
    return found


def _first(fields: _Fields, number: int, otherwise: Any) -> Any:
    return fields[number][0] if number in fields else otherwise


def _text(fields: _Fields, number: int) -> str:
    return str(_first(fields, number, b""), "utf-8")
