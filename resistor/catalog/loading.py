"""Definition files to a catalog, and everything that is wrong with them.

Called at start-up, on a reload, and by `resistor workflow validate`. All or nothing for each workflow:
one that has a problem is left out, and the others load.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from resistor.catalog import files
from resistor.catalog.catalog import Catalog
from resistor.catalog.compiling import build, check
from resistor.catalog.outline import Entry, outline
from resistor.catalog.places import Finding, Source
from resistor.catalog.reading import MAX_BYTES, Document, read
from resistor.catalog.wording import quote
from resistor.engine.workflow import Workflow
from resistor.errors import DefinitionError, Problem


@dataclass(frozen=True, slots=True)
class Loaded:
    """The workflows that are good, and every problem of the others, in the order of the files."""

    catalog: Catalog
    problems: tuple[Problem, ...] = ()

    def or_raise(self) -> Catalog:
        """Return the catalog if all is well. Raises `DefinitionError` with every problem."""
        if self.problems:
            raise DefinitionError(self.problems)
        return self.catalog


def load(paths: Path | Sequence[Path]) -> Loaded:
    """Load files and directories, any nesting. Raises `OperatorMistake` for a path that is not there."""
    collection = _Collection()
    for file in files.find([paths] if isinstance(paths, Path) else paths):
        raw = file if isinstance(file, Problem) else files.read_bytes(file, MAX_BYTES)
        if isinstance(raw, Problem):
            collection.problems.append(raw)
        else:
            collection.add(read(raw, str(file)))
    return collection.loaded()


def load_or_raise(paths: Path | Sequence[Path]) -> Catalog:
    """Load as `load` does. Raises `DefinitionError` with every problem, `OperatorMistake` likewise."""
    return load(paths).or_raise()


def load_text(raw: bytes, file: str = "<text>") -> Loaded:
    """Load one file's content. `file` is its name in problems; one that ends in `.json` is held to JSON."""
    collection = _Collection()
    collection.add(read(raw, file))
    return collection.loaded()


@dataclass
class _Collection:
    """What has been loaded so far, and where each version stands."""

    workflows: list[Workflow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _places: dict[tuple[str, str, int], str] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        found = list(document.problems)
        if document.source.root is not None:
            spoilt = bool(document.problems)  # readable, but not certain to say what its author meant
            found += self._add_entries(document.source, spoilt=spoilt)
        self.problems += sorted(found, key=lambda problem: (problem.line, problem.column))

    def loaded(self) -> Loaded:
        return Loaded(Catalog(tuple(self.workflows)), tuple(self.problems))

    def _add_entries(self, source: Source, *, spoilt: bool) -> Iterator[Problem]:
        assert source.root is not None  # noqa: S101 - the caller has looked
        for each in outline(source.root.value):
            if isinstance(each, Finding):
                yield source.locate(each)
                continue
            findings = [*check(each.definition), *self._duplicates(each, source)]
            yield from _located(findings, each, source)
            if not findings and each.named and not spoilt:
                self.workflows.append(build(each.namespace, each.event, each.definition))

    def _duplicates(self, entry: Entry, source: Source) -> Iterator[Finding]:
        version = entry.definition.get("version") if isinstance(entry.definition, dict) else None
        if not isinstance(version, int) or isinstance(version, bool):
            return
        key = (entry.namespace, entry.event, version)
        path = ("version",)
        if key not in self._places:
            self._places[key] = f"{source.file}:{source.place((*entry.path, *path))[0]}"
        else:
            name = quote(f"{entry.namespace}/{entry.event}")
            message = f"version {version} of {name} is defined already, at {self._places[key]}"
            yield Finding(path, message, "a changed workflow takes the next version")


def _located(findings: Iterable[Finding], entry: Entry, source: Source) -> Iterator[Problem]:
    return (source.locate(finding.within(entry.path)) for finding in findings)
