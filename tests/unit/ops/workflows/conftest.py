"""A command line whose catalogue is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from resistor.catalog import load_text
from resistor.errors import StoreUnreachable
from resistor.ops import servers
from resistor.ops.cli.root import command_line
from resistor.ports import Registered, Registration

ORDER = """\
shop:
  order.placed:
    - version: 1
      description: What happens to an order.
      steps:
        - {id: reserve, module: stock, action: reserve}
        - {id: charge, module: payments, action: take, retry: 3}
    - version: 2
      steps:
        - {id: charge, module: payments, action: take, retry: 5}
        - {id: reserve, module: stock, action: reserve}
        - {id: ship, module: parcel, action: ship}
"""


@dataclass
class FakeCatalogue:
    """A catalogue that keeps its promise: all, or nothing."""

    sources: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    offers: dict[str, tuple[int, ...]] = field(default_factory=dict)
    is_away: bool = False

    async def register_all(
        self, entries: Mapping[str, tuple[str, bytes]], offers: Mapping[str, tuple[int, ...]]
    ) -> Registration:
        """Keep versions, unless one is there with another digest."""
        self.reach()
        kept = {key: self.sources.get(key, entry)[0] for key, entry in entries.items()}
        if any(kept[key] != digest for key, (digest, _) in entries.items()):
            return Registration(1, kept)
        added = frozenset(entries.keys() - self.sources.keys())
        self.sources |= entries
        self.offers |= offers
        return Registration(2, kept, added)

    async def read(self) -> Registered:
        """Return all of it."""
        self.reach()
        return Registered(1, {key: source for key, (_, source) in self.sources.items()}, self.offers)

    def keep(self, text: str) -> None:
        """Register what a file says, and offer it to new runs."""
        for each in load_text(text.encode()).or_raise().workflows:
            name = f"{each.namespace}/{each.name}"
            self.sources[f"{name}@{each.version}"] = (each.digest, each.source)
            self.offers[name] = (*self.offers.get(name, ()), each.version)

    def reach(self) -> None:
        """Raise where the store is away."""
        if self.is_away:
            raise StoreUnreachable("Redis cannot be reached: refused")


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> FakeCatalogue:
    """Give the catalogue of the store that commands open: empty."""
    fake = FakeCatalogue()

    @dataclass
    class Store:
        catalogue: FakeCatalogue

    @asynccontextmanager
    async def open_store(_: Any) -> AsyncIterator[Store]:
        yield Store(fake)

    monkeypatch.setattr(servers, "open_store", open_store)
    return fake


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty directory that the settings name."""
    directory = tmp_path / "files"
    directory.mkdir()
    monkeypatch.setenv("RESISTOR_DEFINITIONS", str(directory))
    return directory


Call = Callable[..., Result]


@pytest.fixture
def call(catalogue: FakeCatalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """Give what calls `resistor workflow`; what it raises and should not is the test's failure."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(command_line(), ("workflow", *arguments), prog_name="resistor")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke
