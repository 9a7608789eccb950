"""All workflows there are, and how to find one.

Made by loading; asked by the daemon for every event, and by ops. Immutable: a reload makes another.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from resistor.catalog.wording import nearest
from resistor.engine.workflow import Listen, Trigger, Workflow

_Name = tuple[str, str]


@dataclass(frozen=True)
class Catalog:
    """Workflows, each version of each once."""

    workflows: tuple[Workflow, ...] = ()

    def current(self, namespace: str, event: str) -> Workflow | None:
        """Return the version that is for everybody: the highest without `rollout`."""
        plain = [each for each in self.versions(namespace, event) if each.rollout is None]
        return plain[0] if plain else None

    def get(self, namespace: str, event: str, version: int) -> Workflow | None:
        """Return one version."""
        return self._by_name.get((namespace, event), {}).get(version)

    def versions(self, namespace: str, event: str) -> tuple[Workflow, ...]:
        """Return every version, the highest first."""
        return tuple(self._by_name.get((namespace, event), {}).values())

    def candidates(self, namespace: str, event: str) -> tuple[Workflow, ...]:
        """Return the versions that a new run may begin with, in the order in which they are asked.

        Those with a `rollout`, the highest first, whatever their number; last the one for everybody else.
        """
        chosen = [each for each in self.versions(namespace, event) if each.rollout is not None]
        current = self.current(namespace, event)
        return tuple(chosen if current is None else [*chosen, current])

    def triggered_by(self, namespace: str, event: str) -> tuple[tuple[Workflow, Trigger], ...]:
        """Return the candidates that an event starts by their `triggers`, each with the trigger."""
        return self._triggers.get((namespace, event), ())

    def listeners(self, namespace: str, event: str) -> tuple[Listen, ...]:
        """Return every `listen` for an event, of whatever version: runs of old ones wait too."""
        return self._listeners.get((namespace, event), ())

    @cached_property
    def schedules(self) -> tuple[Workflow, ...]:
        """The workflows that start by themselves: of each the version for everybody, if it has a schedule."""
        currents = (self.current(*name) for name in self._by_name)
        return tuple(each for each in currents if each is not None and each.schedule is not None)

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
    def _by_name(self) -> dict[_Name, dict[int, Workflow]]:
        found: dict[_Name, dict[int, Workflow]] = {}
        for workflow in sorted(self.workflows, key=lambda each: -each.version):
            found.setdefault((workflow.namespace, workflow.name), {})[workflow.version] = workflow
        return found

    @cached_property
    def _triggers(self) -> dict[_Name, tuple[tuple[Workflow, Trigger], ...]]:
        found: dict[_Name, list[tuple[Workflow, Trigger]]] = {}
        for name in self._by_name:
            for workflow in self.candidates(*name):
                for trigger in workflow.triggers:
                    found.setdefault((workflow.namespace, trigger.event), []).append((workflow, trigger))
        return {name: tuple(each) for name, each in found.items()}

    @cached_property
    def _listeners(self) -> dict[_Name, tuple[Listen, ...]]:
        found: dict[_Name, list[Listen]] = {}
        for workflow in self.workflows:
            for listen in workflow.listens:
                found.setdefault((workflow.namespace, listen.event), []).append(listen)
        return {name: tuple(each) for name, each in found.items()}

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
