"""A module: a name and the actions it can do."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import pydantic_core

from resistor.errors import OperatorMistake
from resistor.messages import json
from resistor.messages.names import DOTTED, WORD
from resistor.sdk.answers import Fail
from resistor.sdk.context import Context, trial_context
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

    def action(self, name: str, *, examples: Sequence[Any] = ()) -> Callable[[Function], Function]:
        """Make a function the action `name`. The function stays what it is.

        It takes the action's input, a `Context`, both, or neither. The input is a pydantic model, a
        dataclass, a TypedDict (before Python 3.12 that of typing_extensions), a dict, or anything that
        pydantic can make of JSON. What it returns is the step's output. `examples` are inputs that the
        action takes, for those who read and those who check it (`resistor module test`).
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
            self._actions[name] = Signature(function, f"action {name!r} of module {self.name!r}", examples)
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

    def examples(self, action: str) -> tuple[Any, ...]:
        """Return inputs that an action takes, as JSON: those given to it, and those that its type has.

        The type's are pydantic's `examples`: of the type itself, or else of every field that must be given.
        Raises `Fail` of type `unknown_action`, and `OperatorMistake` for an example that is no JSON.
        """
        return self.find(action).examples()

    async def call(
        self,
        action: str,
        input: Any = None,  # noqa: A002 - the contract's word
        *,
        attempt: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        context: Context | None = None,
    ) -> Any:
        """Run an action without a broker, for unit tests, and return its output as the workflow sees it.

        `input` goes to JSON and back first, as it would on its way. The action gets `context`, such as
        `resistor.testing.module_context` makes; without one it gets a plain one, of the first `attempt`
        unless that says another, with `metadata`. Raises what the action raises, `Fail` of type `validation`
        or `unknown_action` included, and `TypeError` for both a context and what a context has.
        """
        if context is not None and (attempt is not None or metadata is not None):
            raise TypeError("give attempt and metadata to the context: module_context(attempt=2)")
        signature = self.find(action)
        value = signature.read(pydantic_core.to_json(input))
        logger = logging.getLogger(f"resistor.module.{self.name}")
        given = context or trial_context(action, logger, attempt=attempt or 1, metadata=metadata)
        return json.decode_trusted(to_output(await signature.call(value, given)))
