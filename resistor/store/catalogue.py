"""The registered workflows: `ports.Catalogue` on Redis.

Called by the daemon when it starts and when definitions change, and by `resistor workflow …`. Everybody who
reads sees the same: what is offered to new runs is agreed here, not in anybody's directory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from resistor.ports import Registered, Registration
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import READ_CATALOGUE, REGISTER_ALL, Argument

_encode = msgspec.json.Encoder().encode
_offer = msgspec.json.Decoder(tuple[int, ...]).decode


class RedisCatalogue:
    """The catalogue of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = [keys.versions, keys.offers, keys.catalogue_revision]

    async def register_all(
        self, entries: Mapping[str, tuple[str, bytes]], offers: Mapping[str, tuple[int, ...]]
    ) -> Registration:
        """Keep versions and offer some to new runs: all, or nothing where a digest is another."""
        arguments: list[Argument] = [len(entries)]
        for key, (digest, source) in entries.items():
            arguments += [key, digest, source]
        for workflow, versions in offers.items():
            arguments += [workflow, _encode(sorted(versions)) if versions else ""]
        [reply] = await pipelined(self._client, [REGISTER_ALL.call(self._keys, arguments)])
        revision, answers = reply[0], list(zip(entries, reply[1::2], reply[2::2], strict=True))
        return Registration(
            revision=int(revision),
            kept={key: digest.decode() for key, digest, _ in answers},
            added=frozenset(key for key, _, is_new in answers if is_new),
        )

    async def read(self) -> Registered:
        """Return the whole catalogue, as it is at one moment."""
        [[revision, offers, versions]] = await pipelined(self._client, [READ_CATALOGUE.call(self._keys, [])])
        return Registered(
            revision=int(revision),
            sources={key.decode(): value.partition(b"\n")[2] for key, value in _pairs(versions)},
            offers={workflow.decode(): _offer(value) for workflow, value in _pairs(offers)},
        )

    async def revision(self) -> int:
        """Return what changes when the catalogue does."""
        [revision] = await pipelined(self._client, [("GET", self._keys[2])])
        return int(revision or 0)

    async def source(self, key: str) -> bytes | None:
        """Return the source of one version, or None."""
        [kept] = await pipelined(self._client, [("HGET", self._keys[0], key)])
        return None if kept is None else bytes(kept.partition(b"\n")[2])


def _pairs(flat: Sequence[Any]) -> list[tuple[bytes, bytes]]:
    return sorted(zip(flat[0::2], flat[1::2], strict=True))
