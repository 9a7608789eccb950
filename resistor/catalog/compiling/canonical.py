"""Canonical JSON and the digest over it. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Write JSON with sorted keys, without spaces, in UTF-8: equal values are equal bytes."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def digest_of(source: bytes) -> str:
    """Return `sha256:` and the hex digest of a canonical definition."""
    return f"sha256:{hashlib.sha256(source).hexdigest()}"
