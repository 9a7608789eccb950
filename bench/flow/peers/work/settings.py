"""The environment variables by which a peer's processes learn where the servers are."""

from __future__ import annotations

AMQP_URL = "BENCH_AMQP_URL"
REDIS_URL = "BENCH_REDIS_URL"
KEEPS_RESULTS = "BENCH_KEEPS_RESULTS"  # set: results are kept in Redis
