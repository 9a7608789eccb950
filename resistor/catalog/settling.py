"""Variations find their bases, and every definition is checked and compiled, bases before their variations.

Called by loading when all files are read. A base is looked for in the files, then among the versions that
are registered: one whose file is gone can still be extended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from resistor.catalog.compiling import build, check, source_of
from resistor.catalog.gathering import Draft
from resistor.catalog.modules import MODULES_KEY
from resistor.catalog.places import Finding, Node
from resistor.catalog.self_runs import check_self_runs
from resistor.catalog.variations import check_variation, is_variation, resolve
from resistor.catalog.wording import did_you_mean, quote
from resistor.messages.names import split_workflow

MOST_GENERATIONS = 16
"""Variations of variations: as deep as blocks and sub-workflows may be."""

_Base = Draft | Mapping[str, Any]


class Settling:
    """The drafts of one load, and what is registered."""

    def __init__(
        self, drafts: list[Draft], modules: Mapping[str, Any], registered: Mapping[str, bytes]
    ) -> None:
        """Take what the files hold, and sources by `namespace/workflow@version`."""
        self._drafts = drafts
        self._modules = modules
        self._registered = registered
        self._by_name: dict[tuple[str, str], dict[int, Draft]] = {}
        for draft in drafts:
            if draft.version is not None:
                versions = self._by_name.setdefault((draft.namespace, draft.name), {})
                versions.setdefault(draft.version, draft)
        self._bases: dict[int, tuple[str, _Base]] = {}  # by the id() of the variation

    def settle_all(self) -> None:
        """Resolve, check and compile every draft. What is wrong is in its findings then."""
        for draft in self._drafts:
            for each in reversed(self._line_of(draft)):
                self._settle(each)

    def _line_of(self, draft: Draft) -> list[Draft]:
        """Return a draft and the bases that are to be settled before it, the furthest last."""
        line: list[Draft] = []
        seen: set[int] = set()
        while not draft.is_settled and id(draft) not in seen:
            line.append(draft)
            seen.add(id(draft))
            _, base = self._bases.get(id(draft)) or self._find_base(draft) or ("", None)
            if not isinstance(base, Draft):
                return line
            draft = base
        if id(draft) in seen:
            way = " → ".join(each.key for each in (*line[line.index(draft) :], draft))
            line[-1].findings.append(Finding(("extends",), f"this extends itself: {way}"))
        return line

    def _settle(self, draft: Draft) -> None:
        draft.is_settled = True
        if is_variation(draft.definition) and not self._resolve(draft):
            return
        draft.findings += check(draft.definition)
        draft.findings += check_self_runs(draft.namespace, draft.name, draft.definition)
        if draft.is_good:  # at once: its expressions are compiled already, and not kept for long
            source = source_of(draft.definition, self._modules)
            draft.workflow = build(draft.namespace, draft.name, source)

    def _resolve(self, draft: Draft) -> bool:
        """Put the whole workflow in a variation's place. Says whether that went well."""
        if draft.findings or id(draft) not in self._bases:
            return False
        origin, base = self._bases[id(draft)]
        if isinstance(base, Draft):
            draft.generation = base.generation + 1
            if not base.is_good:
                message = f"this extends {quote(origin)}, in which something is wrong"
                draft.findings.append(Finding(("extends",), message, "put that right first"))
                return False
        if draft.generation > MOST_GENERATIONS:
            message = f"variations of variations go {MOST_GENERATIONS} deep at most"
            draft.findings.append(Finding(("extends",), message))
            return False
        root = draft.source.root
        assert root is not None  # noqa: S101 - a draft's source always has one
        found = resolve(root, base.definition if isinstance(base, Draft) else base, origin)
        if isinstance(found, Node):
            draft.source = draft.source.seen_from(found)
            return True
        draft.findings += found
        return False

    # -------------------------------------------------------------------------------- bases

    def _find_base(self, draft: Draft) -> tuple[str, _Base] | None:
        """Find the base of a variation and keep it, or say why there is none."""
        if not is_variation(draft.definition):
            return None
        draft.findings += check_variation(draft.definition)
        if draft.findings:
            return None
        namespace, name, version = split_workflow(draft.definition["extends"])
        version = version or self._noted(draft, namespace, name) or self._highest(draft, namespace, name)
        origin = f"{namespace}/{name}@{version}"
        base = self._by_name.get((namespace, name), {}).get(version or 0) or self._read(origin)
        if base is None:
            draft.findings.append(self._unknown(namespace, name, version))
            return None
        self._bases[id(draft)] = (origin, base)
        return origin, base

    def _noted(self, draft: Draft, namespace: str, name: str) -> int | None:
        """Return the version that this variation extended when it was registered, if it was."""
        note = (self._read(draft.key) or {}).get("extends")
        try:
            *known, version = split_workflow(note) if isinstance(note, str) else ("", "", None)
        except ValueError:
            return None
        return version if known == [namespace, name] and isinstance(version, int) else None

    def _highest(self, draft: Draft, namespace: str, name: str) -> int | None:
        here = [v for v, each in self._by_name.get((namespace, name), {}).items() if each is not draft]
        return max(here or self._registered_versions(namespace, name), default=None)

    def _registered_versions(self, namespace: str, name: str) -> list[int]:
        keys = (key.rpartition("@") for key in self._registered)
        return [int(version) for known, _, version in keys if known == f"{namespace}/{name}"]

    def _read(self, key: str) -> Mapping[str, Any] | None:
        try:
            definition = json.loads(self._registered[key])
        except (KeyError, ValueError):
            return None
        if not isinstance(definition, dict):
            return None
        return {name: each for name, each in definition.items() if name != MODULES_KEY}

    def _unknown(self, namespace: str, name: str, version: int | None) -> Finding:
        wanted = f"{namespace}/{name}"
        versions = {*self._by_name.get((namespace, name), ()), *self._registered_versions(namespace, name)}
        if versions:
            hint = f"there is {', '.join(map(str, sorted(versions)))}"
            return Finding(("extends",), f"there is no version {version} of {quote(wanted)}", hint)
        known = {f"{a}/{b}" for a, b in self._by_name} | {key.rpartition("@")[0] for key in self._registered}
        return Finding(("extends",), f"there is no workflow {quote(wanted)}", did_you_mean(wanted, known))
