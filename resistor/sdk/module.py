"""A module: a name and the actions it can do."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pydantic_core

from resistor.errors import OperatorMistake
from resistor.messages import json
from resistor.messages.names import DOTTED, WORD
from resistor.sdk.answers import Fail
from resistor.sdk.context import Context, StepLog
from resistor.sdk.output import to_output
from resistor.sdk.signature import Signature

Function = TypeVar("Function", bound=Callable[..., Any])


class Module:
    """A module: `Module("payments")`, and its actions by `@payments.action("charge")`."""

    def __init__(self, name: str) -> None:
        """Name the module as workflows name it. Raises `OperatorMistake` for a name that none can have."""
        if not WORD.match(str(name)):
            raise OperatorMistake(
                f"a module cannot be called {name!r}: a letter, then letters, digits, '_' and '-', 64 at most"
            )
        self.name = name
        self._actions: dict[str, Signature] = {}

    def __repr__(self) -> str:
        """Show the name and the actions."""
        return f"Module({self.name!r}, actions={sorted(self._actions)})"

    @property
    def actions(self) -> Mapping[str, Signature]:
        """The actions by name."""
        return self._actions

    def action(self, name: str) -> Callable[[Function], Function]:
        """Make a function the action `name`. The function stays what it is.

        It takes the action's input, a `Context`, both, or neither. The input is a pydantic model, a
        dataclass, a TypedDict (before Python 3.12 that of typing_extensions), a dict, or anything that
        pydantic can make of JSON. What it returns is the step's output.
        Raises `OperatorMistake` for a name that no action can have, one that is taken, or a function that
        cannot be called like this.
        """
        if not DOTTED.match(str(name)):
            raise OperatorMistake(
                f"module {self.name!r}: an action cannot be called {name!r}: write "
                f'@{self.name}.action("name"), a letter, then letters, digits, "_", "." and "-", 128 at most'
            )
        if name in self._actions:
            raise OperatorMistake(f"module {self.name!r} has two actions called {name!r}")

        def register(function: Function) -> Function:
            self._actions[name] = Signature(function, f"action {name!r} of module {self.name!r}")
            return function

        return register

    def find(self, action: str) -> Signature:
        """Return the action of that name. Raises `Fail` of type `unknown_action`."""
        found = self._actions.get(action)
        if found is None:
            near = difflib.get_close_matches(action, self._actions, n=1)
            hint = f": did you mean {near[0]!r}?" if near else ""
            raise Fail("unknown_action", f"module {self.name!r} has no action {action[:128]!r}{hint}")
        return found

    async def call(
        self,
        action: str,
        input: Any = None,  # noqa: A002 - the contract's word
        *,
        attempt: int = 1,
        metadata: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an action without a broker, for unit tests, and return its output as the workflow sees it.

        `input` goes to JSON and back first, as it would on its way. Raises what the action raises, `Fail` of
        type `validation` or `unknown_action` included.
        """
        signature = self.find(action)
        value = signature.read(pydantic_core.to_json(input))
        context = Context(
            run="test",
            step=action,
            attempt=attempt,
            idempotency_key=f"test-{action}",
            namespace="test",
            workflow="test",
            version=1,
            metadata=metadata or {},
            log=StepLog(logging.getLogger(f"resistor.module.{self.name}"), {"run": "test", "step": action}),
        )
        return json.decode_trusted(to_output(await signature.call(value, context)))
