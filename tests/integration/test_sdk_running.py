"""Modules of the SDK on both brokers: first the answer, then the acknowledgement; what crashes comes again.

The test is the daemon: it publishes actions and takes results.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from resistor.bus import AmqpBus, Names, topology
from resistor.bus.consuming import QueueLane
from resistor.errors import OperatorMistake
from resistor.messages import Action, Envelope, action_to_envelope
from resistor.ports import Delivery, Outcome, Publish
from resistor.sdk import Context, Later, Module
from resistor.sdk.runner import run_modules
from tests.conftest import AmqpBroker

PATIENCE_S = 20.0
NAMES = Names()


class DaemonSide:
    """What the daemon does with modules: it sends actions and takes results."""

    def __init__(self, bus: AmqpBus, results: QueueLane) -> None:
        """Work on `bus`."""
        self.bus = bus
        self._results = results

    async def send(self, module: str, action: str, data: Any, number: int = 1, **more: Any) -> None:
        """Publish an action whose token and run carry `number`."""
        fields: dict[str, Any] = {
            "module": module,
            "action": action,
            "input": msgspec.json.encode(data),
            "metadata": b'{"color": "red"}',
            "run": f"run-{number}",
            "namespace": "shop",
            "workflow": "order.placed",
            "version": 1,
            "step": action,
            "attempt": 1,
            "idempotency_key": f"key-{number}",
            "token": f"token-{number}",
            "reply_to": NAMES.reply_to(),
        }
        envelope = action_to_envelope(Action(**(fields | more)), message_id=uuid4().hex, now=1_780_000_000.0)
        await self.publish(module, envelope)

    async def publish(self, module: str, envelope: Envelope) -> None:
        """Publish whatever to a module's queue."""
        message = Publish(exchange=NAMES.actions, routing_key=module, envelope=envelope)
        assert await self.bus.publish([message]) == [Outcome.CONFIRMED]

    async def results(self, count: int) -> list[Delivery]:
        """Take so many results, and acknowledge them."""
        taken: list[Delivery] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(taken) < count:
                taken += await self._results.take(count - len(taken))
        await self._results.ack(taken)
        return taken

    async def result(self) -> tuple[Delivery, dict[str, Any]]:
        """Take one result: the delivery, and its body."""
        (delivery,) = await self.results(1)
        return delivery, msgspec.json.decode(delivery.envelope.body)

    async def left(self, module: str) -> int:
        """Count the actions that wait for a consumer."""
        info = await self.bus.inspect(NAMES.module_queue(module))
        assert info is not None
        return info.messages

    async def has_back(self, module: str, count: int) -> None:
        """Wait until so many actions wait for a consumer.

        What a consumer that is gone had in hand is back when a quorum queue has heard of its end: a moment
        after it has confirmed that.
        """
        async with asyncio.timeout(PATIENCE_S):
            while await self.left(module) != count:
                pass


@pytest.fixture
async def daemon(amqp_broker: AmqpBroker) -> AsyncIterator[DaemonSide]:
    """The daemon's side, on each broker, with queues for the module `work`."""
    async with AmqpBus(amqp_broker.amqp_url, NAMES, client_name="daemon") as bus:
        await bus.declare(topology(NAMES, ["work"]))
        yield DaemonSide(bus, bus.lane(NAMES.results_queue(), prefetch=500))


Running = Callable[..., Any]


