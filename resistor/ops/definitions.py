"""Finds the definitions that a command is asked about: in definition files, or as they are registered.

Called by the commands that show workflows. A definition is its resolved source, as the store keeps it; it
is never compiled here, so that one of a newer Resistor can be shown by an older one.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from resistor.config import Settings
from resistor.errors import DefinitionError, NotFound, OperatorMistake
from resistor.messages.names import split_workflow
from resistor.ops import servers


class Origin(StrEnum):
    """Where a definition was found."""

    FILES = "files"
    STORE = "store"


class Reference(NamedTuple):
    """A workflow that somebody named; without a version the latest is meant."""

    namespace: str
    name: str
    version: int | None = None

    def __str__(self) -> str:
        """Write it as it is given: `shop/order.placed@3`."""
        return f"{self.namespace}/{self.name}" + ("" if self.version is None else f"@{self.version}")


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one workflow. `source` is canonical JSON, variations resolved.

    `is_offered`: a new run may begin with it, as far as what was registered goes.
    """

    namespace: str
    name: str
    version: int
    source: bytes
    origin: Origin
    is_offered: bool = True

    @property
    def key(self) -> str:
        """What it goes by: `shop/order.placed@3`."""
        return str(Reference(self.namespace, self.name, self.version))

    @property
    def digest(self) -> str:
        """`sha256:…` over the source, as the catalog makes it."""
        return f"sha256:{hashlib.sha256(self.source).hexdigest()}"

    @property
    def content(self) -> dict[str, Any]:
        """The definition as JSON. Raises `NotFound` where it is nothing that can be shown."""
        try:
            found = json.loads(self.source)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NotFound(f"{self.key} is registered with something that is no definition")
        return found


class Where(NamedTuple):
    """Where to look: in the settings' files first and then in the store, or in one of them only.

    `paths` are files and directories in the settings' place.
    """

    paths: tuple[Path, ...] = ()
    only: Origin | None = None

    @property
    def looks_in_store(self) -> bool:
        """Whether the store is asked at all."""
        return not self.paths and self.only is not Origin.FILES


async def find(settings: Settings, reference: Reference, where: Where) -> Definition:
    """Return what `reference` names. Raises `NotFound`, and what `everything` raises."""
    seen: list[Definition] = []
    if where.only is not Origin.STORE:
        seen += _in_settings(settings, where)
    found = _named(seen, reference)
    if found is None and where.looks_in_store:
        seen += await registered(settings)
        found = _named(seen, reference)
    if found is None:
        raise NotFound(f"there is no workflow {reference}: {_hint(reference, seen)}")
    return found


async def everything(settings: Settings, where: Where) -> list[Definition]:
    """Return every version in the files, or every registered one where no files are asked for, by name.

    Raises `StoreUnreachable`, and what `in_files` raises.
    """
    found = await registered(settings) if where.looks_in_store else _in_settings(settings, where)
    return sorted(found, key=lambda each: (each.namespace, each.name, each.version))


async def registered(settings: Settings) -> list[Definition]:
    """Return every version that the store keeps. Raises `StoreUnreachable`."""
    async with servers.open_store(settings) as store:
        kept = await store.catalogue.read()
    found = []
    for key, source in kept.sources.items():
        namespace, name, version = split_workflow(key)
        is_offered = version in kept.offers.get(f"{namespace}/{name}", ())
        found.append(Definition(namespace, name, version or 0, source, Origin.STORE, is_offered=is_offered))
    return found


def in_files(paths: Sequence[Path]) -> list[Definition]:
    """Return every good version in these files.

    Raises `OperatorMistake` for a path that is not there, and `DefinitionError` where nothing is good.
    """
    from resistor.catalog import load  # noqa: PLC0415 - takes 0.2 s, which the store's side does without

    loaded = load(paths)
    if loaded.problems and not loaded.catalog.workflows:
        raise DefinitionError(loaded.problems)
    return [
        Definition(each.namespace, each.name, each.version, each.source, Origin.FILES)
        for each in loaded.catalog.workflows
    ]


def _in_settings(settings: Settings, where: Where) -> list[Definition]:
    try:
        return in_files(where.paths or settings.definitions.paths)
    except (OperatorMistake, DefinitionError):
        if where.looks_in_store:
            return []  # an operator's machine has no files; what is registered is there all the same
        raise


def _named(definitions: Iterable[Definition], wanted: Reference) -> Definition | None:
    fitting = [
        each
        for each in definitions
        if (each.namespace, each.name) == (wanted.namespace, wanted.name)
        and wanted.version in (None, each.version)
    ]
    return max(fitting, key=lambda each: each.version, default=None)


def _hint(wanted: Reference, seen: Sequence[Definition]) -> str:
    unversioned = wanted._replace(version=None)
    versions = sorted({each.version for each in seen if _named([each], unversioned)})
    if versions:
        return (
            f"there {'are versions' if len(versions) > 1 else 'is version'} {', '.join(map(str, versions))}"
        )
    names = {f"{each.namespace}/{each.name}" for each in seen}
    near = difflib.get_close_matches(str(unversioned), names, n=1)
    return f"did you mean {near[0]}?" if near else "`resistor workflow list` shows those there are"
