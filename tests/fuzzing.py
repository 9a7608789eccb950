"""What the fuzz tests share: how many examples, and hostile bytes.

`make test` takes a few hundred examples of each, in seconds. `RESISTOR_FUZZ=100000` takes that many, from a
new seed each time; a failure prints how to see it again.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

WANTED = int(os.environ.get("RESISTOR_FUZZ", "0"))

fuzzed = settings(
    max_examples=WANTED or 200,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)
"""For a test whose example costs less than a millisecond or two."""

fuzzed_slowly = settings(fuzzed, max_examples=max(WANTED // 20, 40))
"""For a test whose example opens a connection or the like."""

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["\0", "\ud800", "\u202e", "{}", "../..", "r1.k1.A.B", "1" * 5000, "completed", 10**400]
    )
)

JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)

HEADER_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.binary(max_size=20).map(bytearray)
    | st.just(datetime(1, 1, 1, tzinfo=UTC))
    | st.just(Decimal("1.5")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def as_bytes(value: Any) -> bytes:
    """A value as lenient JSON: NaN, lone surrogates and all."""
    return json.dumps(value).encode()


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """One of these, with a few bytes changed, taken out, put in, doubled or cut off."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["flip", "insert", "delete", "double", "cut"])):
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "insert":
                data[at:at] = draw(
                    st.binary(max_size=6) | st.sampled_from([b"{", b"[" * 80, b"null", b"\xff"])
                )
            case "delete":
                del data[at : at + draw(st.integers(1, 8))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 30))]
            case "cut":
                del data[at:]
            case _:
                pass
    return bytes(data)


def changed_fields(good: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """A good object as JSON, with some of its fields something else, or gone."""
    odd = st.dictionaries(st.sampled_from(sorted(good)), JSON, max_size=3)
    gone = st.sets(st.sampled_from(sorted(good)), max_size=2)
    return st.builds(
        lambda odd, gone: as_bytes({name: value for name, value in (good | odd).items() if name not in gone}),
        odd,
        gone,
    )