@pytest.fixture
def running(amqp_broker: AmqpBroker) -> Running:
    """Runs modules as long as the block lasts, and stops them in order."""

    @asynccontextmanager
    async def run(*modules: Module, **settings: Any) -> AsyncIterator[asyncio.Event]:
        stopping = asyncio.Event()
        async with asyncio.timeout(3 * PATIENCE_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(
                run_modules(modules, amqp_url=amqp_broker.amqp_url, stopping=stopping, **settings)
            )
            try:
                yield stopping
            finally:
                stopping.set()

    return run


async def test_a_result_echoes_token_correlation_and_reply_to(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")

    @work.action("add")
    async def add(numbers: list[int], ctx: Context) -> dict[str, Any]:
        return {"sum": sum(numbers), "metadata": dict(ctx.metadata), "trace": ctx.traceparent}

    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with running(work):
        await daemon.send("work", "add", [1, 2], traceparent=trace, tracestate="a=b")
        delivery, body = await daemon.result()
    assert body == {"status": "completed", "output": {"sum": 3, "metadata": {"color": "red"}, "trace": trace}}
    assert delivery.routing_key == NAMES.reply_to()
    assert delivery.envelope.correlation_id == "run-1"
    assert delivery.envelope.headers["resistor-token"] == "token-1"
    assert delivery.envelope.headers["traceparent"] == trace
    assert delivery.envelope.headers["tracestate"] == "a=b"
    assert delivery.envelope.content_type == "application/json"
    assert await daemon.left("work") == 0


async def test_the_answer_comes_before_the_acknowledgement(
    daemon: DaemonSide, running: Running, amqp_broker: AmqpBroker
) -> None:
    """Without a queue for results nothing is acknowledged, however long that lasts."""
    work = Module("work")
    calls: list[str] = []
    called = asyncio.Event()

    @work.action("do")
    async def do(ctx: Context) -> str:
        calls.append(ctx.idempotency_key)
        called.set()
        return "done"

    async with running(work, drain_seconds=0.2) as stopping:
        await daemon.send("work", "do", None, reply_to="7")
        await called.wait()
        stopping.set()
    await daemon.has_back("work", 1)

    await daemon.bus.declare(topology(NAMES, ["work"], partitions=8))
    async with running(work):
        lane = daemon.bus.lane(NAMES.results_queue(7), prefetch=1)
        async with asyncio.timeout(PATIENCE_S):
            (delivery,) = await lane.take(1)
        assert delivery.routing_key == "7"
    assert calls == ["key-1", "key-1"]
    assert await daemon.left("work") == 0


async def test_every_kind_of_answer_arrives(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")

    @work.action("step")
    async def step(ctx: Context) -> str:
        await ctx.progress({"percent": 50})
        return "done"

    @work.action("poll")
    async def poll() -> None:
        raise Later(after=30)

    @work.action("crash")
    def crash() -> None:
        raise OSError("disk")

    async with running(work):
        await daemon.send("work", "step", None)
        assert (await daemon.result())[1] == {"status": "progress", "details": {"percent": 50}}
        assert (await daemon.result())[1] == {"status": "completed", "output": "done"}
        await daemon.send("work", "poll", None)
        assert (await daemon.result())[1] == {"status": "later", "after": 30.0}
        await daemon.send("work", "crash", None)
        error = (await daemon.result())[1]["error"]
        assert (error["type"], error["message"]) == ("OSError", "disk")
        await daemon.send("work", "stepp", None)
        error = (await daemon.result())[1]["error"]
        assert error["type"] == "unknown_action"
        assert error["retryable"] is False
        assert "'step'" in error["message"]


async def test_so_many_actions_run_at_a_time_and_no_more(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")
    full, go = asyncio.Event(), asyncio.Event()
    at_once: set[str] = set()
    most = 0

    @work.action("hold")
    async def hold(ctx: Context) -> None:
        nonlocal most
        at_once.add(ctx.run)
        most = max(most, len(at_once))
        if len(at_once) == 3:
            full.set()
        await go.wait()
        at_once.discard(ctx.run)

    for number in range(10):
        await daemon.send("work", "hold", None, number)
    async with running(work, concurrency=3):
        await full.wait()
        assert await daemon.left("work") == 7
        go.set()
        results = await daemon.results(10)
    assert most == 3
    tokens = {delivery.envelope.headers["resistor-token"] for delivery in results}
    assert tokens == {f"token-{number}" for number in range(10)}


async def test_plain_functions_run_side_by_side_in_threads(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")
    meeting = threading.Barrier(4, timeout=PATIENCE_S)

    @work.action("meet")
    def meet() -> None:
        meeting.wait()

    async with running(work, concurrency=4):
        for number in range(4):
            await daemon.send("work", "meet", None, number)
        assert len(await daemon.results(4)) == 4


async def test_many_actions_are_all_answered(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")

    @work.action("echo")
    async def echo(data: int) -> int:
        return data

    async with running(work):
        await asyncio.gather(*(daemon.send("work", "echo", number, number) for number in range(500)))
        results = await daemon.results(500)
        outputs = {msgspec.json.decode(each.envelope.body)["output"] for each in results}
        assert outputs == set(range(500))


async def test_two_modules_run_side_by_side(daemon: DaemonSide, running: Running) -> None:
    first, second = Module("first"), Module("second")

    @first.action("name")
    @second.action("name")
    async def name() -> str:
        return "here"

    async with running(first, second):
        await until_consumed(daemon, "first", "second")
        await daemon.send("first", "name", None, 1)
        await daemon.send("second", "name", None, 2)
        assert len(await daemon.results(2)) == 2


async def until_consumed(daemon: DaemonSide, *modules: str) -> None:
    """Wait until somebody consumes the queues of `modules`."""
    async with asyncio.timeout(PATIENCE_S):
        for module in modules:
            info = None
            while info is None or not info.consumers:
                info = await daemon.bus.inspect(NAMES.module_queue(module))


async def test_a_stop_lets_what_runs_end_and_takes_no_more(daemon: DaemonSide, running: Running) -> None:
    work = Module("work")
    begun, end = asyncio.Event(), asyncio.Event()

    @work.action("hold")
    async def hold(ctx: Context) -> str:
        begun.set()
        await end.wait()
        return "cancelled" if ctx.cancelled.is_set() else "not cancelled"

    async with running(work, concurrency=1) as stopping:
        await daemon.send("work", "hold", None, 1)
        await begun.wait()
        await daemon.send("work", "hold", None, 2)
        stopping.set()
        end.set()
        _, body = await daemon.result()
    assert body["output"] == "cancelled"
    await daemon.has_back("work", 1)


async def test_what_does_not_end_in_time_goes_back_to_the_broker(
    daemon: DaemonSide, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    work = Module("work")
    begun = asyncio.Event()
    never = threading.Event()
    loop = asyncio.get_running_loop()

    @work.action("forever")
    async def forever() -> None:
        begun.set()
        await asyncio.Event().wait()

    @work.action("forever.in.a.thread")
    def in_thread() -> None:
        loop.call_soon_threadsafe(begun.set)
        never.wait()

    for action in ("forever", "forever.in.a.thread"):
        begun.clear()
        async with running(work, drain_seconds=0.1) as stopping:
            await daemon.send("work", action, None)
            await begun.wait()
            stopping.set()
        lane = daemon.bus.lane(NAMES.module_queue("work"), prefetch=1)
        async with asyncio.timeout(PATIENCE_S):
            (again,) = await lane.take(1)
        assert again.redelivered
        await lane.ack([again])
        await lane.close()
    never.set()
    assert sum(getattr(record, "action", "") == "drain_over" for record in caplog.records) == 2


MALFORMED = [
    Envelope(body=b"not json", headers={"resistor-token": "t"}, reply_to="0"),
    Envelope(body=b"{}", headers={"resistor-token": "t"}, reply_to="0"),
    Envelope(body=b"[]", headers={"resistor-token": 5}, reply_to="0"),
]


async def test_what_is_no_action_is_dead_lettered_and_said_once(
    daemon: DaemonSide, running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    work = Module("work")

    @work.action("do")
    async def do() -> str:
        return "done"

    dead = daemon.bus.lane(NAMES.dead_queue, prefetch=10)
    async with running(work):
        for envelope in MALFORMED:
            await daemon.publish("work", envelope)
        await daemon.send("work", "do", None)
        assert (await daemon.result())[1]["output"] == "done"
        letters: list[Delivery] = []
        async with asyncio.timeout(PATIENCE_S):
            while len(letters) < len(MALFORMED):
                letters += await dead.take(10)
    assert {letter.routing_key for letter in letters} == {NAMES.module_queue("work")}
    assert {letter.envelope.body for letter in letters} == {each.body for each in MALFORMED}
    said = [record for record in caplog.records if getattr(record, "action", "") == "action_rejected"]
    assert len(said) == len(MALFORMED)


CRASHER = """
import asyncio, pathlib, sys
from resistor.sdk import Module
from resistor.sdk.runner import run_modules

work = Module("work")

@work.action("do")
async def do():
    print("begun", flush=True)
    await asyncio.Event().wait()

asyncio.run(run_modules([work], amqp_url=sys.argv[1], stopping=asyncio.Event()))
"""


async def test_a_module_that_is_killed_leaves_its_action_to_the_next_one(
    daemon: DaemonSide, running: Running, amqp_broker: AmqpBroker, tmp_path: Path
) -> None:
    file = tmp_path / "crasher.py"
    file.write_text(CRASHER)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(file),
        amqp_broker.amqp_url,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    try:
        await daemon.send("work", "do", None)
        async with asyncio.timeout(PATIENCE_S):
            assert await process.stdout.readline() == b"begun\n"
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()

    work = Module("work")

    @work.action("do")
    async def do(ctx: Context) -> str:
        return ctx.idempotency_key

    async with running(work):
        delivery, body = await daemon.result()
    assert body["output"] == "key-1"
    assert delivery.envelope.headers["resistor-token"] == "token-1"


async def test_modules_may_start_before_the_broker_and_be_stopped_without_it() -> None:
    work = Module("work")
    stopping = asyncio.Event()
    runner = asyncio.create_task(
        run_modules([work], amqp_url="amqp://guest:guest@127.0.0.1:9/", stopping=stopping)
    )
    _, pending = await asyncio.wait({runner}, timeout=0.3)
    assert pending
    stopping.set()
    async with asyncio.timeout(PATIENCE_S):
        await runner


async def test_two_modules_of_one_name_are_the_operators_mistake() -> None:
    with pytest.raises(OperatorMistake, match="two modules are called 'work'"):
        await run_modules(
            [Module("work"), Module("work")], amqp_url="amqp://127.0.0.1/", stopping=asyncio.Event()
        )


async def test_a_module_that_has_a_user_of_the_broker_says_so_in_what_it_answers(
    daemon: DaemonSide, running: Running
) -> None:
    work, other = Module("work"), Module("other")

    @work.action("do")
    @other.action("do")
    async def do() -> None: ...

    await daemon.bus.declare(topology(NAMES, ["work", "other"]))
    async with running(work, other, users={"work": "guest"}):
        await daemon.send("work", "do", {}, 1)
        await daemon.send("other", "do", {}, 2)
        users = {each.envelope.correlation_id: each.envelope.user_id for each in await daemon.results(2)}
    assert users == {"run-1": "guest", "run-2": None}
