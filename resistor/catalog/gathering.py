"""Everything that the files hold, before anything is looked into: which version stands where.

Filled by loading, file by file. Knows duplicates, because only here everything comes together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from resistor.catalog.modules import MODULES_KEY, check_module
from resistor.catalog.outline import Entry, ModuleEntry, outline
from resistor.catalog.places import Finding, Source
from resistor.catalog.reading import Document
from resistor.catalog.wording import quote
from resistor.engine.workflow import Workflow
from resistor.errors import Problem


@dataclass(slots=True, eq=False)
class Draft:
    """One version of a workflow on its way from a file. `source` is seen from its definition.

    `is_usable`: nothing around it makes it doubtful. `findings` are those of its own. `workflow` is what it
    becomes, once it is settled and good.
    """

    namespace: str
    name: str
    source: Source
    file_number: int
    is_usable: bool
    findings: list[Finding] = field(default_factory=list)
    generation: int = 0  # how many variations lie between it and a workflow that is none
    is_settled: bool = False
    workflow: Workflow | None = None

    @property
    def definition(self) -> Any:
        """The definition, a variation's resolved once it is settled."""
        return None if self.source.root is None else self.source.root.value

    @property
    def version(self) -> int | None:
        """The version, None where it is none."""
        version = self.definition.get("version") if isinstance(self.definition, dict) else None
        return version if isinstance(version, int) and not isinstance(version, bool) else None

    @property
    def key(self) -> str:
        """What the version is registered as."""
        return f"{self.namespace}/{self.name}@{self.version}"

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong with it."""
        return self.is_usable and not self.findings


@dataclass(slots=True)
class Gathered:
    """What has been read so far.

    `modules` are those in which nothing is wrong, `broken_modules` the others. `broken_files` may hold more
    workflows than could be seen in them.
    """

    drafts: list[Draft] = field(default_factory=list)
    modules: dict[str, Any] = field(default_factory=dict)
    broken_modules: set[str] = field(default_factory=set)
    broken_files: set[str] = field(default_factory=set)
    _problems: list[list[Problem]] = field(default_factory=list)  # by file
    _versions: dict[tuple[str, str, int], str] = field(default_factory=dict)
    _module_places: dict[str, str] = field(default_factory=dict)

    def add_unreadable(self, problem: Problem) -> None:
        """Take a file that there is nothing of but a problem."""
        self._problems.append([problem])
        self.broken_files.add(problem.file)

    def add(self, document: Document) -> None:
        """Take a file that was read."""
        self._problems.append(list(document.problems))
        source = document.source
        if document.problems:  # readable or not: it is not certain to say what its author meant
            self.broken_files.add(source.file)
        if source.root is None:
            return
        for each in outline(source.root.value):
            match each:
                case Finding():
                    self._problems[-1].append(source.locate(each))
                    self.broken_files.add(source.file)
                case Entry():
                    self._add_version(each, source, is_usable=each.named and not document.problems)
                case ModuleEntry():
                    self._add_module(each, source)

    def problems(self) -> tuple[Problem, ...]:
        """Return everything that is wrong, in the order of the files and of their lines."""
        by_file = [list(problems) for problems in self._problems]
        for draft in self.drafts:
            by_file[draft.file_number] += map(draft.source.locate, draft.findings)
        return tuple(
            problem
            for problems in by_file
            for problem in sorted(problems, key=lambda problem: (problem.line, problem.column))
        )

    def _add_version(self, entry: Entry, source: Source, *, is_usable: bool) -> None:
        number = len(self._problems) - 1
        draft = Draft(entry.namespace, entry.event, source.below(entry.path), number, is_usable)
        self.drafts.append(draft)
        if draft.version is None:
            return
        key = (draft.namespace, draft.name, draft.version)
        if key not in self._versions:
            self._versions[key] = f"{source.file}:{draft.source.place(('version',))[0]}"
        else:
            name = quote(f"{draft.namespace}/{draft.name}")
            message = f"version {draft.version} of {name} is defined already, at {self._versions[key]}"
            draft.findings.append(Finding(("version",), message, "a changed workflow takes the next version"))

    def _add_module(self, entry: ModuleEntry, source: Source) -> None:
        findings = [finding.within(entry.path) for finding in check_module(entry.defaults)]
        if entry.module not in self._module_places:
            self._module_places[entry.module] = f"{source.file}:{source.place(entry.path, key=True)[0]}"
            self.modules[entry.module] = entry.defaults
        else:
            first = self._module_places[entry.module]
            message = f"{quote(entry.module)} stands under `{MODULES_KEY}` already, at {first}"
            findings.append(Finding(entry.path, message, "write all of it in one place", at_key=True))
        self._problems[-1] += map(source.locate, findings)
        if findings:
            self.broken_modules.add(entry.module)
            self.modules.pop(entry.module, None)
