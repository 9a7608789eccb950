"""Modules at work, as stubs tell them to: they take actions from their queues, and answer.

Works on any bus: in memory, and on a real one. A module that crashes loses what it has in hand, and gets it
again; an action that it has answered is answered the same when it comes again, as a module does that goes by
the idempotency key.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from resistor.bus.names import Names
from resistor.messages import Action, Answer, Later, Progress, action_from_envelope, answer_to_envelope
from resistor.ports import Bus, Delivery, Lane, Outcome, Publish
from resistor.sdk import Fail, Module, Retry
from resistor.sdk import Later as Again
from resistor.sdk.output import to_json
from resistor.sdk.performing import answer_of, context_of, perform
from resistor.sdk.runner import MAX_ACTION_BYTES
from resistor.testing.calls import Call, call_of
from resistor.testing.reactions import Conduct, Takes, Twice
from resistor.testing.stubs import Stubs, Unanswered

AT_ONCE = 1_000  # actions that one module has in hand
MOST_DELIVERIES = 1_000  # of one attempt: `Later` without end is a mistake of the test
REFUSED_PAUSE = 0.1  # seconds before an answer that was not taken is sent again

GiveBack = Callable[[Any], Awaitable[None]]
"""Gives back what a lane has in hand, as the death of its module would."""


class Told(Protocol):
    """Who is told of calls."""

    def called(self, call: Call) -> None:
        """Take a call that is made for the first time."""

    def complain(self, why: BaseException) -> None:
        """Take what is wrong with the test itself: a call without an answer, what a stub raised to end it."""


class Desks:
    """All modules."""

    def __init__(self, bus: Bus, names: Names, stubs: Stubs, told: Told, give_back: GiveBack) -> None:
        """Take actions from `bus`, react as `stubs` say, and say of it."""
        self._bus = bus
        self._names = names
        self.stubs = stubs
        self.told = told
        self._give_back = give_back
        self._calls: dict[str, Call] = {}
        self._said: dict[str, Answer] = {}

    async def serve(self, module: str) -> None:
        """Be one module, for ever: when it has crashed, another one takes its place."""
        while True:
            lane = self._bus.lane(self._names.module_queue(module), prefetch=AT_ONCE)
            crashed = asyncio.Event()
            working = asyncio.create_task(self._work(module, lane, crashed))
            try:
                await crashed.wait()
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
            await self._give_back(lane)

    async def _work(self, module: str, lane: Lane, crashed: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as at_work:
            while True:
                for delivery in await lane.take(AT_ONCE):
                    at_work.create_task(_Desk(self, module, lane, crashed).do(delivery))


class _Desk:
    """One module with one action in its hands."""

    def __init__(self, desks: Desks, module: str, lane: Lane, crashed: asyncio.Event) -> None:
        self._desks = desks
        self._module = module
        self._lane = lane
        self._crashed = crashed

    async def do(self, delivery: Delivery) -> None:
        """React to an action. What goes wrong with that is the test's to know, and stops no other desk."""
        try:
            await self._do(delivery)
        except (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self._desks.told.complain(error)

    async def _do(self, delivery: Delivery) -> None:
        action = action_from_envelope(delivery.envelope, module=self._module, limit=MAX_ACTION_BYTES)
        call = self._call(action)
        said = self._desks._said.get(action.token)
        if said is not None:
            await self._publish(said, action)
            await self._lane.ack([delivery])
            return
        reaction = self._desks.stubs.reaction(call, call.deliveries)
        await self._react(reaction, delivery, action, call)

    def _call(self, action: Action) -> Call:
        call = self._desks._calls.get(action.token)
        if call is None:
            call = self._desks._calls[action.token] = call_of(action, at=asyncio.get_running_loop().time())
            self._desks.told.called(call)
        else:
            call.deliveries += 1
        if call.deliveries > MOST_DELIVERIES:
            raise Unanswered(f"{call.name} was handed out {MOST_DELIVERIES:,} times for one attempt")
        return call

    async def _react(self, reaction: Any, delivery: Delivery, action: Action, call: Call) -> None:
        times = 1
        while True:
            if callable(reaction) and not isinstance(reaction, Module | type | BaseException):
                reaction = await self._called(reaction, action, call)
            elif isinstance(reaction, Takes):
                await self._pass(reaction, action)
                reaction = reaction.answer
            elif isinstance(reaction, Twice):
                times, reaction = 2, reaction.answer
            else:
                break
        if reaction is Conduct.CRASH:
            self._crashed.set()
        elif reaction is not Conduct.NEVER:
            await self._answer(reaction, delivery, action, times)

    async def _called(self, function: Callable[[Call], Any], action: Action, call: Call) -> Any:
        """Return what a function of the test says, or raises as an action does.

        Anything else that it raises is a mistake of the test. An action that fails in a way nobody foresaw
        is stubbed by the exception itself.
        """
        try:
            said = function(call)
            return await said if inspect.isawaitable(said) else said
        except (Fail, Retry, Again) as answer:
            return answer

    async def _pass(self, takes: Takes, action: Action) -> None:
        left = takes.seconds
        while takes.progress is not None and takes.progress < left:
            await asyncio.sleep(takes.progress)
            left -= takes.progress
            await self._publish(Progress(b"null"), action)
        await asyncio.sleep(left)

    async def _answer(self, reaction: Any, delivery: Delivery, action: Action, times: int) -> None:
        answer = await self._say(reaction, action)
        if not isinstance(answer, Later):
            self._desks._said[action.token] = answer
        for _ in range(times):
            await self._publish(answer, action)
        await self._lane.ack([delivery])

    async def _say(self, reaction: Any, action: Action) -> Answer:
        async def report(details: Any) -> None:
            await self._publish(Progress(to_json(details)), action)

        context = context_of(action, cancelled=asyncio.Event(), report=report)
        if isinstance(reaction, Module):
            return await perform(reaction, action, context)

        async def say() -> Any:
            if isinstance(reaction, BaseException):
                raise reaction
            return reaction

        return await answer_of(say, context)

    async def _publish(self, answer: Answer, action: Action) -> None:
        envelope = answer_to_envelope(answer, token=action.token, correlation_id=action.run)
        names = self._desks._names
        publish = Publish(exchange=names.results, routing_key=action.reply_to, envelope=envelope)
        while await self._desks._bus.publish([publish]) != [Outcome.CONFIRMED]:  # noqa: ASYNC110 - it asks again
            await asyncio.sleep(REFUSED_PAUSE)
