"""`now()`, `uuid()`, `random()`: from the scope's moment and seed, so that a replay gives the same.

Nothing is drawn and no clock is read: what differs between two calls is the expression's text and how many
calls came before.
"""

from __future__ import annotations

import hashlib

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import Function
from resistor.engine.expressions.moments import timestamp
from resistor.engine.expressions.values import Timestamp

_DRAW_COST = 40  # a hash and what is made of it take some 6 µs


def _now(ev: Evaluation) -> Timestamp:
    # A float holds microseconds of this century and no more.
    return timestamp(round(ev.scope.now * 1_000_000) * 1_000)


def _uuid(ev: Evaluation) -> str:
    """Version 8 of RFC 9562: made by a rule of one's own."""
    number = int.from_bytes(_drawn(ev, "uuid")[:16]) & ~(0xF << 76) & ~(0x3 << 62) | 0x8 << 76 | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _random(ev: Evaluation) -> float:
    """At least 0 and less than 1: 53 bits, as many as a double holds."""
    return (int.from_bytes(_drawn(ev, "random")[:8]) >> 11) / 2**53


def _drawn(ev: Evaluation, what: str) -> bytes:
    ev.spend(_DRAW_COST)
    ev.draws += 1
    parts = (what, ev.scope.seed, ev.text, str(ev.draws))
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()


FUNCTIONS = {"now": Function((), _now), "uuid": Function((), _uuid), "random": Function((), _random)}

IMPURE = frozenset(FUNCTIONS)
"""What makes an expression more than its text and its variables."""
