"""Plays a case on the pure engine, in virtual time.

    outcome = Driver(case).play()

Everything that is asked of modules and other runs is answered in the order in which it went out, as the
case's `answers` say. When all is quiet the next entry of the `story` happens; after the last one time leaps
from timer to timer until nothing moves. A story has

    {after: 30s}                    time passes, timers fire on the way
    {answer: {address: …}}          an action or a called run left with `never`; `attempt:` an older one
    {event: paid, data: {…}, id: …} an event, told to every `listen` that it concerns, now or (`buffer`) later
    {reply: {path: value}}          a person; `refused: text` where the answer does not fit
    {cancel: why} {terminate: why}  {granted: true} {denied: why}

Every decision is held to tests/unit/engine/world.py: made from the whole run, from parts and again, through
bytes, within the laws. Every answer that counts is delivered twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from resistor.catalog.durations import parse_duration
from resistor.engine import Verdict, advance
from resistor.engine.decision import AcquireSlot, Dispatch, EndChild, Outgoing, StartChild, Subscribe
from resistor.engine.inbound import (
    Answered,
    Cancel,
    ChildEnded,
    Denied,
    Granted,
    Heard,
    Inbound,
    Replied,
    Start,
    Terminate,
    Wake,
)
from resistor.engine.kinds.listening import keys_of_event
from resistor.engine.limits import Limits
from resistor.engine.run import Child, Parent, RunStatus
from resistor.errors import RejectedMessage
from resistor.messages import json
from resistor.messages.event import Event
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress
from tests.conformance.cases import Case
from tests.unit.engine.outside import Outside
from tests.unit.engine.world import RUN, World

NOON = 1769860800.0  # 2026-01-31T12:00:00Z
MOST_MESSAGES = 3_000
PARENT = Parent("p" * 20, "call")


@dataclass
class Ledger(Outside):
    """Everything that went out, in order."""

    log: list[Outgoing] = field(default_factory=list)

    def receive(self, outgoing: Outgoing) -> None:
        """Write it down."""
        super().receive(outgoing)
        self.log.append(outgoing)


class Driver:
    """One run, from its event to where nothing moves it any more."""

    def __init__(self, case: Case) -> None:
        """Load the definition; nothing has happened yet."""
        self.case = case
        self.ledger = Ledger()
        limits = Limits(**dict(case.limits))
        self.world = World(case.workflow(), limits, now=NOON, outside=self.ledger)
        self.refusal: str | None = None
        self.published: list[tuple[float, Event]] = []
        self._open: deque[Dispatch | StartChild] = deque()
        self._kept: dict[str, Dispatch | StartChild] = {}
        self._used: dict[str, int] = {}
        self._seen = 0
        self._events = 0
        self._is_asking = False

    # ------------------------------------------------------------------------------------- playing

    def play(self) -> Driver:
        """Let everything happen."""
        self._start()
        if self.refusal is not None:
            return self
        self._answer_all()
        for entry in self.case.story:
            self._happen(entry)
            self._answer_all()
        while self.world.kept.timers and not self.world.is_over:
            self._leap()
        return self

    def _start(self) -> None:
        given: dict[str, Any] = {"id": "e-1", "time": NOON - 60} | dict(self.case.event)
        workflow = self.world.workflow
        event = Event(
            namespace=workflow.namespace, name=workflow.name, data=json.encode(self.case.input), **given
        )
        parent = PARENT if self.case.parent else None
        start = Start(run=RUN, event=event, parent=parent, depth=self.case.depth)
        try:
            advance(workflow, None, start, now=NOON)
        except RejectedMessage as refused:
            self.refusal = str(refused)
        else:
            self._tell(start)

    def _tell(self, message: Inbound) -> Verdict | None:
        assert len(self.world.told) < MOST_MESSAGES, "the run has no end"
        verdict = self.world.tell(message)
        self.world.kept.outbox.clear()  # all of it is confirmed at once
        if verdict is Verdict.APPLIED and _is_told_once(message):
            again = self.world.tell(message)
            assert again in (Verdict.DUPLICATE, Verdict.STALE), f"{message} counted twice"
        self._take()
        return verdict

    def _take(self) -> None:
        new, self._seen = self.ledger.log[self._seen :], len(self.ledger.log)
        for outgoing in new:
            match outgoing:
                case Dispatch():
                    self._open.append(outgoing)
                case StartChild() if outgoing.parent.awaits:
                    self._open.append(outgoing)
                case EndChild():
                    self._kept.pop(outgoing.parent.address, None)
                case Subscribe():
                    self._tell_early(outgoing)
                case AcquireSlot() if self.case.slots == "free":
                    self._tell(Granted())
                case _:
                    pass

    def _leap(self) -> None:
        self.world.now = max(self.world.now, min(self.world.kept.timers.values()))
        self._tell(Wake())
        self._answer_all()

    # ----------------------------------------------------------------------------------- answering

    def _answer_all(self) -> None:
        while self._open:
            asked = self._open.popleft()
            if self._is_wanted(asked):
                self._answer(asked)

    def _answer(self, asked: Dispatch | StartChild) -> None:
        script = self._script(asked)
        if script == "never":
            self._kept[_address(asked)] = asked
            return
        self._give(asked, script)
        if "progress" in script:
            self._open.appendleft(asked)

    def _is_wanted(self, asked: Dispatch | StartChild) -> bool:
        path = asked.path if isinstance(asked, Dispatch) else _path(asked.parent.address)
        record = self.world.run.steps.get(path)
        if record is None or not record.status.is_open:
            return False
        if isinstance(asked, Dispatch):
            return record.has_action_out and record.attempt == asked.attempt
        return isinstance(record.control, Child) and record.control.run == asked.run

    def _script(self, asked: Dispatch | StartChild) -> Any:
        """Return what is answered this time."""
        name = asked.action if isinstance(asked, Dispatch) else asked.workflow
        key = next((key for key in (_address(asked), name) if key in self.case.answers), None)
        if key is None:
            return {"gives": name}
        answers = self.case.answers[key]
        if not isinstance(answers, list):
            return answers
        number = self._used.get(key, 0)
        self._used[key] = number + 1
        return answers[min(number, len(answers) - 1)]

    def _give(self, asked: Dispatch | StartChild, script: Mapping[str, Any], attempt: int = 0) -> None:
        if isinstance(asked, Dispatch):
            self._tell(Answered(asked.name, attempt or asked.attempt, _answer_of(script)))
            return
        status = RunStatus(script.get("ends", "failed" if "fails" in script else "completed"))
        ended = ChildEnded(
            address=asked.parent.address,
            run=asked.run,
            status=status,
            output=json.encode(script["gives"]) if "gives" in script else None,
            failure=_failure(script["fails"]) if "fails" in script else None,
        )
        self._tell(ended)

    # --------------------------------------------------------------------------------- what happens

    def _happen(self, entry: Mapping[str, Any]) -> None:
        match entry:
            case {"after": str(duration)}:
                self._pass(parse_duration(duration))
            case {"answer": dict(answer)}:
                for address, script in answer.items():
                    self._give(self._kept[address], script, entry.get("attempt", 0))
            case {"event": str(name)}:
                self._publish(name, entry)
            case {"reply": dict(reply)}:
                self._reply(reply, entry)
            case {"cancel": str(why)}:
                self._tell(Cancel(why=why, by=entry.get("by")))
            case {"terminate": str(why)}:
                self._tell(Terminate(why=why, by=entry.get("by")))
            case {"granted": _}:
                self._tell(Granted())
            case {"denied": str(why)}:
                self._tell(Denied(why))
            case _:
                raise AssertionError(f"no story has {entry}")

    def _pass(self, seconds: float) -> None:
        until = self.world.now + seconds
        while self.world.kept.timers and min(self.world.kept.timers.values()) <= until:
            self._leap()
        self.world.now = until

    def _publish(self, name: str, entry: Mapping[str, Any]) -> None:
        self._events += 1
        event = Event(
            namespace=self.world.workflow.namespace,
            name=name,
            data=json.encode(entry.get("data", {})),
            id=entry.get("id", f"event-{self._events}"),
            time=self.world.now,
        )
        self.published.append((self.world.now, event))
        for subscription in list(self.ledger.topics.values()):
            self._hear(subscription, event)
        self._take()

    def _tell_early(self, subscription: Subscribe) -> None:
        for at, event in list(self.published):
            if at >= subscription.since:
                self._hear(subscription, event)

    def _hear(self, subscription: Subscribe, event: Event) -> None:
        """Tell a `listen` an event that has its key: whether it counts, the engine says."""
        listens = [each for each in self.world.workflow.listens if each.event == event.name]
        keys = keys_of_event(listens, event, str(event.id))
        if event.name == subscription.event and subscription.key in keys:
            self._tell(Heard(subscription.address, str(event.id), event))

    def _reply(self, reply: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        for address, value in reply.items():
            verdict = self._tell(Replied(address=address, data=json.encode(value), by=entry.get("by")))
            assert (verdict is None) is ("refused" in entry), f"the answer {value!r} was {verdict}"


def _is_told_once(message: Inbound) -> bool:
    return isinstance(message, Answered) and isinstance(message.answer, Completed | Failed)


def _address(asked: Dispatch | StartChild) -> str:
    return asked.name if isinstance(asked, Dispatch) else asked.parent.address


def _path(address: str) -> str:
    head, _, last = address.rpartition("/")
    return f"{head}/{last.partition('#')[0]}" if head else last.partition("#")[0]


def _answer_of(script: Mapping[str, Any]) -> Answer:
    match script:
        case {"gives": value}:
            return Completed(json.encode(value))
        case {"fails": error}:
            return Failed(_failure(error))
        case {"later": str(duration)}:
            return Later(parse_duration(duration))
        case {"progress": value}:
            return Progress(json.encode(value))
        case _:
            raise AssertionError(f"no module answers {script}")


def _failure(error: Any) -> Failure:
    return msgspec.convert({"type": error} if isinstance(error, str) else error, Failure)
