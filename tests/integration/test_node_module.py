"""The `mail` module in Node, by the contract alone, on both brokers.

Needs `node` and `npm`: without them these tests are skipped on a laptop and fail in CI. The client library is
installed once, from its lock file, into pytest's cache.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from resistor.bus import AmqpBus, Names, topology
from resistor.bus.consuming import QueueLane
from resistor.messages import Action, Envelope, action_to_envelope
from resistor.ports import Delivery, Outcome, Publish
from tests.conftest import AmqpBroker

NODE_MODULE = Path(__file__).parents[2] / "workers" / "node"
PATIENCE_S = 30.0
NAMES = Names()
LETTER = {"to": "a@example.com", "template": "hello", "data": {}}

Start = Callable[[], AbstractAsyncContextManager[asyncio.subprocess.Process]]


@pytest.fixture(scope="session")
def mail_js(request: pytest.FixtureRequest) -> Path:
    """The module, with its library installed beside a copy of it."""
    if not shutil.which("node") or not shutil.which("npm"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("node and npm are not installed")
    cache = request.config.cache
    assert cache is not None
    place = cache.mkdir("node-mail")
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # pytest's workers share the cache
        for name in ("package.json", "package-lock.json", "mail.js"):
            shutil.copy(NODE_MODULE / name, place / name)
        stamp = place / "node_modules" / ".package-lock.json"
        if not stamp.exists() or stamp.stat().st_mtime < (NODE_MODULE / "package-lock.json").stat().st_mtime:
            install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            done = subprocess.run(install, cwd=place, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return place / "mail.js"


@pytest.fixture
async def bus(amqp_broker: AmqpBroker) -> AsyncIterator[AmqpBus]:
    """The daemon's side, with a queue for `mail`."""
    async with AmqpBus(amqp_broker.amqp_url, NAMES, client_name="daemon") as bus:
        await bus.declare(topology(NAMES, ["mail"]))
        yield bus


@pytest.fixture
def start(mail_js: Path, amqp_broker: AmqpBroker) -> Start:
    """Starts the module, waits until it takes actions, and kills it at the end."""

    @asynccontextmanager
    async def run() -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            "node",
            str(mail_js),
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "RESISTOR_AMQP_URL": amqp_broker.amqp_url},
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                said = await process.stderr.readline()
            assert said == b"mail: taking actions\n", said + await process.stderr.read()
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return run


def action(data: Any, name: str = "send", **more: Any) -> Envelope:
    """Give an action as the daemon publishes it."""
    fields: dict[str, Any] = {
        "module": "mail",
        "action": name,
        "input": msgspec.json.encode(data),
        "metadata": b"{}",
        "run": "the-run",
        "namespace": "shop",
        "workflow": "order.placed",
        "version": 1,
        "step": "tell",
        "attempt": 1,
        "idempotency_key": "the-key",
        "token": "r1.k.payload.mac",
        "reply_to": NAMES.reply_to(),
    }
    return action_to_envelope(Action(**(fields | more)), message_id=uuid4().hex, now=1_780_000_000.0)


async def send(bus: AmqpBus, envelope: Envelope) -> None:
    """Publish to the module's queue."""
    message = Publish(exchange=NAMES.actions, routing_key="mail", envelope=envelope)
    assert await bus.publish([message]) == [Outcome.CONFIRMED]


async def one(lane: QueueLane) -> tuple[Delivery, Any]:
    """Take one message, acknowledge it, and give its body too."""
    async with asyncio.timeout(PATIENCE_S):
        (delivery,) = await lane.take(1)
    await lane.ack([delivery])
    return delivery, msgspec.json.decode(delivery.envelope.body)


async def test_a_module_in_node_answers_and_echoes_what_it_must(bus: AmqpBus, start: Start) -> None:
    results = bus.lane(NAMES.results_queue(), prefetch=10)
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with start():
        await send(bus, action(LETTER, traceparent=trace))
        delivery, body = await one(results)
        assert body == {"status": "completed", "output": {"message_id": "m-the-key"}}
        assert delivery.routing_key == NAMES.reply_to()
        assert delivery.envelope.correlation_id == "the-run"
        assert delivery.envelope.headers["resistor-token"] == "r1.k.payload.mac"
        assert delivery.envelope.headers["traceparent"] == trace
        assert delivery.envelope.content_type == "application/json"

        await send(bus, action({"to": 5}))
        error = (await one(results))[1]["error"]
        assert error == {"type": "validation", "message": "to: text is required", "retryable": False}
        await send(bus, action(LETTER, "toString"))
        assert (await one(results))[1]["error"]["type"] == "unknown_action"


async def test_a_module_in_node_dead_letters_what_is_no_action(bus: AmqpBus, start: Start) -> None:
    dead = bus.lane(NAMES.dead_queue, prefetch=10)
    async with start():
        for body in (b"not json", b"null", b"{}"):
            await send(bus, Envelope(body=body, headers={"resistor-token": "t"}, reply_to="0"))
            async with asyncio.timeout(PATIENCE_S):
                (letter,) = await dead.take(1)
            assert letter.envelope.body == body


async def test_what_a_killed_module_in_node_left_is_delivered_again(bus: AmqpBus, start: Start) -> None:
    """Its result cannot be routed at first, so it cannot acknowledge; the next one can."""
    async with start() as process:
        await send(bus, action(LETTER, reply_to="7"))
        await until_taken(bus)
        process.kill()
        await process.wait()
    await bus.declare(topology(NAMES, ["mail"], partitions=8))
    results = bus.lane(NAMES.results_queue(7), prefetch=10)
    async with start():
        delivery, body = await one(results)
    assert body["output"] == {"message_id": "m-the-key"}
    assert delivery.envelope.headers["resistor-token"] == "r1.k.payload.mac"


async def until_taken(bus: AmqpBus) -> None:
    """Wait until the module has the action in hand."""
    async with asyncio.timeout(PATIENCE_S):
        info = await bus.inspect(NAMES.module_queue("mail"))
        while info is None or info.messages:
            info = await bus.inspect(NAMES.module_queue("mail"))


async def test_a_module_in_node_ends_in_order_when_it_is_told_to(bus: AmqpBus, start: Start) -> None:
    results = bus.lane(NAMES.results_queue(), prefetch=10)
    async with start() as process:
        await send(bus, action(LETTER))
        await one(results)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0
    info = await bus.inspect(NAMES.module_queue("mail"))
    assert info is not None
    assert (info.messages, info.consumers) == (0, 0)
