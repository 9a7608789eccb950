"""Every setting there is, with its unit, default and reason in the docstring under it.

Frozen, and made by `reading.py` (or directly, in a test). Nothing here reads anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import model_validator as validates_whole

from resistor.config.values import (
    AmqpUrl,
    Bind,
    Count,
    HttpUrl,
    Keys,
    Paths,
    RedisUrl,
    Seconds,
    Users,
    lower,
    unless_set,
)

MOST_PARTITIONS = 64  # of results, and of processes: more than one machine has cores
MIN_HTTP_TOKEN_CHARACTERS = 16  # as of a token key's secret: what is shorter can be guessed


@dataclass(frozen=True, slots=True)
class Named:
    """What a setting is called outside: its variable, and its flag where it has one.

    The value of a secret can also be in a file, which `<variable>_FILE` names.
    """

    variable: str
    flag: str | None = None
    is_secret: bool = False


class Section(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Broker(Section):
    """RabbitMQ."""

    url: Annotated[AmqpUrl, Named("RESISTOR_AMQP_URL", "--amqp-url", is_secret=True)] = (
        "amqp://guest:guest@localhost:5672/"
    )
    """Where RabbitMQ is, with user, password and virtual host; amqps:// verifies the server's certificate.
    RabbitMQ's own default: it takes guest from this machine only."""
    prefix: Annotated[
        str,
        Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$"),
        Named("RESISTOR_PREFIX", "--prefix"),
    ] = "resistor"
    """What the name of every exchange, queue and Redis key begins with: two installations on the same
    servers differ in it."""
    prefetch: Annotated[Count, Field(le=65535), Named("RESISTOR_PREFETCH")] = 600
    """Messages of one queue that a daemon holds unacknowledged: three batches, which is how many of results
    are under way at once. From 200 to 600 the servers spend a tenth less on each, beyond it nothing;
    and as many are delivered again when a daemon dies."""
    module_delivery_limit: Annotated[Count, Field(le=1_000_000), Named("RESISTOR_MODULE_DELIVERY_LIMIT")] = 20
    """Deliveries of an action that may end without an answer before its step fails as poison: a module that
    dies counts one for everything it has in hand, so not 3. PART OF EACH MODULE'S QUEUE: the same for daemons
    and modules, and a queue that is there with another one must be deleted first."""
    result_partitions: Annotated[Count, Field(le=MOST_PARTITIONS), Named("RESISTOR_RESULT_PARTITIONS")] = 1
    """Queues that results are spread over, by their run. With several processes as many keep a run with the
    process that knows it (`serve --processes` has at least one for each). Every daemon consumes those that
    are there, so it may be raised and lowered, a daemon at a time."""
    management_url: Annotated[
        HttpUrl | None, Field(repr=False), Named("RESISTOR_MANAGEMENT_URL", is_secret=True)
    ] = None
    """RabbitMQ's management API, as http://USER:PASSWORD@HOST:15672, for the rates in `resistor queue list`.
    Nothing else needs it."""
    client: Annotated[Literal["native", "aiormq"], BeforeValidator(lower), Named("RESISTOR_AMQP_CLIENT")] = (
        "native"
    )
    """Who speaks AMQP for what is done with every message. native: our own client, several times faster.
    aiormq: aio-pika's, should ours ever disagree with a broker. Everything else is aio-pika's in any case."""
    heartbeat_seconds: Annotated[Seconds, Named("RESISTOR_HEARTBEAT_SECONDS")] = 10.0
    """Seconds between heartbeats: a broker that is silent for about three of them is given up."""
    module_users: Annotated[Users, Named("RESISTOR_MODULE_USERS")] = {}
    """Which user of the broker answers for a module, as MODULE:USER,MODULE:USER. A result for such a module
    must bear that user's id, which the broker checks; for the others a good token is enough. `module run`
    puts it into what its modules answer."""
    journal: Annotated[
        Literal["auto", "off", "stream"], BeforeValidator(lower), Named("RESISTOR_JOURNAL")
    ] = "auto"
    """stream: RabbitMQ (3.9 and later) keeps a copy of every event for a week, so that runs which Redis has
    lost altogether begin again. auto: where the broker has streams; it slows publishers by less than their
    measurements differ."""


class Store(Section):
    """Redis."""

    url: Annotated[RedisUrl, Named("RESISTOR_REDIS_URL", "--redis-url", is_secret=True)] = (
        "redis://localhost:6379/0"
    )
    """Where Redis is, with user, password and database; rediss:// verifies the server's certificate."""
    timeout_seconds: Annotated[Seconds, Named("RESISTOR_REDIS_TIMEOUT_SECONDS")] = 2.0
    """Seconds that a reply may take: a hundred times what a batch needs, and short enough to notice."""
    partitions: Annotated[Count, Field(le=1024), Named("RESISTOR_PARTITIONS")] = 16
    """How many partitions the runs are hashed into. FIXED FOR THE LIFE OF THE DATA, and the same for every
    daemon: with another number, runs that are there are not found any more. 16 spread well over a Redis
    Cluster of a few nodes and cost nothing on one."""
    replicas: Annotated[int, Field(ge=0, le=16), Named("RESISTOR_REDIS_REPLICAS")] = 0
    """How many replicas must have a write before anything that follows from it leaves for the broker (WAIT).
    0: none is waited for, and a failover may lose the last second. With fewer at hand the daemon waits."""
    fsync: Annotated[Literal["off", "wait"], BeforeValidator(lower), Named("RESISTOR_REDIS_FSYNC")] = "off"
    """wait: nothing leaves before the write is on Redis' own disk (WAITAOF: Redis 7.2 or Valkey, with
    `appendonly yes`). Without `appendfsync always` that takes up to two seconds a batch."""


class Tokens(Section):
    """Continue tokens."""

    keys: Annotated[Keys, Named("RESISTOR_TOKEN_KEYS", is_secret=True)] = ()
    """The keys that sign them, as KEYID:SECRET,KEYID:SECRET: the first signs, all verify, so that keys
    rotate without a stop. None: one is generated and kept in Redis, so whoever reads Redis can sign."""
    ttl_seconds: Annotated[Seconds, Named("RESISTOR_TOKEN_TTL_SECONDS")] = 30 * 86400.0
    """Seconds that a step's token is good for: the longest that a module may take, with a margin."""


class Definitions(Section):
    """Workflow definitions."""

    paths: Annotated[Paths, Named("RESISTOR_DEFINITIONS", "--definitions")] = (Path("definitions"),)
    """Files and directories of definitions, separated by ':'; the directory of that name in the working
    directory by default."""


class Http(Section):
    """Probes, metrics, the API and the web page."""

    bind: Annotated[Bind, Named("RESISTOR_HTTP", "--http")] = "127.0.0.1:8080"
    """HOST:PORT to listen on, or off. Loopback by default: what others can reach is a choice, and needs
    a token."""
    token: Annotated[
        str | None,
        Field(repr=False, min_length=MIN_HTTP_TOKEN_CHARACTERS),
        Named("RESISTOR_HTTP_TOKEN", is_secret=True),
    ] = None
    """What callers show as `Authorization: Bearer …`, for everything but the probes. Required where the
    bind is not loopback."""

    @property
    def address(self) -> tuple[str, int] | None:
        """The host and the port to listen on, or None where it is off."""
        host, _, port = self.bind.rpartition(":")
        return None if self.bind == "off" else (host.strip("[]"), int(port))

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        host = self.address[0] if self.address else "localhost"
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

    @validates_whole(mode="after")
    def _needs_a_token(self) -> Http:
        if not self.is_loopback and self.token is None:
            raise ValueError(
                f"{self.bind} can be reached from other machines, so RESISTOR_HTTP_TOKEN (or"
                " RESISTOR_HTTP_TOKEN_FILE) must be set"
            )
        return self


class Limits(Section):
    """How large things may get."""

    payload_bytes: Annotated[int, Field(ge=1024, le=16 << 20), Named("RESISTOR_PAYLOAD_BYTES")] = 256 * 1024
    """Bytes of one event, input or output, as of AWS Step Functions: state is kept in memory, and RabbitMQ
    from 4.0 on takes no more than 16 MiB."""
    items: Annotated[int, Field(ge=1, le=1_000_000), Named("RESISTOR_ITEMS")] = 100_000
    """Items that one `for` may go through: each is a few records in Redis."""
    steps: Annotated[int, Field(ge=1, le=10_000_000), Named("RESISTOR_STEPS")] = 100_000
    """Steps that one run may begin, all rounds and items counted: what ends a loop that nobody meant."""


