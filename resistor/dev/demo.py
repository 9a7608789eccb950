"""The demo: its events, how each is meant to end, and showing runs as they go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from resistor.bus import AmqpBus, Names
from resistor.config import Settings
from resistor.engine.identity import run_id
from resistor.messages import json
from resistor.messages.event import Event, event_to_envelope
from resistor.ops.runs import Reader
from resistor.ops.tree import run_tree
from resistor.ops.views import View
from resistor.ports import Publish
from resistor.store import RedisStore
from resistor.store.keys import Keys
from resistor.store.reading import RunFilter

MODULES = (
    "workers.payments:payments",
    "workers.stock:stock",
    "workers.parcel:parcel",
    "workers.mail:mail",
    "workers.seed:moduleA",
    "workers.seed:moduleB",
)

FRAME_SECONDS = 0.1
SHOWN_RUNS = 12  # of the latest, so that the page fits a terminal
PATIENCE_SECONDS = 60.0  # for the demo's runs to end: they take a few milliseconds each

ORDER: dict[str, Any] = {
    "order_id": "o-1001",
    "customer": {"name": "Ada", "email": "ada@example.org", "address": "12 Analytical Way"},
    "lines": [{"sku": "tea", "quantity": 2}],
    "amount": 1250,
    "currency": "EUR",
    "card": "tok_visa",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One event of the demo, and the status that its run is meant to end with.

    `then` are events that the run waits for.
    """

    event: Event
    ends: str
    about: str
    then: tuple[Event, ...] = ()

    @property
    def run(self) -> str:
        """The id of the run that it starts."""
        return run_id(self.event, "")


def scenes() -> tuple[Scene, ...]:
    """Return the demo's events; their ids hold the time, so that each demo has runs of its own."""
    declined = ORDER | {"order_id": "o-1002", "card": "tok_declined"}
    return (
        _scene("shop.order.placed", ORDER, "an order: four modules, one after the other"),
        _scene("outlet.order.placed", ORDER, "the same event in another namespace: a variation"),
        _scene("shop.order.placed", declined, "the card is declined: this run is meant to fail", "failed"),
        _return(),
        _scene("namespaceA.event1", {"n": 1}, "the smallest workflow"),
        _scene("namespaceB.event1", {"n": 2}, "the same, with another module"),
        _scene("namespaceC.event1", {"n": 3}, "both, in their order"),
    )


def _return() -> Scene:
    lines = [{"sku": "tea", "quantity": 2}, {"sku": "broken", "quantity": 1}]
    wanted = {"order_id": f"o-{time.time_ns()}", "lines": lines, "amount": 1500, "currency": "EUR"}
    arrived = Event(
        namespace="shop",
        name="parcel.returned",
        data=json.encode({"order_id": wanted["order_id"]}),
        id=f"demo-parcel-{time.time_ns()}",
    )
    scene = _scene("shop.return.requested", wanted, "goods come back: an event waited for, a step per line")
    return Scene(scene.event, scene.ends, scene.about, (arrived,))


def _scene(name: str, data: dict[str, Any], about: str, ends: str = "completed") -> Scene:
    namespace, _, event = name.partition(".")
    identity = f"demo-{data.get('order_id', data.get('n'))}-{time.time_ns()}"
    return Scene(Event(namespace=namespace, name=event, data=json.encode(data), id=identity), ends, about)


def definitions() -> Path:
    """Return the directory of the demo's definitions: in the package, or in a checkout beside it."""
    packaged = Path(__file__).parent / "definitions"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "definitions"


class Show:
    """Plays the demo on a stack that is up, and shows its runs."""

    def __init__(self, settings: Settings, console: Console) -> None:
        """Show on `console` what happens on the servers of `settings`."""
        self._settings = settings
        self._console = console
        keys = Keys(settings.broker.prefix, settings.store.partitions)
        self._store = RedisStore(settings.store.url, keys, timeout=settings.store.timeout_seconds)
        self._reader = Reader(self._store)

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._store.close()

    async def publish(self, played: Sequence[Scene]) -> None:
        """Publish the events, as any AMQP client could."""
        names = Names(self._settings.broker.prefix)
        async with AmqpBus(self._settings.broker.url, names, client_name="resistor demo") as bus:
            await bus.publish(
                [
                    Publish(
                        exchange=names.events,
                        routing_key=f"{event.namespace}.{event.name}",
                        envelope=event_to_envelope(event),
                    )
                    for scene in played
                    for event in (scene.event, *scene.then)
                ]
            )

    async def watch(self, played: Sequence[Scene]) -> bool:
        """Show the demo's runs to their end; returns whether each ended as it is meant to."""
        about = {scene.run: scene.about for scene in played}
        views: list[View | None] = []
        with self._live() as live:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while not views or not all(_is_over(view) for view in views):
                        views = [await self._look(scene.run) for scene in played]
                        live.update(_page([view for view in views if view], about))
                        await asyncio.sleep(FRAME_SECONDS)
            except TimeoutError:
                self._console.print(f"[red]not every run ended within {PATIENCE_SECONDS:g} s[/]")
                return False
        return all(
            view is not None and view["status"] == scene.ends
            for view, scene in zip(views, played, strict=True)
        )

    async def follow(self, known: Sequence[str], until: asyncio.Event) -> None:
        """Show runs that begin from now on, each as a tree when it ends, until `until` is set."""
        seen = set(known)
        began = time.time()
        while not until.is_set():
            for run in await self._store.list_runs(RunFilter(since=began, limit=SHOWN_RUNS)):
                if run.id not in seen and run.state.status.is_final:
                    seen.add(run.id)
                    view = await self._look(run.id)
                    if view is not None:
                        self._console.print(run_tree(view, now=time.time()), "")
            await _pause(until, FRAME_SECONDS)

    async def _look(self, run: str) -> View | None:
        found = await self._reader.look(run)
        return None if found is None else found.view

    def _live(self) -> Live:
        # On a terminal the trees grow; elsewhere they are printed once, when all is over.
        return Live(console=self._console, refresh_per_second=10, transient=False)


def _page(views: Sequence[View], about: dict[str, str]) -> RenderableType:
    parts: list[RenderableType] = []
    for view in views[-SHOWN_RUNS:]:
        if view["id"] in about:
            parts.append(Text(about[view["id"]], style="italic dim"))
        parts += [run_tree(view, now=time.time()), Text("")]
    return Group(*parts)


def _is_over(view: View | None) -> bool:
    return view is not None and view["finished_at"] is not None


async def _pause(until: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await until.wait()
    except TimeoutError:
        return
