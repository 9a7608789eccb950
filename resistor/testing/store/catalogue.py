"""The registered workflows. The counterpart of register_all.lua."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from resistor.ports import Registered, Registration


@dataclass(slots=True)
class MemoryCatalogue:
    """Versions by name, and which of them are offered."""

    versions: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    offers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    number: int = 0

    async def register_all(
        self, entries: Mapping[str, tuple[str, bytes]], offers: Mapping[str, tuple[int, ...]]
    ) -> Registration:
        """Keep versions and offer some: all, or nothing where a digest is another."""
        kept = {key: self.versions.get(key, entry)[0] for key, entry in entries.items()}
        if any(kept[key] != digest for key, (digest, _) in entries.items()):
            return Registration(self.number, kept)
        added = frozenset(entries.keys() - self.versions.keys())
        changes = len(added)
        self.versions |= {key: entries[key] for key in added}
        for workflow, versions in offers.items():
            wanted = tuple(sorted(versions))
            if self.offers.get(workflow, ()) != wanted:
                changes += 1
            if wanted:
                self.offers[workflow] = wanted
            else:
                self.offers.pop(workflow, None)
        self.number += 1 if changes else 0
        return Registration(self.number, kept, added)

    async def read(self) -> Registered:
        """Return the whole catalogue."""
        sources = {key: source for key, (_, source) in sorted(self.versions.items())}
        return Registered(self.number, sources, dict(sorted(self.offers.items())))

    async def revision(self) -> int:
        """Return what changes when the catalogue does."""
        return self.number

    async def source(self, key: str) -> bytes | None:
        """Return the source of one version, or None."""
        found = self.versions.get(key)
        return None if found is None else found[1]
