"""The one reader of JSON that came from outside, and the one writer of JSON that goes there.

Stricter than RFC 8259 where leniency would lose or change data: UTF-8 only and without a byte order
mark, no duplicate keys, no NaN or number too large for a double, no lone surrogates, 64 levels at most.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from resistor.errors import Reason, RejectedMessage

MAX_DEPTH = 64
"""Levels of nesting. Deeper is nothing that a person meant, and parsers differ in when they give up."""

_decode = msgspec.json.Decoder().decode
_KEY = re.compile(rb'"\s*:')

encode = msgspec.json.Encoder().encode
"""Write a value as compact JSON bytes."""


def decode_trusted(body: bytes) -> Any:
    """Read JSON that `decode_strict` has let in before."""
    return _decode(body)


def decode_strict(body: bytes, *, limit: int) -> Any:
    """Read `body`, of at most `limit` bytes. Raises `RejectedMessage` (`too_large`, `malformed`)."""
    refuse_too_large(body, limit)
    if not body:
        raise RejectedMessage(Reason.MALFORMED, "the body is empty")
    try:
        value = _decode(body)
    except RecursionError:
        raise RejectedMessage(Reason.MALFORMED, f"nested deeper than {MAX_DEPTH} levels") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
        raise RejectedMessage(Reason.MALFORMED, f"not JSON: {error}") from None
    keys = _count_keys(value, 0)
    # A key is text before a colon. Text that holds such a pair makes the count differ too, and then a
    # slower reader looks for real duplicates.
    if len(_KEY.findall(body)) != keys:
        _refuse_duplicate_keys(body)
    return value


def refuse_too_large(body: bytes, limit: int) -> None:
    """Raise `RejectedMessage` (`too_large`) for a body of more than `limit` bytes."""
    if len(body) > limit:
        raise RejectedMessage(Reason.TOO_LARGE, f"the body has {len(body)} bytes, {limit} at most")


def decode_object(body: bytes, *, limit: int) -> dict[str, Any]:
    """Read `body` as `decode_strict` does, and refuse everything but an object."""
    value = decode_strict(body, limit=limit)
    if not isinstance(value, dict):
        raise RejectedMessage(Reason.MALFORMED, f"a JSON object is expected, not {kind_of(value)}")
    return value


def _count_keys(value: Any, depth: int) -> int:
    if isinstance(value, dict):
        inner: Any = value.values()
        count = len(value)
    elif isinstance(value, list):
        inner = value
        count = 0
    else:
        return 0
    if depth >= MAX_DEPTH:
        raise RejectedMessage(Reason.MALFORMED, f"nested deeper than {MAX_DEPTH} levels")
    for each in inner:
        if each.__class__ is dict or each.__class__ is list:
            count += _count_keys(each, depth + 1)
    return count


def _refuse_duplicate_keys(body: bytes) -> None:
    def pairs(items: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _ in items:
            if key in seen:
                raise RejectedMessage(Reason.MALFORMED, f"the key {key!r} stands twice in one object")
            seen.add(key)

    json.loads(body, object_pairs_hook=pairs)


def kind_of(value: Any) -> str:
    """Say what a JSON value is, with its article."""
    if value is None:
        return "null"
    kinds = {bool: "a boolean", str: "text", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number")
