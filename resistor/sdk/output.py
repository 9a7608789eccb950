"""What an action returned → the JSON that the daemon takes.

Called by `performing.py` and by `Module.call`, so that a unit test refuses what production would.
"""

from __future__ import annotations

from typing import Any

import pydantic_core

from resistor.errors import RejectedMessage
from resistor.messages import json
from resistor.sdk.answers import Fail

MAX_OUTPUT_BYTES = 256 * 1024
"""The daemon's own limit where nobody has set another (RESISTOR_PAYLOAD_BYTES)."""

_AROUND = 64  # bytes: what stands around an output while it is checked


def to_output(value: Any) -> bytes:
    """Write an action's output. Raises `Fail` of type `payload_too_large` or `validation`."""
    written = to_json(value)
    if len(written) > MAX_OUTPUT_BYTES:
        raise Fail(
            "payload_too_large", f"the output has {len(written)} bytes as JSON, {MAX_OUTPUT_BYTES} at most"
        )
    return written


def to_json(value: Any) -> bytes:
    """Write anything that pydantic can: models, dataclasses, times, and what is JSON anyway.

    Raises `Fail` of type `validation` for anything else, and for what the daemon's strict reader would
    refuse: NaN and infinities, duplicate keys, too many levels.
    """
    try:
        written = pydantic_core.to_json(value)
        # Inside an object, because that is where it will be: the level counts.
        json.decode_strict(b'{"output":%b}' % written, limit=len(written) + _AROUND)
    except RejectedMessage as rejected:
        raise Fail("validation", f"the output cannot be sent: {rejected.detail}") from None
    except Exception as error:  # pydantic's own errors, and those of an author's serializers
        raise Fail("validation", f"the output cannot be written as JSON: {error}") from None
    return written
