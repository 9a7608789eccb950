"""What a regular expression costs to compile, told from its text.

Called by `borrowed.py`, which compiles a pattern at every call: RE2 never backtracks, but a counted
repetition is written out, and the largest program that it accepts takes 60 ms.
"""

from __future__ import annotations

import re

from resistor.engine.expressions.mistakes import Fault

MAX_PATTERN = 1_000
"""Characters of a pattern."""

_CLASS_WEIGHT = 150
"""What a Unicode class stands for: `\\pL` is some hundreds of ranges of bytes."""

_MOST = 100_000
_TOKEN = re.compile(r"\\[pP](?:\{[^}]*\}|.)|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*),?(\d*)\}|.", re.DOTALL)


def cost(pattern: str) -> int:
    """Return what compiling the pattern takes, in units of the budget. Raises `Fault` if it is too long."""
    if len(pattern) > MAX_PATTERN:
        raise Fault(f"a pattern has at most {MAX_PATTERN} characters")
    groups, last = [0], 0
    for match in _TOKEN.finditer(pattern):
        piece = match[0]
        if piece == "(":
            groups.append(0)
            last = 0
        elif piece == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif match[1] is not None:
            times = max(int(match[1][:4] or 0), int(match[2][:4] or 0), 1)
            groups[-1] += last * (times - 1)
            last *= times
        else:
            last = _CLASS_WEIGHT if piece[:2] in (r"\p", r"\P") else 10 if piece[0] in "[." else 1
            groups[-1] += last
        groups[-1] = min(groups[-1], _MOST)
        last = min(last, _MOST)
    return 3 * min(sum(groups), _MOST)
