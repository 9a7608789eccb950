"""Functions on text: CEL's own, its `strings` and `encoders` libraries, and `sha256`.

A position counts characters (code points), as everywhere in CEL.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.formatting import format_text
from resistor.engine.expressions.library.function import BYTES, INT, LIST, TEXT, Function, Kinds
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.values import do_not_go

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_UPPER = {lower: upper for upper, lower in _LOWER.items()}
_QUOTED = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_QUOTES = str.maketrans(_QUOTED | {"\\": "\\\\", '"': '\\"'})


def _char_at(_: Evaluation, text: str, at: int) -> str:
    if not 0 <= at <= len(text):
        raise _outside(at, len(text))
    return text[at : at + 1]


def _index_of(ev: Evaluation, text: str, sought: str, start: int = 0) -> int:
    ev.spend_text(len(text))
    if not 0 <= start <= len(text):
        raise _outside(start, len(text))
    return text.find(sought, start)


def _last_index_of(ev: Evaluation, text: str, sought: str, start: int | None = None) -> int:
    ev.spend_text(len(text))
    if start is None:
        return text.rfind(sought)
    if not 0 <= start <= len(text):
        raise _outside(start, len(text))
    return text.rfind(sought, 0, start + len(sought))


def _substring(ev: Evaluation, text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    ev.spend_text(max(end - start, 0))
    if not 0 <= start <= end <= len(text):
        raise _outside(start if not 0 <= start <= len(text) else end, len(text))
    return text[start:end]


def _outside(at: int, length: int) -> Fault:
    return Fault(f"position {at} is outside a text of {length} characters")


def _replace(ev: Evaluation, text: str, old: str, new: str, most: int = -1) -> str:
    ev.spend_text(len(text))
    found = text.count(old)
    ev.spend_text(len(text) + (found if most < 0 else min(found, most)) * max(len(new) - len(old), 0))
    return text.replace(old, new, max(most, -1))


def _split(ev: Evaluation, text: str, separator: str, most: int = -1) -> list[str]:
    ev.spend_text(len(text))
    if most == 0:
        return []
    if most == 1:
        return [text]
    ev.spend((text.count(separator) if separator else len(text)) + 1)
    if separator or not text:
        return [text] if not text else text.split(separator, most - 1 if most > 0 else -1)
    if most < 0 or most >= len(text):
        return list(text)
    return [*text[: most - 1], text[most - 1 :]]


def _join(ev: Evaluation, parts: list[Any], separator: str = "") -> str:
    ev.spend(len(parts))
    length = len(separator) * max(len(parts) - 1, 0)
    for part in parts:
        if part.__class__ is not str:
            raise do_not_go("join", part)
        length += len(part)
    ev.spend_text(length)
    return separator.join(parts)


def _quote(ev: Evaluation, text: str) -> str:
    ev.spend_text(2 * len(text))
    return f'"{text.translate(_QUOTES)}"'


def _lower(ev: Evaluation, text: str) -> str:
    ev.spend_text(len(text))
    return text.translate(_LOWER)


def _upper(ev: Evaluation, text: str) -> str:
    ev.spend_text(len(text))
    return text.translate(_UPPER)


def _trim(ev: Evaluation, text: str) -> str:
    ev.spend_text(len(text))
    return text.strip()


def _contains(ev: Evaluation, text: str, sought: str) -> bool:
    ev.spend_text(len(text))
    return sought in text


def _starts_with(ev: Evaluation, text: str, sought: str) -> bool:
    ev.spend_text(len(sought))
    return text.startswith(sought)


def _ends_with(ev: Evaluation, text: str, sought: str) -> bool:
    ev.spend_text(len(sought))
    return text.endswith(sought)


def _sha256(ev: Evaluation, text: str) -> str:
    ev.spend_text(len(text))
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(ev: Evaluation, data: bytes) -> str:
    ev.spend_text(len(data))
    return b64encode(data).decode()


def _decode(ev: Evaluation, text: str) -> bytes:
    ev.spend_text(len(text))
    try:
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        raise Fault("base64.decode: the text is not base64") from None


_TEXTS: tuple[Kinds, ...] = (TEXT, TEXT)

FUNCTIONS = {
    "charAt": Function((TEXT, INT), _char_at),
    "indexOf": Function((TEXT, TEXT, INT), _index_of),
    "lastIndexOf": Function((TEXT, TEXT, INT), _last_index_of),
    "substring": Function((TEXT, INT, INT), _substring),
    "replace": Function((TEXT, TEXT, TEXT, INT), _replace),
    "split": Function((TEXT, TEXT, INT), _split),
    "join": Function((LIST, TEXT), _join),
    "format": Function((TEXT, LIST), format_text),
    "lowerAscii": Function((TEXT,), _lower),
    "upperAscii": Function((TEXT,), _upper),
    "trim": Function((TEXT,), _trim),
    "strings.quote": Function((TEXT,), _quote),
    "contains": Function(_TEXTS, _contains),
    "startsWith": Function(_TEXTS, _starts_with),
    "endsWith": Function(_TEXTS, _ends_with),
    "sha256": Function((TEXT,), _sha256),
    "base64.encode": Function((BYTES,), _encode),
    "base64.decode": Function((TEXT,), _decode),
}
