"""The probes and the metrics of a daemon, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from resistor.catalog import load_text
from resistor.config import Broker, Http, Settings, Store
from resistor.daemon.main import Daemon
from resistor.dev.broker import Broker as DevBroker
from resistor.dev.child import free_port
from resistor.errors import EnvironmentFault
from resistor.telemetry import Telemetry
from tests.integration.conftest import WORKFLOWS

TOKEN = "a token of the tests"


@asynccontextmanager
async def daemon_at(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    daemon = Daemon(settings, load_text(WORKFLOWS).or_raise(), Telemetry())
    stopping = asyncio.Event()
    task = asyncio.create_task(daemon.run(stopping))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{settings.http.bind.split(':')[1]}") as client:
        yield client
    stopping.set()
    await task


async def answer(client: httpx.AsyncClient, path: str, code: int) -> httpx.Response:
    """Ask until the answer has this code: servers come and go in their own time."""
    async with asyncio.timeout(20):
        while True:
            try:
                response = await client.get(path)
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
                continue
            if response.status_code == code:
                return response
            await asyncio.sleep(0.01)


def settings_for(amqp_url: str, redis_url: str, *, host: str = "127.0.0.1") -> Settings:
    token = None if host == "127.0.0.1" else TOKEN
    http = Http(bind=f"{host}:{free_port()}", token=token)
    return Settings(broker=Broker(url=amqp_url), store=Store(url=redis_url, timeout_seconds=1.0), http=http)


async def test_a_daemon_is_live_and_ready(dev_broker: DevBroker, redis_url: str) -> None:
    async with daemon_at(settings_for(dev_broker.url, redis_url)) as client:
        ready = await answer(client, "/readyz", 200)
        assert ready.json() == {"ready": True, "checks": {"broker": "ok", "store": "ok", "definitions": "ok"}}
        assert (await client.get("/livez")).text == "ok\n"
        metrics = await client.get("/metrics")
        assert "resistor_build_info" in metrics.text
        assert metrics.headers["content-type"].startswith("text/plain")


async def test_a_daemon_whose_servers_are_away_is_live_and_says_what_it_waits_for(redis_url: str) -> None:
    async with daemon_at(settings_for("amqp://127.0.0.1:1/", redis_url)) as client:
        waiting = await answer(client, "/readyz", 503)
        assert waiting.json()["checks"] == {
            "broker": "RabbitMQ is away",
            "store": "ok",
            "definitions": "waiting for RabbitMQ and Redis",
        }
        assert (await client.get("/livez")).status_code == 200


async def test_a_daemon_that_loses_its_broker_is_not_ready(redis_url: str) -> None:
    async with DevBroker() as broker, daemon_at(settings_for(broker.url, redis_url)) as client:
        await answer(client, "/readyz", 200)
        await broker.stop()
        assert (await answer(client, "/readyz", 503)).json()["checks"]["broker"] == "RabbitMQ is away"


async def test_metrics_that_others_can_reach_want_a_token(dev_broker: DevBroker, redis_url: str) -> None:
    async with daemon_at(settings_for(dev_broker.url, redis_url, host="0.0.0.0")) as client:
        await answer(client, "/readyz", 200)
        assert (await client.get("/metrics")).status_code == 401
        wrong = {"authorization": "Bearer wrong"}
        assert (await client.get("/metrics", headers=wrong)).status_code == 401
        right = {"authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/metrics", headers=right)).status_code == 200


async def test_an_address_that_is_taken_is_one_clear_error(dev_broker: DevBroker, redis_url: str) -> None:
    settings = settings_for(dev_broker.url, redis_url)
    async with daemon_at(settings) as client:
        await answer(client, "/livez", 200)
        second = Daemon(settings, load_text(WORKFLOWS).or_raise(), Telemetry())
        with pytest.raises(EnvironmentFault, match="RESISTOR_HTTP"):
            await second.run(asyncio.Event())
