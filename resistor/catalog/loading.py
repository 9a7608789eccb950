"""Definition files to a catalog, and everything that is wrong with them.

Called at start-up, on a reload, and by `resistor workflow validate`. All or nothing for each workflow: where
one version has a problem, all versions are left out, and the other workflows load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resistor.catalog import files
from resistor.catalog.catalog import Catalog
from resistor.catalog.gathering import Gathered
from resistor.catalog.modules import uses_of
from resistor.catalog.reading import MAX_BYTES, read
from resistor.catalog.scenario_files import is_scenario
from resistor.catalog.settling import Settling
from resistor.errors import DefinitionError, Problem

_NOTHING: Mapping[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Loaded:
    """The workflows that are good, and every problem of the others, in the order of the files.

    `broken` names the workflows (namespace, event) of which no version was taken; `broken_files` are files
    that may define workflows that cannot even be named. A reload keeps what it had of the former, and of
    everything that is gone while there is one of the latter.
    """

    catalog: Catalog
    problems: tuple[Problem, ...] = ()
    broken: frozenset[tuple[str, str]] = frozenset()
    broken_files: frozenset[str] = frozenset()

    def or_raise(self) -> Catalog:
        """Return the catalog if all is well. Raises `DefinitionError` with every problem."""
        if self.problems:
            raise DefinitionError(self.problems)
        return self.catalog


def load(paths: Path | Sequence[Path], registered: Mapping[str, bytes] = _NOTHING) -> Loaded:
    """Load files and directories, any nesting; scenarios are passed over.

    Raises `OperatorMistake` for a path that is not there.

    `registered` is what the store has, sources by `namespace/workflow@version`: a variation may extend one
    of those where no file has it any more.
    """
    gathered = Gathered()
    for file in files.find([paths] if isinstance(paths, Path) else paths):
        raw = file if isinstance(file, Problem) else files.read_bytes(file, MAX_BYTES)
        if isinstance(raw, Problem):
            gathered.add_unreadable(raw)
        elif not is_scenario(raw):
            gathered.add(read(raw, str(file)))
    return _loaded(gathered, registered)


def load_or_raise(paths: Path | Sequence[Path], registered: Mapping[str, bytes] = _NOTHING) -> Catalog:
    """Load as `load` does. Raises `DefinitionError` with every problem, `OperatorMistake` likewise."""
    return load(paths, registered).or_raise()


def load_text(raw: bytes, file: str = "<text>", registered: Mapping[str, bytes] = _NOTHING) -> Loaded:
    """Load one file's content. `file` is its name in problems; one that ends in `.json` is held to JSON."""
    gathered = Gathered()
    gathered.add(read(raw, file))
    return _loaded(gathered, registered)


def _loaded(gathered: Gathered, registered: Mapping[str, bytes]) -> Loaded:
    Settling(gathered.drafts, gathered.modules, registered).settle_all()
    broken = frozenset(
        (draft.namespace, draft.name)
        for draft in gathered.drafts
        if not draft.is_good or _is_doubtful(draft.definition, gathered.broken_modules)
    )
    workflows = tuple(
        draft.workflow
        for draft in gathered.drafts
        if draft.workflow is not None and (draft.namespace, draft.name) not in broken
    )
    return Loaded(Catalog(workflows), gathered.problems(), broken, frozenset(gathered.broken_files))


def _is_doubtful(definition: Any, broken_modules: set[str]) -> bool:
    """Say whether it is unknown what holds for a module in it: a version must not be registered so."""
    return bool(broken_modules) and any(module in broken_modules for module, _ in uses_of(definition))
