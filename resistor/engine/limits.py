"""How large things may get. Settings fill it in; the engine only compares."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds that a decision is held to.

    `payload_bytes` is for one input, output or event: 256 KiB, as AWS Step Functions has it; far below
    what a broker takes (RabbitMQ from 4.0: 16 MiB), because state is kept in memory. `token_seconds` is how
    long a step's token is good for: a module cannot have its action back later than that.
    """

    payload_bytes: int = 256 * 1024
    token_seconds: float = 30 * 86400.0
