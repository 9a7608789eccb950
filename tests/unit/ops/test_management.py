"""What RabbitMQ's management API tells, and what a wrong one is answered with."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from resistor.dev.child import free_port
from resistor.errors import EnvironmentFault
from resistor.ops.management import Rates, rates

QUEUES = [
    {
        "name": "resistor.events",
        "message_stats": {"publish_details": {"rate": 12.5}, "ack_details": {"rate": 3}},
    },
    {"name": "resistor.dead"},
    {"name": "odd", "message_stats": {"publish_details": {"rate": "much"}, "ack_details": []}},
]


@contextmanager
def api(body: bytes, status: int = 200) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A server that always answers the same; its port, and what it was asked, with which authorization."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization")))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_rates_are_read_by_queue() -> None:
    with api(json.dumps(QUEUES).encode()) as (address, asked):
        found = await rates(f"http://ada:p%40ss@{address}/", "amqp://localhost/shop%2Ftest")
    assert found == {
        "resistor.events": Rates(12.5, 3.0),
        "resistor.dead": Rates(None, None),
        "odd": Rates(None, None),
    }
    secret = base64.b64encode(b"ada:p@ss").decode()
    assert asked == [("/api/queues/shop%2Ftest", f"Basic {secret}")]


@pytest.mark.parametrize("amqp_url", ["amqp://localhost", "amqp://localhost/"])
async def test_the_default_virtual_host_is_asked_for_by_its_name(amqp_url: str) -> None:
    with api(b"[]") as (address, asked):
        assert await rates(f"http://{address}", amqp_url) == {}
    assert asked == [("/api/queues/%2F", None)]


@pytest.mark.parametrize(("body", "status"), [(b"{}", 200), (b"<html>", 200), (b"", 401), (b"", 500)])
async def test_what_is_no_list_of_queues_is_one_clear_line(body: bytes, status: int) -> None:
    told = pytest.raises(EnvironmentFault, match="RabbitMQ's management API tells nothing: ")
    with api(body, status) as (address, _), told as caught:
        await rates(f"http://ada:secret@{address}", "amqp://localhost/")
    assert len(str(caught.value).splitlines()) == 1
    assert "secret" not in str(caught.value)


async def test_an_api_that_is_away_is_said() -> None:
    with pytest.raises(EnvironmentFault, match="tells nothing"):
        await rates(f"http://127.0.0.1:{free_port()}", "amqp://localhost/")
