"""Plays a case: starts the run, answers what goes out, lets time pass. No servers, no clock.

    driver = Driver(workflow, case)
    driver.play()

Answers (modules by action or path, other runs by workflow), or a list of them, one each time; the last one stays:

    {output: value}   {error: type}   {error: {type, message, retryable, retry_after, details}}   never
    {later: seconds}  {progress: value}      of modules only
    cancelled   terminated   timed_out       of other runs only

A story is a list of what happens; after each entry everything that is out is answered:

    {time: 30s}            time passes, timer after timer      finish    … until the run is over
    {answer: {path: …}}    a module answers now, what it was asked before
    {child: {workflow: …}} another run ends now
    {heard: {event, data, id}}   an event comes in             {reply: {path: value}}   a person answers
    cancel   terminate   start (the event comes again)   grant   deny

Every decision is made by the `World` of the engine's random tests: with the whole run at hand, and with only
the parts that are asked for; through the store's encoding; and held to the laws that hold for every run.
Called by test_language.py only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from resistor.catalog import parse_duration
from resistor.engine import advance
from resistor.engine.decision import AcquireSlot, Dispatch, Outgoing, StartChild, Subscribe
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
from resistor.engine.run import RunStatus
from resistor.engine.workflow import Workflow
from resistor.errors import RejectedMessage
from resistor.messages import json
from resistor.messages.event import Event
from resistor.messages.result import Answer, Completed, Failed, Failure, Later, Progress
from tests.unit.engine.outside import Outside
from tests.unit.engine.world import RUN, World
from tests.unit.language.cases import NAMESPACE, Case

STARTED_AT = 1_700_000_000.0  # 2023-11-14T22:13:20Z
MOST_TIMERS = 5_000
DONE = {"output": {}}


class Watched(Outside):
    """What comes out of the run, in order, and when."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.log: list[Outgoing] = []
        self.unanswered: deque[Outgoing] = deque()

    def receive(self, outgoing: Outgoing) -> None:
        """Take what goes out."""
        super().receive(outgoing)
        self.log.append(outgoing)
        self.unanswered.append(outgoing)


class Driver:
    """Plays one case. `refused` says why the event was refused, `replies` what came of people's answers."""

    def __init__(self, workflow: Workflow, case: Case) -> None:
        """Take the workflow that the case defines."""
        self.case = case
        self.outside = Watched()
        self.world = World(workflow, case.bounds, now=STARTED_AT, outside=self.outside)
        self.refused: str | None = None
        self.sent: list[tuple[float, Dispatch]] = []
        self.verdicts: list[str] = []
        self._has_slots_in_story = any(doing in ("grant", "deny") for doing, _ in self._story())
        self._given: dict[str, int] = {}
        self._events: list[tuple[float, Event]] = []
        self._children: dict[str, StartChild] = {}

    def play(self) -> None:
        """Start the run, and let the story happen."""
        self._tell(self._start())
        if self.refused is not None:
            return
        for doing, given in self._story():
            self._doings()[doing](given)

    # ------------------------------------------------------------------------------------- the story

    def _story(self) -> list[tuple[str, Any]]:
        entries = ["finish"] if self.case.story is None else self.case.story
        return [(entry, None) if isinstance(entry, str) else next(iter(entry.items())) for entry in entries]

    def _doings(self) -> dict[str, Callable[[Any], None]]:
        return {
            "finish": lambda _: self._pass(None),
            "time": lambda given: self._pass(parse_duration(str(given))),
            "answer": self._answer_now,
            "child": self._child_now,
            "heard": self._hear,
            "reply": self._reply,
            "cancel": lambda why: self._tell(Cancel(why=why or "")),
            "terminate": lambda why: self._tell(Terminate(why=why or "")),
            "start": lambda _: self._tell(self._start()),
            "grant": lambda _: self._tell(Granted()),
            "deny": lambda why: self._tell(Denied(why or "no slot is free")),
        }

    def _start(self) -> Start:
        event = Event(
            namespace=NAMESPACE,
            name=self.world.workflow.name,
            data=json.encode(self.case.event),
            id="event-1",
            time=STARTED_AT - 60.0,
            source="till",
        )
        return Start(run=RUN, event=event)

    def _pass(self, seconds: float | None) -> None:
        """Let so much time pass; None: as much as the run needs to come to its end."""
        until = float("inf") if seconds is None else self.world.now + seconds
        for _ in range(MOST_TIMERS):
            due = min(self.world.kept.timers.values(), default=float("inf"))
            if due > until or due == float("inf"):
                break
            self.world.now = max(self.world.now, due)
            self._tell(Wake())
        else:
            raise AssertionError("the run never comes to its end")
        if seconds is not None:
            self.world.now = until

    def _answer_now(self, answers: dict[str, Any]) -> None:
        for address, given in answers.items():
            attempt = self.outside.actions[address].attempt
            answer = _answer(given)
            assert answer is not None
            self._tell(Answered(address, attempt, answer))

    def _child_now(self, endings: dict[str, Any]) -> None:
        for workflow, given in endings.items():
            self._end(self._children[workflow], given)

    def _hear(self, given: dict[str, Any]) -> None:
        number = len(self._events) + 1
        event = Event(
            namespace=NAMESPACE,
            name=given["event"],
            data=json.encode(given.get("data", {})),
            id=given.get("id", f"heard-{number}"),
            time=self.world.now,
        )
        self._events.append((self.world.now, event))
        for topic in list(self.outside.topics.values()):
            self._offer(topic, event)

    def _offer(self, topic: Subscribe, event: Event) -> None:
        """Tell a step that listens of an event, where the business key is the same."""
        assert event.id is not None
        listens = [each for each in self.world.workflow.listens if each.event == event.name]
        if topic.event == event.name and topic.key in keys_of_event(listens, event, event.id):
            self._tell(Heard(topic.address, event.id, event))

    def _reply(self, replies: dict[str, Any]) -> None:
        for path, value in replies.items():
            self._tell(Replied(address=path, data=json.encode(value), by="ann"))

    # ------------------------------------------------------------------------------- what is answered

    def _tell(self, message: Inbound) -> None:
        """Tell the run something, and then what follows of what goes out."""
        self._decide(message)
        while self.outside.unanswered and self.refused is None:
            follows = self._following(self.outside.unanswered.popleft())
            if follows is not None:
                self._decide(follows)

    def _decide(self, message: Inbound) -> None:
        if isinstance(message, Start) and not self.world.kept.fields:
            try:
                advance(self.world.workflow, None, message, now=self.world.now, limits=self.world.limits)
            except RejectedMessage as refusal:
                self.refused = refusal.detail
                return
        verdict = self.world.tell(message)
        self.verdicts.append("refused" if verdict is None else str(verdict))
        self.world.kept.outbox.clear()  # all is confirmed at once: repeating is for the random tests

    def _following(self, outgoing: Outgoing) -> Inbound | None:
        """Return what the run is told because of something that goes out."""
        match outgoing:
            case Dispatch():
                return self._follow_action(outgoing)
            case StartChild():
                self._children[outgoing.workflow] = outgoing
                given = self._next(self.case.children, outgoing.workflow)
                if outgoing.parent.awaits:
                    return _child_ended(outgoing, given)
            case AcquireSlot() if not self._has_slots_in_story:
                return Granted()
            case Subscribe(since=since):
                for at, event in list(self._events):
                    if since <= at < self.world.now:
                        self._offer(outgoing, event)
            case _:
                pass
        return None

    def _follow_action(self, action: Dispatch) -> Inbound | None:
        self.sent.append((self.world.now, action))
        name = action.name if action.name in self.case.answers else action.action
        record = self.world.run.steps.get(action.path)
        answer = _answer(self._next(self.case.answers, name))
        if answer is None or record is None or not record.has_action_out or record.attempt != action.attempt:
            return None
        return Answered(action.name, action.attempt, answer)

    def _next(self, answers: dict[str, Any], name: str) -> Any:
        given = answers.get(name, DONE)
        if not isinstance(given, list):
            return given
        number = self._given.get(name, 0)
        self._given[name] = number + 1
        return given[min(number, len(given) - 1)]

    def _end(self, child: StartChild, given: Any) -> None:
        message = _child_ended(child, given)
        assert message is not None
        self._tell(message)


def _answer(given: Any) -> Answer | None:
    if given == "never":
        return None
    match given:
        case {"output": output}:
            return Completed(json.encode(output))
        case {"error": error}:
            return Failed(_failure(error))
        case {"later": after}:
            return Later(float(after))
        case {"progress": details}:
            return Progress(json.encode(details))
        case _:
            raise AssertionError(f"no answer: {given}")


def _child_ended(child: StartChild, given: Any) -> ChildEnded | None:
    if given == "never":
        return None
    address = child.parent.address
    match given:
        case {"output": output}:
            done = RunStatus.COMPLETED
            return ChildEnded(address=address, run=child.run, status=done, output=json.encode(output))
        case {"error": error}:
            failed = RunStatus.FAILED
            return ChildEnded(address=address, run=child.run, status=failed, failure=_failure(error))
        case _:
            return ChildEnded(address=address, run=child.run, status=RunStatus(given))


def _failure(given: Any) -> Failure:
    return Failure(given) if isinstance(given, str) else msgspec.convert(given, Failure)
