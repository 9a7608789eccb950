"""What an operator should know about this Redis before trusting runs to it."""

from __future__ import annotations

from typing import Any

import msgspec

from resistor.store.client import exceptions
from resistor.store.connection import Client, asked
from resistor.store.watermark import Durability


class StoreHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What Redis says of itself. None where it does not let us ask (a managed Redis hides CONFIG)."""

    version: str
    is_persistent: bool | None  # an append-only file: without one a crash loses every run
    fsync: str | None
    eviction: str | None  # anything but `noeviction` may throw runs away
    is_primary: bool
    replicas: int = 0  # connected now
    waits_for: int = 0  # replicas that a write waits for
    min_replicas: int | None = None  # fewer, and Redis refuses writes

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
        found += self._of_replicas()
        return tuple(found)

    def _of_replicas(self) -> list[str]:
        if self.replicas and not self.waits_for:
            return [
                f"Redis has {self.replicas} replica(s) and nothing waits for them: a failover loses what they"
                " have not got. Set `RESISTOR_REDIS_REPLICAS` to 1 or more"
            ]
        found = []
        if self.replicas < self.waits_for:
            found.append(
                f"writes wait for {self.waits_for} replica(s) and Redis has {self.replicas}: nothing goes on."
                " Start the replicas, or lower `RESISTOR_REDIS_REPLICAS`"
            )
        if self.waits_for and self.min_replicas == 0:
            found.append(
                "a Redis that is cut off from its replicas takes writes all the same, and they are lost when"
                " it comes back. Set `min-replicas-to-write 1`"
            )
        return found


async def examine(client: Client, durability: Durability) -> StoreHealth:
    """Ask Redis. Raises `StoreUnreachable`."""
    info = await asked(client.info)
    min_replicas = await _setting(client, "min-replicas-to-write")
    return StoreHealth(
        version=str(info.get("valkey_version") or info.get("redis_version", "?")),
        is_persistent=_is_yes(await _setting(client, "appendonly"), info.get("aof_enabled")),
        fsync=await _setting(client, "appendfsync"),
        eviction=await _setting(client, "maxmemory-policy") or info.get("maxmemory_policy"),
        is_primary=info.get("role") == "master",
        replicas=int(info.get("connected_slaves", 0)),
        waits_for=durability.replicas,
        min_replicas=None if min_replicas is None else int(min_replicas),
    )


async def _setting(client: Client, name: str) -> str | None:
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
