"""What an operator should know about this Redis before trusting runs to it."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.store.client import Redis, exceptions
from resistor.store.connection import asked


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What Redis says of itself. None where it does not let us ask (a managed Redis hides CONFIG)."""

    version: str
    is_persistent: bool | None  # an append-only file: without one a crash loses every run
    fsync: str | None
    eviction: str | None  # anything but `noeviction` may throw runs away
    is_primary: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What would lose runs, a line each, with the remedy."""
        found = []
        if self.is_persistent is False:
            found.append("Redis has no append-only file: a crash loses every run. Set `appendonly yes`")
        if self.eviction not in (None, "noeviction"):
            found.append(
                f"Redis may evict keys ({self.eviction}): runs can vanish. Set `maxmemory-policy noeviction`"
            )
        if not self.is_primary:
            found.append(
                "this Redis is a replica: it takes no writes. Point RESISTOR_REDIS_URL at the primary"
            )
        return tuple(found)


async def examine(client: Redis) -> StoreHealth:
    """Ask Redis. Raises `StoreUnreachable`."""
    info = await asked(client.info)
    return StoreHealth(
        version=str(info.get("valkey_version") or info.get("redis_version", "?")),
        is_persistent=_is_yes(await _setting(client, "appendonly"), info.get("aof_enabled")),
        fsync=await _setting(client, "appendfsync"),
        eviction=await _setting(client, "maxmemory-policy") or info.get("maxmemory_policy"),
        is_primary=info.get("role") == "master",
    )


async def _setting(client: Redis, name: str) -> str | None:
    try:
        answer: dict[Any, Any] = await asked(lambda: client.config_get(name))
    except exceptions.ResponseError:
        return None
    for key, value in answer.items():  # bytes or text, as the protocol version has it
        if _text(key) == name:
            return _text(value)
    return None


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _is_yes(setting: str | None, enabled: int | None) -> bool | None:
    if setting is not None:
        return setting == "yes"
    return None if enabled is None else enabled == 1
