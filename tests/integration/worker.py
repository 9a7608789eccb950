"""A module by the contract alone: plain aio-pika, and a script of what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aio_pika.abc import AbstractIncomingMessage

from tests.integration.outside import Outside, body_of

Reply = dict[str, Any] | None
Script = Reply | list[Reply] | Callable[[dict[str, Any]], Reply]

HOLD: Reply = None
"""The module takes the action and never answers."""


def done(output: Any = None) -> Reply:
    return {"status": "completed", "output": output}


def failed(error_type: str, message: str = "no", **more: Any) -> Reply:
    return {"status": "failed", "error": {"type": error_type, "message": message, **more}}


def echo(body: dict[str, Any]) -> Reply:
    """Give back what was given."""
    return done(body["input"])


class Worker:
    """Answers each action by its name: always the same, one answer after the other, or by a function.

    An action that the script does not have is completed without output. `seen` are the bodies, in the order
    in which they came.
    """

    def __init__(self, outside: Outside, script: Mapping[str, Script]) -> None:
        self._outside = outside
        self._script = script
        self._turns: dict[str, int] = {}
        self.seen: list[dict[str, Any]] = []

    async def start(self, module: str) -> None:
        queue = await self._outside.queue(f"resistor.module.{module}")
        await queue.consume(self._perform)

    def actions(self) -> list[str]:
        """The names of what was done, in order."""
        return [body["action"] for body in self.seen]

    async def _perform(self, message: AbstractIncomingMessage) -> None:
        body = body_of(message)
        self.seen.append(body)
        reply = self._reply(body)
        if reply is not None:
            await self._outside.answer(message, reply)
        await message.ack()

    def _reply(self, body: dict[str, Any]) -> Reply:
        action: str = body["action"]
        script = self._script.get(action, done())
        if callable(script):
            return script(body)
        if not isinstance(script, list):
            return script
        turn = self._turns[action] = self._turns.get(action, -1) + 1
        return script[min(turn, len(script) - 1)]
