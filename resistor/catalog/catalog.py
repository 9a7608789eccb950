"""All workflows there are, and how to find one.

Made by loading; asked by the daemon for every event, and by ops. Immutable: a reload makes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from resistor.catalog.wording import nearest
from resistor.engine.workflow import Workflow


@dataclass(frozen=True)
class Catalog:
    """Workflows, each version of each once."""

    workflows: tuple[Workflow, ...] = ()

    def current(self, namespace: str, event: str) -> Workflow | None:
        """Return the version that an event starts: the highest."""
        versions = self._by_name.get((namespace, event))
        return versions[max(versions)] if versions else None

    def get(self, namespace: str, event: str, version: int) -> Workflow | None:
        """Return one version."""
        return self._by_name.get((namespace, event), {}).get(version)

    @cached_property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that have a workflow, sorted."""
        return tuple(sorted({workflow.namespace for workflow in self.workflows}))

    @cached_property
    def modules(self) -> frozenset[str]:
        """Every module that a step of any version names."""
        return frozenset[str]().union(*(workflow.modules for workflow in self.workflows))

    def nearest(self, namespace: str, event: str) -> str | None:
        """Return `NAMESPACE.EVENT` of the workflow that was probably meant, or None.

        Looks in the namespace first, then in one of nearly that name, then for the same event anywhere;
        never through everything, because the daemon asks for every unknown event.
        """
        for candidate in (namespace, nearest(namespace, self.namespaces)):
            events = self._events_in.get(candidate or "", ())
            found = event if event in events else nearest(event, events)
            if found is not None and (candidate, found) != (namespace, event):
                return f"{candidate}.{found}"
        elsewhere = self._namespaces_with.get(event, ())
        return next((f"{other}.{event}" for other in elsewhere if other != namespace), None)

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], dict[int, Workflow]]:
        found: dict[tuple[str, str], dict[int, Workflow]] = {}
        for workflow in self.workflows:
            found.setdefault((workflow.namespace, workflow.name), {})[workflow.version] = workflow
        return found

    @cached_property
    def _events_in(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for namespace, event in self._by_name:
            found.setdefault(namespace, []).append(event)
        return found

    @cached_property
    def _namespaces_with(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for namespace, event in self._by_name:
            found.setdefault(event, []).append(namespace)
        return found
