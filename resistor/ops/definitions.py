"""Finds the definitions that a command is asked about: in definition files, or as they are registered.

Called by the commands that show workflows. A definition is its resolved source, as the store keeps it; it
is never compiled here, so that one of a newer Resistor can be shown by an older one.
"""

from __future__ import annotations

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
    """One version of one workflow. `source` is canonical JSON, variations resolved."""

    namespace: str
    name: str
    version: int
    source: bytes
    origin: Origin

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


async def find(settings: Settings, reference: Reference, where: Where) -> Definition:
    """Return what `reference` names. Raises `NotFound`, and what `in_files` and the store raise."""
    if where.only is not Origin.STORE:
        is_asked_for = bool(where.paths) or where.only is Origin.FILES
        found = _named(_in_settings(settings, where, is_asked_for=is_asked_for), reference)
        if found is not None or is_asked_for:
            return _there(found, reference, "--files " if is_asked_for and not where.paths else "")
    return _there(_named(await registered(settings), reference), reference, "")


async def registered(settings: Settings) -> list[Definition]:
    """Return every version that the store keeps. Raises `StoreUnreachable`."""
    async with servers.open_store(settings) as store:
        kept = await store.all_registered()
    found = []
    for key, source in kept.items():
        namespace, name, version = split_workflow(key)
        found.append(Definition(namespace, name, version or 0, source, Origin.STORE))
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


def _in_settings(settings: Settings, where: Where, *, is_asked_for: bool) -> list[Definition]:
    try:
        return in_files(where.paths or settings.definitions.paths)
    except (OperatorMistake, DefinitionError):
        if is_asked_for:
            raise
        return []  # an operator's machine has no files; what is registered is there all the same


def _named(definitions: Iterable[Definition], wanted: Reference) -> Definition | None:
    fitting = [
        each
        for each in definitions
        if (each.namespace, each.name) == (wanted.namespace, wanted.name)
        and wanted.version in (None, each.version)
    ]
    return max(fitting, key=lambda each: each.version, default=None)


def _there(found: Definition | None, wanted: Reference, option: str) -> Definition:
    if found is None:
        raise NotFound(
            f"there is no workflow {wanted}: `resistor workflow list{' ' + option.strip() if option else ''}`"
            " shows those there are"
        )
    return found
