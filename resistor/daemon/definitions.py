"""Which version a new run begins with, which one a token means, who else an event concerns.

What may begin is what the catalogue in the store offers: every daemon, and whoever registers from elsewhere,
sees the same. A run that is under way goes by the version it began with, which stays in the store while a
run may need it. The view is swapped whole, so that a reader never sees half of a registration.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from resistor.catalog import Catalog, workflow_from_source
from resistor.daemon.patience import Patience
from resistor.engine.rollout import chosen
from resistor.engine.run import Origin
from resistor.engine.workflow import Listen, Trigger, Workflow, short_digest
from resistor.errors import DefinitionError, Reason, RejectedMessage, VersionConflict
from resistor.messages.event import Event
from resistor.ports import Registered, Store

log = logging.getLogger(__name__)

_MAY_LISTEN = b'"listen"'


@dataclass(frozen=True)
class View:
    """The catalogue as of one revision: what is offered to new runs, and who of all versions listens."""

    revision: int = -1
    offered: Catalog = field(default_factory=Catalog)
    listening: Catalog = field(default_factory=Catalog)


class Definitions:
    """The daemon's workflows."""

    def __init__(self, store: Store, patience: Patience) -> None:
        """Take where they are registered, and how to wait for it."""
        self._store = store
        self._patience = patience
        self._view = View()
        self._compiled: dict[str, Workflow] = {}

    def beside(self, store: Store, patience: Patience) -> Definitions:
        """Return the same on another connection, with all that has been seen and compiled."""
        other = Definitions(store, patience)
        other._view, other._compiled = self._view, dict(self._compiled)
        return other

    @property
    def revision(self) -> int:
        """The revision of the catalogue that was seen last."""
        return self._view.revision

    @property
    def offered(self) -> Catalog:
        """What new runs may begin with."""
        return self._view.offered

    @property
    def listening(self) -> Catalog:
        """Every version in which a step listens, and every one that is offered."""
        return self._view.listening

    # ------------------------------------------------------------------------------------ registering

    async def register(self, catalog: Catalog, withdrawn: frozenset[tuple[str, str]] = frozenset()) -> None:
        """Register a catalog whole, and see what everybody sees then.

        Raises `VersionConflict` where a version is there with other content; then nothing is registered.
        `withdrawn` names workflows that are offered no more.
        """
        entries = {key_of(each): (each.digest, each.source) for each in catalog.workflows}
        offers: dict[str, tuple[int, ...]] = {f"{ns}/{name}": () for ns, name in withdrawn}
        for each in catalog.workflows:
            name = f"{each.namespace}/{each.name}"
            offers[name] = tuple(sorted({*offers.get(name, ()), each.version}))
        done = await self._patience.with_store(partial(self._store.catalogue.register_all, entries, offers))
        for each in catalog.workflows:
            kept = done.kept[key_of(each)]
            if kept != each.digest:
                raise VersionConflict(
                    f"{key_of(each)} is registered with other content ({kept[:19]}…, the file has"
                    f" {each.digest[:19]}…): a version is immutable, so give the new one version"
                    f" {each.version + 1}",
                    (each.namespace, each.name),
                )
        self._compiled |= {key_of(each): each for each in catalog.workflows}
        await self.refresh()

    async def refresh(self) -> bool:
        """Look whether the catalogue has changed, and take it over; returns whether it had.

        Also where somebody else has taken it over while this was looking: whoever found nothing before has
        to look again.
        """
        before = self._view.revision
        revision = await self._patience.with_store(self._store.catalogue.revision)
        if revision == self._view.revision:
            return revision != before
        if revision < self._view.revision:
            await self._put_back()
        registered = await self._patience.with_store(self._store.catalogue.read)
        self._view = self._seen(registered)
        return True

    async def _put_back(self) -> None:
        """Register all that we know once more: the number never falls but where the store went back."""
        log.warning("the store has lost definitions: put back", extra={"action": "catalogue_put_back"})
        entries = {key: (each.digest, each.source) for key, each in self._compiled.items()}
        offers: dict[str, tuple[int, ...]] = {}
        for each in self._view.offered.workflows:
            name = f"{each.namespace}/{each.name}"
            offers[name] = tuple(sorted({*offers.get(name, ()), each.version}))
        await self._patience.with_store(partial(self._store.catalogue.register_all, entries, offers))

    async def sources(self) -> Mapping[str, bytes]:
        """Return every version that was ever registered: variations may extend them."""
        return (await self._patience.with_store(self._store.catalogue.read)).sources

    def _seen(self, registered: Registered) -> View:
        keys = [f"{name}@{version}" for name, versions in registered.offers.items() for version in versions]
        offered = [found for key in keys if (found := self._known(key, registered)) is not None]
        old = [key for key, source in registered.sources.items() if _MAY_LISTEN in source]
        listening = [found for key in old if (found := self._known(key, registered)) is not None]
        every = {key_of(each): each for each in (*offered, *listening)}
        return View(registered.revision, Catalog(tuple(offered)), Catalog(tuple(every.values())))

    def _known(self, key: str, registered: Registered) -> Workflow | None:
        """Return a registered version, compiled; None for one that only a newer Resistor understands."""
        found = self._compiled.get(key)
        source = registered.sources.get(key)
        if found is None and source is not None:
            namespace, _, name = key.rpartition("@")[0].partition("/")
            try:
                found = self._compiled[key] = workflow_from_source(namespace, name, source)
            except DefinitionError as error:
                log.warning(
                    "%s cannot be read, and starts no runs here: %s",
                    key,
                    error,
                    extra={"action": "unreadable"},
                )
        return found

    # -------------------------------------------------------------------------------------- new runs

    def starting(self, event: Event, run: str) -> Workflow | None:
        """Return the version that the run of an event begins with; None where there is none."""
        return self.choose(event.namespace, event.name, event, run)

    def choose(self, namespace: str, name: str, event: Event, run: str) -> Workflow | None:
        """Return the version of a workflow that run `run` gets."""
        candidates = self.offered.candidates(namespace, name)
        return chosen(candidates, event, run) if candidates else None

    async def wanted(self, event: Event, run: str, version: int | None) -> Workflow:
        """Return the version that is asked for by number, or the one that an event would get.

        Raises `RejectedMessage` where there is none.
        """
        if version is not None:
            found = await self._registered(f"{event.namespace}/{event.name}@{version}")
        else:
            found = self.starting(event, run)
            if found is None and await self.refresh():
                found = self.starting(event, run)
        if found is None:
            raise self.unknown(event.namespace, event.name)
        return found

    def triggered_by(self, namespace: str, event: str) -> tuple[tuple[Workflow, Trigger], ...]:
        """Return the workflows that an event of another name starts."""
        return self.offered.triggered_by(namespace, event)

    def listeners(self, namespace: str, event: str) -> tuple[Listen, ...]:
        """Return every `listen` for an event, of whatever version: runs of old ones wait too."""
        return self.listening.listeners(namespace, event)

    def is_known(self, namespace: str, event: str) -> bool:
        """Whether an event means something here, even if it starts nothing this time."""
        catalog = self.offered
        return bool(catalog.candidates(namespace, event) or catalog.triggered_by(namespace, event))

    def unknown(self, namespace: str, event: str) -> RejectedMessage:
        """Return what is said of an event that no workflow takes."""
        nearest = self.offered.nearest(namespace, event)
        hint = f"; did you mean {nearest}?" if nearest else ""
        return RejectedMessage(
            Reason.UNKNOWN_WORKFLOW, f"no workflow is defined for {namespace}.{event}{hint}"
        )

    # ------------------------------------------------------------------------------- runs that are open

    async def pinned(self, namespace: str, name: str, version: int, *, short_digest: str) -> Workflow:
        """Return the version that a run began with. Raises `RejectedMessage` where it is not to be had."""
        key = f"{namespace}/{name}@{version}"
        workflow = await self._registered(key)
        if workflow is None:
            raise RejectedMessage(Reason.UNKNOWN_WORKFLOW, f"{key} is not registered")
        if workflow.short_digest != short_digest:
            raise RejectedMessage(Reason.UNKNOWN_WORKFLOW, f"{key} has other content than when the run began")
        return workflow

    async def of(self, origin: Origin) -> Workflow:
        """Return the version that a run with this origin is pinned to. Raises `RejectedMessage`."""
        short = short_digest(origin.digest)
        return await self.pinned(origin.namespace, origin.workflow, origin.version, short_digest=short)

    async def _registered(self, key: str) -> Workflow | None:
        found = self._compiled.get(key)
        if found is None:
            source = await self._patience.with_store(partial(self._store.catalogue.source, key))
            if source is not None:
                namespace, _, name = key.rpartition("@")[0].partition("/")
                found = self._compiled[key] = _compiled(namespace, name, source)
        return found


def _compiled(namespace: str, name: str, source: bytes) -> Workflow:
    try:
        return workflow_from_source(namespace, name, source)
    except DefinitionError as error:
        detail = f"{namespace}/{name} was registered by a newer version of Resistor: {error}"
        raise RejectedMessage(Reason.UNREADABLE, detail) from None


def key_of(workflow: Workflow) -> str:
    """Return what a version is registered as: `<namespace>/<workflow>@<version>`."""
    return f"{workflow.namespace}/{workflow.name}@{workflow.version}"
