"""The registered workflows in memory: `ports.Catalogue`, as lua/register_all and lua/read_catalogue do it.

Used by memory_store.py.
"""

from __future__ import annotations

from collections.abc import Mapping

from resistor.ports import Registered, Registration
from resistor.testing.store.state import State


class MemoryCatalogue:
    """The catalogue of one store."""

    def __init__(self, state: State) -> None:
        """Take what the store keeps."""
        self._state = state

    async def register_all(
        self, entries: Mapping[str, tuple[str, bytes]], offers: Mapping[str, tuple[int, ...]]
    ) -> Registration:
        """Keep versions and offer some to new runs: all, or nothing where a digest is another."""
        state = self._state
        kept = {key: state.versions.get(key, entry)[0] for key, entry in entries.items()}
        added: frozenset[str] = frozenset()
        if all(kept[key] == digest for key, (digest, _) in entries.items()):
            added = frozenset(entries.keys() - state.versions.keys())
            state.versions.update({key: entries[key] for key in added})
            offered = self._offer(offers)
            state.catalogue_revision += bool(added) or offered
        return Registration(revision=state.catalogue_revision, kept=kept, added=added)

    async def read(self) -> Registered:
        """Return the whole catalogue."""
        return Registered(
            revision=self._state.catalogue_revision,
            sources={key: source for key, (_, source) in sorted(self._state.versions.items())},
            offers=dict(sorted(self._state.offers.items())),
        )

    async def revision(self) -> int:
        """Return what changes when the catalogue does."""
        return self._state.catalogue_revision

    async def source(self, key: str) -> bytes | None:
        """Return the source of one version, or None."""
        kept = self._state.versions.get(key)
        return None if kept is None else kept[1]

    def _offer(self, offers: Mapping[str, tuple[int, ...]]) -> bool:
        """Offer these, withdraw what has no version; returns whether that is another offer than before."""
        after = {**self._state.offers, **{name: tuple(sorted(each)) for name, each in offers.items()}}
        after = {name: versions for name, versions in after.items() if versions}
        is_other = after != self._state.offers
        self._state.offers = after
        return is_other
