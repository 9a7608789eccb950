"""RabbitMQ's management API, where one is configured: what AMQP does not tell about queues.

Called by `resistor queue list`. Optional: who has none does without rates. Reads only.
"""

from __future__ import annotations

import asyncio
import base64
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import msgspec

from resistor.errors import EnvironmentFault

ANSWER_SECONDS = 5.0
MOST_BYTES = 64 << 20  # of an answer; a queue takes about 2 KiB


@dataclass(frozen=True, slots=True)
class Rates:
    """Messages a second into a queue, and out of it for good; None where the broker has seen none yet."""

    into: float | None
    out: float | None


async def rates(management_url: str, amqp_url: str) -> Mapping[str, Rates]:
    """Return the rates of every queue of the virtual host that `amqp_url` names.

    Raises `EnvironmentFault` where the API is away, refuses, or answers what is no list of queues.
    """
    try:
        return await asyncio.to_thread(_read, management_url, _vhost(amqp_url))
    except (URLError, OSError, ValueError, msgspec.MsgspecError) as error:
        raise EnvironmentFault(f"RabbitMQ's management API tells nothing: {error}") from None


def _vhost(amqp_url: str) -> str:
    """Return the virtual host as aiormq reads it: `/` where the URL has no path, or only its slash."""
    return unquote(urlsplit(amqp_url).path.removeprefix("/")) or "/"


def _read(management_url: str, vhost: str) -> dict[str, Rates]:
    parts = urlsplit(management_url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    netloc = parts.netloc.rpartition("@")[2]
    path = f"{parts.path.rstrip('/')}/api/queues/{quote(vhost, safe='')}"
    request = urllib.request.Request(urlunsplit((parts.scheme, netloc, path, "", "")))  # noqa: S310 - http(s)
    if user:
        secret = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
        request.add_header("Authorization", f"Basic {secret}")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 - http(s)
            queues = msgspec.json.decode(answer.read(MOST_BYTES), type=list[dict[str, Any]])
    except HTTPError as refusal:
        with refusal:  # it holds the connection
            raise OSError(f"it answers {refusal.code} {refusal.reason}") from None
    return {str(queue.get("name")): _rates(queue.get("message_stats")) for queue in queues}


def _rates(stats: Any) -> Rates:
    stats = stats if isinstance(stats, dict) else {}
    return Rates(_rate(stats.get("publish_details")), _rate(stats.get("ack_details")))


def _rate(details: Any) -> float | None:
    rate = details.get("rate") if isinstance(details, dict) else None
    return float(rate) if isinstance(rate, int | float) else None
