"""`"%s: %.2f".format([name, price])`: the clauses %s %d %f %e %b %o %x %X %%.

Called by `texts.py`. The clauses and their meaning are those of cel-go's `strings` library.
"""

from __future__ import annotations

import math
import re
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation, check_length
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.outcome import as_text
from resistor.engine.expressions.values import UInt, said

_CLAUSE = re.compile(r"%(?:\.([0-9]*))?(.)?", re.DOTALL)
_MOST_DIGITS = 100
_DIGITS = 6
_CLAUSE_COST = 160  # in characters: a clause takes some 2 µs


def format_text(ev: Evaluation, pattern: str, values: list[Any]) -> str:
    """Fill in the values. Raises `Fault`: too few of them, an unknown clause, a value that does not fit."""
    ev.spend_text(len(pattern))
    made, end, used, length = [], 0, 0, len(pattern)
    for match in _CLAUSE.finditer(pattern):
        made.append(pattern[end : match.start()])
        end = match.end()
        if match[2] == "%":
            made.append("%")
            continue
        if used >= len(values):
            raise Fault(f"format: the text asks for more than {len(values)} values")
        made.append(_clause(ev, match[2] or "", match[1], values[used]))
        used += 1
        ev.spend_text(len(made[-1]) + _CLAUSE_COST)
        length += len(made[-1])
        check_length(length)
    made.append(pattern[end:])
    return "".join(made)


def _clause(ev: Evaluation, letter: str, digits: str | None, value: Any) -> str:
    precision = _DIGITS if digits is None else int(digits[:4] or "0")
    if precision > _MOST_DIGITS:
        raise Fault(f"format: at most {_MOST_DIGITS} digits")
    match letter:
        case "s" if value.__class__ is bytes:
            return str(value, "utf-8", "replace")
        case "s":
            return as_text(ev, value)
        case "f" | "e" if value.__class__ in (int, UInt, float):
            return _double(letter, precision, float(value))
        case "b" if value.__class__ in (int, UInt, bool):
            return f"{int(value):b}"
        case "d" | "o" | "x" | "X" if value.__class__ in (int, UInt):
            return f"{int(value):{letter}}"
        case "x" | "X" if value.__class__ in (str, bytes):
            return _hexadecimal(letter, value)
        case "d" | "f" | "e" | "b" | "o" | "x" | "X":
            raise Fault(f"format: %{letter} does not take {said(value)}")
    raise Fault(f"format: there is no clause %{letter[:1]}")


def _hexadecimal(letter: str, value: Any) -> str:
    data = value if isinstance(value, bytes) else str(value).encode()
    return data.hex() if letter == "x" else data.hex().upper()


def _double(letter: str, precision: int, value: float) -> str:
    if math.isfinite(value):
        return f"{value:.{precision}{letter}}"
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
