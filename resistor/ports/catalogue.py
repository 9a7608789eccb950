"""The registered workflows, as everybody sees them. Implemented by `store`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec


class Registration(msgspec.Struct, frozen=True):
    """What became of registering: version → the digest that is kept, and those that were not there before.

    Where a digest is not the one that was given, nothing was written. `revision` is the catalogue's, now.
    """

    revision: int
    kept: Mapping[str, str]
    added: frozenset[str] = frozenset()


class Registered(msgspec.Struct, frozen=True):
    """The catalogue at one moment.

    `sources` has every version that was ever registered: `<ns>/<workflow>@<v>` → its source. `offers` says
    which of them a new run may begin with: `<ns>/<workflow>` → versions, in ascending order.
    """

    revision: int
    sources: Mapping[str, bytes]
    offers: Mapping[str, tuple[int, ...]]


class Catalogue(Protocol):
    """The registered workflows."""

    async def register_all(
        self, entries: Mapping[str, tuple[str, bytes]], offers: Mapping[str, tuple[int, ...]]
    ) -> Registration:
        """Keep versions (`<ns>/<workflow>@<v>` → digest, source) and offer some to new runs: all, or nothing.

        `offers` (`<ns>/<workflow>` → versions) replaces what was offered of the workflows that it names, and
        withdraws those for which it has none. Readers see all of it at once. Nothing is written where a
        version is kept with another digest.
        """

    async def read(self) -> Registered:
        """Return the whole catalogue."""

    async def revision(self) -> int:
        """Return what changes when the catalogue does."""

    async def source(self, key: str) -> bytes | None:
        """Return the source of one version, `<ns>/<workflow>@<v>`, or None."""
