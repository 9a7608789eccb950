"""A world in which operators meddle: they pause, resume, skip, signal and retry; queues come and go."""

from __future__ import annotations

from functools import partial
from random import Random

from resistor.engine import reviving
from resistor.engine.draft import Draft
from resistor.engine.inbound import Delivered, Inbound, Pause, Retry, Reuse, Signal, Skip, Start, Undelivered
from resistor.engine.run import StepStatus
from resistor.engine.workflow import Workflow
from resistor.errors import RejectedMessage
from resistor.messages.event import Event
from tests.unit.engine.play.world import LIMITS, Choice, World

MOST_RETRIES = 3


class OperatedWorld(World):
    """Plays one run while operators do whatever they may at any moment."""

    def __init__(self, workflow: Workflow, draw: Random) -> None:
        super().__init__(workflow, draw, noise=0.2)

    def _choices(self) -> list[Choice]:
        if self.draw.random() < 0.2:
            return [self._order]
        return super()._choices() or [self._order]

    def _order(self) -> None:
        open_steps = sorted(self._open())
        orders: list[Choice] = [
            partial(self._give, Pause(id=self.order_id(), by="ada")),
            self._resume,
            partial(self._give, Signal(id=self.order_id(), event=_event())),
            partial(self._give, Retry(id=self.order_id())),
        ]
        for dispatch in self.out.values():
            blocked = Undelivered(name=dispatch.name, attempt=dispatch.attempt, why="no queue")
            orders.append(partial(self._give, blocked))
            orders.append(partial(self._give, Delivered(name=dispatch.name, attempt=dispatch.attempt)))
        if open_steps:
            step = self.draw.choice(open_steps)
            orders.append(partial(self._give, Skip(id=self.order_id(), step=step, output=b'{"n":2}')))
        self.draw.choice(orders)()

    def _give(self, order: Inbound) -> None:
        """Give an order. It may be refused; given again it changes nothing."""
        try:
            self.tell(order)
        except RejectedMessage:
            return
        state, facts = self.state, len(self.facts)
        try:
            self.tell(order)
        except RejectedMessage:
            assert not isinstance(order, Pause)
        assert (self.state, len(self.facts)) == (state, facts), f"{order} was followed twice"

    def play_with_retries(self, data: bytes) -> int:
        """Play the run to an end that nobody wants otherwise; returns how often it was retried."""
        self.play(data)
        self.check_the_end()
        for number in range(MOST_RETRIES):
            if self.refusal() is not None:
                return number
            done = self.completed()
            self._give(self._retry())
            self.play_on()
            self.check_the_end()
            self._kept(done)
        return MOST_RETRIES

    def _retry(self) -> Inbound:
        assert self.run is not None
        failed = [
            path
            for path, record in sorted(self.run.steps.items())
            if record.status is StepStatus.FAILED and self.refusal(path) is None and "/" not in path
        ]
        if failed and self.draw.random() < 0.3:
            return Skip(id=self.order_id(), step=self.draw.choice(failed), output=b'{"n":3}')
        return Retry(id=self.order_id(), step=self.draw.choice([None, *failed]))

    def refusal(self, step: str | None = None) -> str | None:
        """Why the run cannot be retried."""
        whole = self._whole()
        assert whole is not None
        return reviving.refusal_of(Draft(self.workflow, whole, now=self.now, limits=LIMITS), step)

    def completed(self) -> dict[str, int]:
        """The steps of the body that completed, and in which turn."""
        assert self.run is not None
        return {
            path: record.turn
            for path, record in self.run.steps.items()
            if record.status is StepStatus.COMPLETED and not path.startswith(("on_failure/", "finally/"))
        }

    def _kept(self, done: dict[str, int]) -> None:
        """What had completed has not been begun again by a retry; loops may have come by once more."""
        assert self.run is not None
        for path, turn in done.items():
            record = self.run.steps.get(path)
            if record is not None and record.turn == turn:
                assert record.status in (StepStatus.COMPLETED, StepStatus.COMPENSATED), path


def rerun(world: World, path: str) -> World:
    """Begin another run at `path` of a run that is over."""
    assert world.run is not None
    other = World(world.workflow, world.draw, noise=0.1)
    event = Event(namespace="ns", name="w", data=world.run.input, id=None)
    other.tell(Start(run="s" * 20, event=event, reuse=Reuse(run=world.run, path=path)))
    if not other.is_over:
        other.play_on()
    return other


def _event() -> Event:
    return Event(namespace="ns", name="ev", data=b'{"x":1}', id="signal")
