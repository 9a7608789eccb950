"""redis-py, imported without its telemetry.

Where the OpenTelemetry SDK is installed, redis-py imports all of its metrics for instruments of its own that
are off: 50 ms of the 400 that a command may take to answer. An import that fails is one that redis-py is
prepared for.
"""

from __future__ import annotations

import sys

_METRICS = "opentelemetry.sdk.metrics"

_hidden = _METRICS not in sys.modules
if _hidden:
    sys.modules[_METRICS] = None  # type: ignore[assignment]  # the import system's word for "not there"
try:
    from redis import exceptions
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
finally:
    if _hidden:
        del sys.modules[_METRICS]

__all__ = ["BlockingConnectionPool", "NoBackoff", "Redis", "Retry", "exceptions"]
