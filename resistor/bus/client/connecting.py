"""A URL → a connection that has been opened: the socket, TLS, the login, and what is agreed on.

Reads the options that aio-pika's URLs have, so that one URL does for both clients: `heartbeat`, `cafile`,
`capath`, `cadata`, `certfile`, `keyfile`, `no_verify_ssl`, `auth`.
"""

from __future__ import annotations

import asyncio
import os
import platform
import ssl

from pamqp import commands
from yarl import URL

from resistor.bus.channels import Lost, Refused
from resistor.bus.client.connection import Connection

CONNECT_SECONDS = 10.0
LOCALE = "en_US"
PORTS = {"amqp": 5672, "amqps": 5671}

CAPABILITIES = {
    "publisher_confirms": True,
    "basic.nack": True,
    "consumer_cancel_notify": True,
    "connection.blocked": True,
    "authentication_failure_close": True,  # or a wrong password would be a connection that just ends
    "exchange_exchange_bindings": True,
}


async def connect(url: URL, *, client_name: str) -> Connection:
    """Open a connection that announces itself as `client_name`. Raises `Lost` with the reason."""
    loop = asyncio.get_running_loop()
    connection: Connection | None = None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            context = await loop.run_in_executor(None, _tls, url) if url.scheme == "amqps" else None
            _, connection = await loop.create_connection(
                Connection, url.host or "localhost", url.port or PORTS[url.scheme], ssl=context
            )
            await _open(connection, url, client_name)
    except BaseException as error:
        if connection is not None:
            connection.fail(error if isinstance(error, Lost) else Lost("given up"))
        if isinstance(error, TimeoutError):
            raise Lost("the broker does not answer") from None
        if isinstance(error, OSError | Refused | ValueError):
            raise Lost(str(error) or type(error).__name__) from error
        raise
    return connection


async def _open(connection: Connection, url: URL, client_name: str) -> None:
    start = await connection.expect(commands.Connection.Start)
    mechanism, response = _credentials(url, str(start.mechanisms or ""))
    tune = await connection.ask(
        commands.Connection.StartOk(
            client_properties={
                "product": "resistor",
                "platform": f"Python {platform.python_version()}",
                "connection_name": client_name,
                "capabilities": dict(CAPABILITIES),
            },
            mechanism=mechanism,
            response=response,
            locale=LOCALE,
        ),
        commands.Connection.Tune,
    )
    channel_max, frame_max = tune.channel_max or 0, tune.frame_max or 0
    heartbeat = int(url.query.get("heartbeat", tune.heartbeat or 0))
    connection.send(
        commands.Connection.TuneOk(channel_max=channel_max, frame_max=frame_max, heartbeat=heartbeat), 0
    )
    connection.tune(channel_max=channel_max, frame_max=frame_max, heartbeat=float(heartbeat))
    await connection.ask(
        commands.Connection.Open(virtual_host=_virtual_host(url)), commands.Connection.OpenOk
    )


def _credentials(url: URL, offered: str) -> tuple[str, str]:
    """Return the mechanism of the login, and what it sends. Raises `Lost` where the broker has none of it."""
    wanted = url.query.get("auth", "plain").upper()
    if wanted not in offered.split() or wanted not in ("PLAIN", "EXTERNAL"):
        raise Lost(f"the broker offers no login of the kind {wanted}, but {offered}")
    if wanted == "EXTERNAL":
        return wanted, ""
    return wanted, f"\0{url.user or 'guest'}\0{url.password or 'guest'}"


def _virtual_host(url: URL) -> str:
    """Return the virtual host: `/` is written `%2F`, and meant where there is none."""
    return url.path[1:].replace("%2F", "/") or "/"


def _tls(url: URL) -> ssl.SSLContext:
    """Return what verifies the server's certificate. Raises OSError for a file that is not there."""
    query = url.query
    for option in ("cafile", "capath", "certfile", "keyfile"):
        if option in query:
            os.stat(query[option])  # says which file is not there, as the context does not
    context = ssl.create_default_context(
        ssl.Purpose.SERVER_AUTH,
        cafile=query.get("cafile"),
        capath=query.get("capath"),
        cadata=query.get("cadata"),
    )
    if query.get("certfile"):
        context.load_cert_chain(query["certfile"], query.get("keyfile"))
    if query.get("no_verify_ssl", "0") != "0":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