class Daemon(Section):
    """`resistor serve`."""

    processes: Annotated[Count, Field(le=MOST_PARTITIONS), Named("RESISTOR_PROCESSES", "--processes")] = 1
    """How many processes serve: one has a core at most. Each is a daemon of its own, the k-th with its HTTP
    port k higher."""
    process: Annotated[int | None, Named("RESISTOR_PROCESS")] = None
    """Which of them this is, from 0: `serve --processes` tells each."""

    batch: Annotated[Count, Named("RESISTOR_BATCH")] = 200
    """Messages that are decided and committed together, at most: a third of the prefetch, so that one batch
    is decided on while another waits for Redis and a third for the broker."""
    sweep_interval_seconds: Annotated[Seconds, Named("RESISTOR_SWEEP_INTERVAL_SECONDS")] = 0.2
    """Seconds between two looks at what is due: how late a timer may fire. One look is one round trip."""
    lease_seconds: Annotated[Seconds, Named("RESISTOR_LEASE_SECONDS")] = 30.0
    """Seconds that a due run is left to the daemon that claimed it, before another one may."""
    outbox_grace_seconds: Annotated[Seconds, Named("RESISTOR_OUTBOX_GRACE_SECONDS")] = 10.0
    """Seconds after which an action that the broker has not confirmed is published again."""
    idle_check_seconds: Annotated[Seconds, Named("RESISTOR_IDLE_CHECK_SECONDS")] = 3600.0
    """Seconds after which a run that only a message can move is looked at all the same."""
    drain_seconds: Annotated[Seconds, Named("RESISTOR_DRAIN_SECONDS", "--drain")] = 25.0
    """Seconds that a stop waits for what is in hand. Below the 30 that Kubernetes waits before it kills."""
    crash: Annotated[str | None, Named("RESISTOR_CRASH")] = None
    """POINT:PASSES, where the daemon dies at once, as by kill -9: for tests of what a crash leaves."""


class Log(Section):
    """Log lines, on standard error."""

    format: Annotated[
        Literal["auto", "text", "json"], BeforeValidator(lower), Named("RESISTOR_LOG_FORMAT", "--log-format")
    ] = "auto"
    """text for people, json for machines, auto: text on a terminal and json elsewhere."""
    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        BeforeValidator(lower),
        Named("RESISTOR_LOG_LEVEL", "--log-level"),
    ] = "info"
    """The least that is logged. info has a line for every fact, 8 a run of 3 steps; warning has
    what wants a person."""
    is_coloured: Annotated[bool, BeforeValidator(unless_set), Named("NO_COLOR")] = True
    """Whether text on a terminal has colours: not where NO_COLOR is set (https://no-color.org)."""


class Traces(Section):
    """OpenTelemetry traces. The SDK reads its other OTEL_* variables itself."""

    exporter: Annotated[
        Literal["none", "otlp", "console"], BeforeValidator(lower), Named("OTEL_TRACES_EXPORTER")
    ] = "none"
    """Where spans go. otlp as well as soon as OTEL_EXPORTER_OTLP_ENDPOINT or
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set; none where OTEL_SDK_DISABLED is true."""
    protocol: Annotated[str, Named("OTEL_EXPORTER_OTLP_PROTOCOL")] = "http/protobuf"
    """How otlp speaks; OTEL_EXPORTER_OTLP_TRACES_PROTOCOL goes before it. Only http/protobuf is there."""
    service_name: Annotated[str, Named("OTEL_SERVICE_NAME")] = "resistor"
    """What the traces call this service."""


class Settings(Section):
    """All of them. `sources` says where each one that is not a default came from: setting → name."""

    broker: Broker = Broker()
    store: Store = Store()
    tokens: Tokens = Tokens()
    definitions: Definitions = Definitions()
    http: Http = Http()
    limits: Limits = Limits()
    daemon: Daemon = Daemon()
    log: Log = Log()
    traces: Traces = Traces()
    sources: Mapping[str, str] = {}

    @property
    def result_partitions(self) -> int:
        """How many queues results are spread over: each process has one of its own at least."""
        return max(self.broker.result_partitions, self.daemon.processes)
