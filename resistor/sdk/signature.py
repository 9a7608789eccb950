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
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pydantic_core
from pydantic import PydanticUserError, TypeAdapter, ValidationError

from resistor.errors import OperatorMistake
from resistor.messages import json
from resistor.sdk.answers import Fail
from resistor.sdk.context import Context
from resistor.sdk.json_schema import Schema, examples_in, schema_of

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_TAKES = "its input and a Context, both if it wants them"
MAX_SHOWN_PROBLEMS = 10

THREAD_NAME = "action"
"""Of the threads in which functions run that are not async."""


class Signature:
    """How one function is called."""

    def __init__(self, function: Callable[..., Any], where: str, examples: Sequence[Any] = ()) -> None:
        """Read the function's parameters. `where` names the action in errors. Raises `OperatorMistake`."""
        if isinstance(examples, str | bytes | Mapping) or not isinstance(examples, Sequence):
            raise OperatorMistake(f"{where}: examples is a list of inputs, like examples=[{{...}}]")
        self._function = function
        self._where = where
        self._examples = examples
        self._is_async = inspect.iscoroutinefunction(function)
        annotations = _annotations(function, where)
        self._input, self._context = _parameters(function, annotations, where)
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

    @property
    def takes_input(self) -> bool:
        """Whether the function looks at its input at all."""
        return self._adapter is not None

    def schema(self) -> Schema | None:
        """Return the JSON Schema of the input; None where there is no input, or no schema for its type."""
        return None if self._adapter is None else schema_of(self._adapter)

    def examples(self) -> tuple[Any, ...]:
        """Return inputs that the action takes, as JSON: those it was given, then those of its type.

        Whether it does take them shows when they are sent. Raises `OperatorMistake` for one that is no JSON.
        """
        of_type = examples_in(self.schema() or {})
        given = [self._as_json(each, number) for number, each in enumerate(self._examples, 1)]
        return (*given, *(each for each in of_type if each not in given))

    def _as_json(self, example: Any, number: int) -> Any:
        try:
            body = pydantic_core.to_json(example)
            return json.decode_strict(body, limit=len(body))
        except Exception as error:  # a serializer of the author's may raise anything
            raise OperatorMistake(f"{self._where}: example {number} is no JSON: {error}") from None

    async def call(self, value: Any, context: Context) -> Any:
        """Call the function: on the loop if it is async, else in a thread of its own."""
        arguments: dict[str, Any] = {}
        if self._input is not None:
            arguments[self._input] = value
        if self._context is not None:
            arguments[self._context] = context
        if self._is_async:
            return await self._function(**arguments)
        value = await _in_thread(lambda: self._function(**arguments))
        # A decorator may have hidden that the function is async.
        return await value if inspect.isawaitable(value) else value


def _parameters(
    function: Callable[..., Any], annotations: dict[str, Any], where: str
) -> tuple[str | None, str | None]:
    """Return the names of the parameters that take the input and the context. Raises `OperatorMistake`."""
    taken: str | None = None
    context: str | None = None
    for name, parameter in inspect.signature(function).parameters.items():
        annotation = annotations.get(name, Any)
        if parameter.kind not in _BY_NAME:
            raise OperatorMistake(f"{where}: {name!r} cannot be given by name: an action takes {_TAKES}")
        if annotation is Context or (annotation is Any and name == "ctx"):
            context = name
        elif taken is None:
            taken = name
        elif parameter.default is inspect.Parameter.empty:
            raise OperatorMistake(f"{where}: {name!r} is one parameter too many: an action takes {_TAKES}")
    return taken, context


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

    threading.Thread(target=work, name=THREAD_NAME, daemon=True).start()
    value, error = await done
    if error is not None:
        raise error
    return value
