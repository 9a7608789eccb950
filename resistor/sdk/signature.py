"""An action's function: what it takes, how JSON becomes that, and how it is called.

Made by `Module.action` at import, so that a function which can never be called is refused there. Must know
nothing of brokers or messages.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import typing
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from resistor.errors import OperatorMistake
from resistor.sdk.answers import Fail
from resistor.sdk.context import Context

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
MAX_SHOWN_PROBLEMS = 10


class Signature:
    """How one function is called."""

    def __init__(self, function: Callable[..., Any], where: str) -> None:
        """Read the function's parameters. `where` names the action in errors. Raises `OperatorMistake`."""
        self._function = function
        self._is_async = inspect.iscoroutinefunction(function)
        self._input: str | None = None
        self._context: str | None = None
        annotations = _annotations(function, where)
        for parameter in inspect.signature(function).parameters.values():
            self._take(parameter, annotations.get(parameter.name, Any), where)
        self._adapter: TypeAdapter[Any] | None = None
        if self._input is not None:
            self._adapter = _adapter(annotations.get(self._input, Any), where)

    def read(self, body: bytes) -> Any:
        """Make the function's input of JSON. Raises `Fail` of type `validation` that says which field."""
        if self._adapter is None:
            return None
        try:
            return self._adapter.validate_json(body)
        except ValidationError as error:
            raise _invalid(error) from None

    async def call(self, value: Any, context: Context) -> Any:
        """Call the function: on the loop if it is async, else in a thread of its own."""
        arguments: dict[str, Any] = {}
        if self._input is not None:
            arguments[self._input] = value
        if self._context is not None:
            arguments[self._context] = context
        if self._is_async:
            return await self._function(**arguments)
        return await _in_thread(lambda: self._function(**arguments))

    def _take(self, parameter: inspect.Parameter, annotation: Any, where: str) -> None:
        if annotation is Context or (annotation is Any and parameter.name == "ctx"):
            self._context = parameter.name
        elif parameter.kind not in (*_POSITIONAL, inspect.Parameter.KEYWORD_ONLY):
            raise OperatorMistake(f"{where}: no *args or **kwargs: an action takes its input, and a Context")
        elif self._input is None:
            self._input = parameter.name
        elif parameter.default is inspect.Parameter.empty:
            raise OperatorMistake(
                f"{where}: {parameter.name!r} is one parameter too many: an action takes its input, and a Context"
            )
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise OperatorMistake(f"{where}: {parameter.name!r} may not be positional-only")


def _annotations(function: Callable[..., Any], where: str) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise OperatorMistake(
            f"{where}: {error}: an action's types are looked up in its file, not in the function around it"
        ) from None


def _adapter(annotation: Any, where: str) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation)
    except PydanticUserError as error:
        raise OperatorMistake(f"{where}: {str(error).splitlines()[0]}") from None


def _invalid(error: ValidationError) -> Fail:
    problems = [
        {"field": ".".join(map(str, each["loc"])) or "input", "message": each["msg"]}
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    shown = "; ".join(f"{each['field']}: {each['message']}" for each in problems[:MAX_SHOWN_PROBLEMS])
    return Fail("validation", shown, details=problems[:MAX_SHOWN_PROBLEMS])


async def _in_thread(call: Callable[[], Any]) -> Any:
    """Run `call` in a thread that does not keep the process alive.

    A pool's threads do: at the end the interpreter waits for each, and an action that hangs would hang the
    stop of the whole runner.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()
    context = contextvars.copy_context()

    def settle(outcome: tuple[Any, BaseException | None]) -> None:
        if not done.done():
            done.set_result(outcome)

    def work() -> None:
        try:
            outcome: tuple[Any, BaseException | None] = (context.run(call), None)
        except BaseException as error:  # handed over whole: the waiting side raises it
            outcome = (None, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, name="action", daemon=True).start()
    value, error = await done
    if error is not None:
        raise error
    return value
