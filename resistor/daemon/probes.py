"""`/livez`, `/readyz` and `/metrics`, for whoever keeps the daemon running.

Live means that the event loop turns; it stays true while a server is away, because a restart would not
bring that server back. Ready means that broker, store and definitions are there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from resistor.errors import EnvironmentFault

Check = Callable[[], Awaitable[str | None]]
"""Returns None where all is well, else what is wrong in one line."""

Metrics = Callable[[], tuple[bytes, str]]


def application(checks: Mapping[str, Check], metrics: Metrics, *, token: str | None) -> Starlette:
    """Return the probes as an ASGI application. `token`, where there is one, guards the metrics."""

    async def live(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        found = {name: await check() for name, check in checks.items()}
        is_ready = all(wrong is None for wrong in found.values())
        body = {"ready": is_ready, "checks": {name: wrong or "ok" for name, wrong in found.items()}}
        return JSONResponse(body, status_code=200 if is_ready else 503)

    async def measured(request: Request) -> Response:
        if token is not None and not _shows(request, token):
            return PlainTextResponse("a token is needed: Authorization: Bearer …\n", status_code=401)
        content, kind = metrics()
        return Response(content, media_type=kind)

    return Starlette(
        routes=[Route("/livez", live), Route("/readyz", ready), Route("/metrics", measured)],
    )


class HttpServer(uvicorn.Server):
    """Serves an application inside a loop that is not uvicorn's; leaves signals alone."""

    def __init__(self, app: Starlette, address: tuple[str, int]) -> None:
        """Prepare to listen on (host, port)."""
        host, port = address
        super().__init__(
            uvicorn.Config(app, host=host, port=port, lifespan="off", log_config=None, access_log=False)
        )
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take no signals: the daemon has them."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.listening.set()

    async def run_until_closed(self) -> None:
        """Serve until `close`. Raises `EnvironmentFault` where the address cannot be had."""
        try:
            await self.serve()
        except SystemExit:  # uvicorn's word for "the port is taken"; it has logged why
            raise EnvironmentFault(
                f"cannot listen on {self.config.host}:{self.config.port} (RESISTOR_HTTP): is it taken?"
            ) from None

    def close(self) -> None:
        """Stop serving. Idempotent."""
        self.should_exit = True


def _shows(request: Request, token: str) -> bool:
    kind, _, shown = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(shown.encode(), token.encode())
