"""Which version a new run begins with, and which version a token means.

New runs go by the catalog that was read from files; a run that is under way goes by the version it began
with, from the catalog or, where no file has it any more, from the store.
"""

from __future__ import annotations

from functools import partial

from resistor.catalog import Catalog, workflow_from_source
from resistor.daemon.patience import Patience
from resistor.engine.run import Origin
from resistor.engine.workflow import Workflow, short_digest
from resistor.errors import DefinitionError, Reason, RejectedMessage, VersionConflict
from resistor.ports import Store


class Definitions:
    """The daemon's workflows."""

    def __init__(self, catalog: Catalog, store: Store, patience: Patience) -> None:
        """Take what was read from files, where to look for the rest, and how to wait for it."""
        self.catalog = catalog
        self._patience = patience
        self._store = store
        self._pinned = {key_of(workflow): workflow for workflow in catalog.workflows}

    async def register(self) -> None:
        """Keep every version in the store. Raises `VersionConflict` where one is there with other content."""
        for workflow in self.catalog.workflows:
            key = key_of(workflow)
            keep = partial(self._store.register, key, workflow.digest, workflow.source)
            kept = await self._patience.with_store(keep)
            if kept != workflow.digest:
                raise VersionConflict(
                    f"{key} is registered with other content ({kept[:19]}…, the file has"
                    f" {workflow.digest[:19]}…): a version is immutable, so give the new one version"
                    f" {workflow.version + 1}"
                )

    def starting(self, namespace: str, event: str) -> Workflow:
        """Return the version that a new run begins with. Raises `RejectedMessage` where there is none."""
        workflow = self.catalog.current(namespace, event)
        if workflow is None:
            nearest = self.catalog.nearest(namespace, event)
            hint = f"; did you mean {nearest}?" if nearest else ""
            raise RejectedMessage(
                Reason.UNKNOWN_WORKFLOW, f"no workflow is defined for {namespace}.{event}{hint}"
            )
        return workflow

    async def pinned(self, namespace: str, name: str, version: int, *, short_digest: str) -> Workflow:
        """Return the version that a run began with. Raises `RejectedMessage` where it is not to be had."""
        key = f"{namespace}/{name}@{version}"
        workflow = self._pinned.get(key)
        if workflow is None:
            source = await self._patience.with_store(partial(self._store.registered, key))
            if source is None:
                raise RejectedMessage(Reason.UNKNOWN_WORKFLOW, f"{key} is not registered")
            workflow = self._pinned[key] = _compiled(namespace, name, source)
        if workflow.short_digest != short_digest:
            raise RejectedMessage(Reason.UNKNOWN_WORKFLOW, f"{key} has other content than when the run began")
        return workflow

    async def of(self, origin: Origin) -> Workflow:
        """Return the version that a run with this origin is pinned to. Raises `RejectedMessage`."""
        short = short_digest(origin.digest)
        return await self.pinned(origin.namespace, origin.workflow, origin.version, short_digest=short)


def _compiled(namespace: str, name: str, source: bytes) -> Workflow:
    try:
        return workflow_from_source(namespace, name, source)
    except DefinitionError as error:
        detail = f"{namespace}/{name} was registered by a newer version of Resistor: {error}"
        raise RejectedMessage(Reason.UNREADABLE, detail) from None


def key_of(workflow: Workflow) -> str:
    """Return what a version is registered as: `<namespace>/<workflow>@<version>`."""
    return f"{workflow.namespace}/{workflow.name}@{workflow.version}"
