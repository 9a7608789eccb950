"""What `cel_expr_python` computes for us: regular expressions, which must be RE2's, and clocks of time zones.

Only text and integers go in, and only text, integers and booleans come out: that library's conversions lose
nulls' reference counts, cut text at a NUL and crash on optionals (see `planning/__init__.py`).
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import INT, LENGTH, MOMENT, TEXT, Function, either
from resistor.engine.expressions.library.patterns import cost
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.moments import SECOND
from resistor.engine.expressions.values import NOTHING, Duration, Maybe

_REASON = re.compile(r'"?[A-Z_]+: (.*?)"?')
_CALL_COST = 60
"""Units of the budget for one call: it takes some 10 µs."""


def _matches(ev: Evaluation, text: str, pattern: str) -> bool:
    _spend(ev, text, pattern)
    return bool(_run("matches", "a.matches(b)", a=text, b=pattern))


def _extract(ev: Evaluation, text: str, pattern: str) -> Maybe:
    _spend(ev, text, pattern)
    found = _run(
        "regex.extract",
        "regex.extract(a, b).hasValue() ? [regex.extract(a, b).value()] : []",
        a=text,
        b=pattern,
    )
    return Maybe(found[0], is_there=True) if found else NOTHING


def _extract_all(ev: Evaluation, text: str, pattern: str) -> list[str]:
    _spend_square(ev, text, pattern)
    return list(_run("regex.extractAll", "regex.extractAll(a, b)", a=text, b=pattern))


def _replace(ev: Evaluation, text: str, pattern: str, new: str, most: int = -1) -> str:
    _spend_square(ev, text, pattern)
    # No more than one replacement before each character and one at the end.
    ev.spend_text(len(text) + (len(text) + 1) * len(new))
    return str(_run("regex.replace", "regex.replace(a, b, c, n)", a=text, b=pattern, c=new, n=most))


def _spend(ev: Evaluation, text: str, pattern: str) -> None:
    ev.spend(_CALL_COST + len(text) // 4 + cost(pattern))


def _spend_square(ev: Evaluation, text: str, pattern: str) -> None:
    """After each match the rest is searched again: 10,000 characters take 50 ms at worst, 100,000 5 s."""
    ev.spend(_CALL_COST + len(text) * len(text) // 400 + cost(pattern))


def _getter(name: str) -> Function:
    def run(ev: Evaluation, moment: Any, zone: str = "UTC") -> int:
        ev.spend(_CALL_COST)
        if moment.__class__ is Duration:
            return _of_duration(name, moment)
        if name == "getMilliseconds":
            return int(moment.nanos % SECOND) // 1_000_000
        return int(_run(name, f"timestamp(n).{name}(a)", n=moment.nanos // SECOND, a=zone))

    return Function((either(MOMENT, LENGTH), TEXT), run)


_OF_DURATION = {"getHours": 3600 * SECOND, "getMinutes": 60 * SECOND, "getSeconds": SECOND}


def _of_duration(name: str, length: Duration) -> int:
    """Whole hours, minutes or seconds of all of it; the milliseconds are those of the last second."""
    nanos = abs(length.nanos)
    if name == "getMilliseconds":
        found = nanos % SECOND // 1_000_000
    elif name in _OF_DURATION:
        found = nanos // _OF_DURATION[name]
    else:
        raise Fault(f"`{name}` does not take a duration")
    return -found if length.nanos < 0 else found


def _run(name: str, program: str, **given: Any) -> Any:
    if any(value.__class__ is str and "\0" in value for value in given.values()):
        raise Fault(f"{name}: the text has a NUL character in it")
    try:
        result = _program(program).eval(data=given)
    except (RuntimeError, UnicodeError) as error:
        raise Fault(f"{name}: {error}") from None
    if result.type().name() == "ERROR":
        reason = _REASON.fullmatch(repr(result))
        raise Fault(f"{name}: {reason[1] if reason else repr(result)}")
    return result.plain_value()


@cache
def _program(text: str) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - as in `checking.py`

    config = cel.NewEnvConfigFromYaml("extensions:\n- name: optional\n- name: regex\n")
    kinds = {"a": cel.Type.STRING, "b": cel.Type.STRING, "c": cel.Type.STRING, "n": cel.Type.INT}
    return cel.NewEnv(config=config, variables=kinds).compile(text)


_GETTERS = (
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
)

FUNCTIONS = {
    "matches": Function((TEXT, TEXT), _matches),
    "regex.extract": Function((TEXT, TEXT), _extract),
    "regex.extractAll": Function((TEXT, TEXT), _extract_all),
    "regex.replace": Function((TEXT, TEXT, TEXT, INT), _replace),
} | {name: _getter(name) for name in _GETTERS}
