"""How large things may get. Settings fill it in; the engine only compares."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The bounds that a decision is held to.

    `payload_bytes` is for one input, output or event: 256 KiB, as AWS Step Functions has it; far below
    what a broker takes (RabbitMQ from 4.0: 16 MiB), because state is kept in memory. `token_seconds` is how
    long a step's token is good for: a module cannot have its action back later than that. `items` is for
    one `for`, `steps` for all that one run begins, `depth` for runs that start runs. `burst` is how many
    items of a `for` one decision begins.
    """

    payload_bytes: int = 256 * 1024
    token_seconds: float = 30 * 86400.0
    items: int = 100_000
    steps: int = 100_000
    depth: int = 16
    burst: int = 1_000
