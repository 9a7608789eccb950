"""Workflows under test: what a test says and asks, in the order in which it happens.

    def test_a_declined_card_gives_the_goods_back(workflows):
        workflows.load("definitions/shop")
        workflows.stub("stock.reserve", {"reservation": "r-1"})
        workflows.stub("payments.charge", Fail("card_declined"))
        workflows.stub("stock.release", {})
        run = workflows.start("shop.order.placed", ORDER)
        assert run.status == "failed"
        assert run.path == ["reserve", "charge", "reserve/compensate"]

Time stands still but where the test lets it pass. All is played on a loop of its own, so a test is a plain
function, and needs no servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import msgspec

from resistor.catalog import Catalog, load_or_raise, load_text
from resistor.daemon.dead_letters import DETAIL, REASON
from resistor.engine.facts import Fact
from resistor.engine.identity import run_id_of
from resistor.errors import ResistorError
from resistor.messages import json
from resistor.messages.command import Command, StartRun, command_to_envelope
from resistor.messages.envelope import APP_ID
from resistor.messages.event import Event, event_to_envelope
from resistor.messages.names import split_workflow
from resistor.ops.runs import Found
from resistor.ports import Publish
from resistor.sdk import Module
from resistor.testing.calls import Call
from resistor.testing.installation import Installation
from resistor.testing.reactions import seconds
from resistor.testing.stage import Install, Stage
from resistor.testing.stubs import Entry, Stubs
from resistor.testing.virtual_loop import EPOCH
from resistor.testing.watched import Emitted, WatchedRun


class Refused(ResistorError, AssertionError):
    """The daemon did not take a message. `reason` is that of the dead letter."""

    def __init__(self, message: str, reason: str = "") -> None:
        """Say what is refused, and why."""
        super().__init__(message)
        self.reason = reason


class Workflows:
    """Definitions, stubs, and the runs that events start."""

    def __init__(
        self,
        *,
        start: datetime | float = EPOCH,
        has_schedules: bool = False,
        install: Install = Installation,
        stubs: Stubs | None = None,
    ) -> None:
        """Begin at `start`, which is in UTC where it has no zone.

        `has_schedules`: workflows begin by their schedules, too.
        `install` makes what they run on, `stubs` are those of another playing.
        """
        begin = _timestamp(start) if isinstance(start, datetime) else start
        self.stubs = stubs or Stubs()
        self._stage: Stage = install(self.stubs, start=begin, has_schedules=has_schedules)
        self._letters = 0
        self._events = 0

    def __enter__(self) -> Self:
        """Give itself, for a test without the fixture: `with Workflows() as workflows:`."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    # ----------------------------------------------------------------------------------- before it

    def load(self, *paths: str | Path) -> None:
        """Deploy definition files and directories; later ones as well, as a deployment does.

        Raises `DefinitionError` with every problem, `OperatorMistake` for a path that is not there,
        `VersionConflict` for a version that is there with other content.
        """
        self.deploy(load_or_raise([Path(path) for path in paths]))

    def define(self, text: str) -> None:
        """Deploy a definition that is written in the test, as YAML. Raises as `load` does."""
        self.deploy(load_text(text.encode()).or_raise())

    def deploy(self, catalog: Catalog) -> None:
        """Deploy workflows that are loaded already. Raises `VersionConflict`."""
        _refuse_running_loop()
        self._stage.deploy(catalog)

    def stub(self, name: str, *reactions: Any, when: Callable[[Call], bool] | None = None) -> None:
        """Say what is answered to `module.action`, `module.*`, `*`, or to the step of a path.

        Each reaction is for one call, the last one for all that follow: an output, `Fail`, `Retry` or
        `Later`, a function of the `Call`, `takes`, `twice`, `NEVER`, `CRASH`. `when`: only of calls that it
        holds of. Raises `ValueError` where no reaction is given, and `TypeError` for a class.
        """
        if not reactions:
            raise ValueError(f"stub({name!r}): what is the answer? None for an output that is null")
        for reaction in reactions:
            if isinstance(reaction, type):
                raise TypeError(f"stub({name!r}): {reaction.__name__} is a class: give an object of it")
        self.stubs.say(name, [Entry(reaction, when) for reaction in reactions])

    def use(self, *modules: Module) -> None:
        """Let these modules of the SDK do their actions, but those that are stubbed."""
        for module in modules:
            self.stubs.use(module)

    # ------------------------------------------------------------------------------ what happens

    def start(
        self,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> WatchedRun:
        """Publish `namespace.event`, and return the run that it starts.

        `namespace/event@version` starts that version, as `resistor run start` does. Raises `Refused` where
        no run begins.
        """
        __tracebackhide__ = True  # of pytest: what failed is the test's line
        namespace, name, version = split_workflow(event)
        if version is not None:
            return self._start(namespace, name, version, data, id)
        runs = self.publish(event, data, id=id)
        if not runs:
            why = f"the event {id!r} was there before" if id is not None else "no workflow wanted it"
            raise Refused(f"{event} has started no run: {why}")
        return next((run for run in runs if run.name == name), runs[0])

    def publish(
        self,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        id: str | None = None,  # noqa: A002
    ) -> list[WatchedRun]:
        """Publish `namespace.event`; returns the runs that it has started. Raises `Refused`."""
        __tracebackhide__ = True
        namespace, name, _ = split_workflow(event)
        before = set(self._stage.run_ids())
        content = Event(namespace=namespace, name=name, data=msgspec.json.encode(data or {}), id=self._id(id))
        self._publish(
            Publish(
                exchange=self._stage.names.events,
                routing_key=f"{namespace}.{name}",
                envelope=event_to_envelope(content),
            )
        )
        begun = [run for run in self.runs if run.id not in before]
        return [run for run in begun if run.parent is None]

    def order(self, command: Command) -> None:
        """Give a command to a run. Raises `Refused`."""
        __tracebackhide__ = True
        envelope = command_to_envelope(command, message_id=self._id(None), now=self.now)
        names = self._stage.names
        self._publish(Publish(exchange=names.commands, routing_key=command.verb, envelope=envelope))

    def advance(self, how_long: str | float) -> None:
        """Let time pass: `90s`, `30d`, or seconds."""
        __tracebackhide__ = True
        _refuse_running_loop()
        self._stage.rest(until=self.elapsed + seconds(how_long))
        self._check()

    def finish(self, within: str | float = "366d") -> None:
        """Let time pass until every run is over, or waits for what no time brings; `within` at most.

        Schedules begin nothing meanwhile: they would never end.
        """
        __tracebackhide__ = True
        _refuse_running_loop()
        limit = self.elapsed + seconds(within)
        while self._is_unfinished and self._stage.step(until=limit):
            pass
        self._check()

    def close(self) -> None:
        """End all of it. Idempotent."""
        self._stage.close()

    # ------------------------------------------------------------------------------ what there is

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self._stage.now

    @property
    def time(self) -> datetime:
        """The time, in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def elapsed(self) -> float:
        """How many seconds have passed since the beginning."""
        return self._stage.elapsed

    @property
    def calls(self) -> Sequence[Call]:
        """All that modules were asked for, in order."""
        return self._stage.calls

    @property
    def runs(self) -> list[WatchedRun]:
        """Every run, in the order in which they began."""
        return [WatchedRun(self, run_id) for run_id in self._stage.run_ids()]

    @property
    def emitted(self) -> list[Emitted]:
        """The events that runs have published."""
        return [
            Emitted(
                message.routing_key, json.decode_trusted(message.envelope.body), message.envelope.message_id
            )
            for message in self._stage.events
            if message.envelope.app_id == APP_ID
        ]

    @property
    def refused(self) -> list[tuple[str, str]]:
        """What the daemon did not take: the reason of each dead letter, and the detail."""
        headers = [letter.envelope.headers for letter in self._stage.letters()]
        return [(str(each[REASON]), str(each.get(DETAIL))) for each in headers if REASON in each]

    def run_ids(self) -> Sequence[str]:
        """Return the ids of every run."""
        return self._stage.run_ids()

    def found(self, run_id: str) -> Found:
        """Return a run, whole, as the engine has it."""
        return self._stage.found(run_id)

    def facts(self, run_id: str) -> Sequence[Fact]:
        """Return a run's history, as the engine says it."""
        return self._stage.facts(run_id)

    # ------------------------------------------------------------------------------------- inside

    def _start(
        self, namespace: str, name: str, version: int, data: Mapping[str, Any] | None, key: str | None
    ) -> WatchedRun:
        key = self._id(key)
        run = run_id_of(namespace, name, key)
        content = msgspec.Raw(msgspec.json.encode(data or {}))
        self.order(
            StartRun(run=run, namespace=namespace, workflow=name, version=version, input=content, key=key)
        )
        return WatchedRun(self, run)

    def _publish(self, message: Publish) -> None:
        __tracebackhide__ = True
        _refuse_running_loop()
        if not self._stage.catalog.workflows:
            raise Refused("there is no workflow: load() definitions first")
        self._stage.publish(message)
        self._check()
        refused = self.refused
        fresh, self._letters = refused[self._letters :], len(refused)
        if fresh:
            reason, detail = fresh[0]
            raise Refused(f"{message.routing_key} is refused, {reason}: {detail}", reason)

    @property
    def _is_unfinished(self) -> bool:
        return not self._stage.complaints and any(not run.is_over for run in self.runs)

    def _check(self) -> None:
        __tracebackhide__ = True
        if self._stage.complaints:
            raise self._stage.complaints.pop(0)

    def _id(self, given: str | None) -> str:
        self._events += 1
        return given if given is not None else f"test-{self._events}"


def _timestamp(moment: datetime) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _refuse_running_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("workflows are played on a loop of their own: write the test with def, not async def")
