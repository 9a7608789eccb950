"""Which reaction an action gets: what a test has said of it, in the order in which calls come.

A stub is found by the step's path, then by `module.action`, by `module.*`, by `*`. Of its entries each
answers one call, and the last one for good; an entry whose condition does not hold of a call is passed over.

The entry that a call got is remembered by its step, attempt and delivery. `Stubs.again` gives those of
another playing to the same calls, in whatever order they come: faults change the order of what runs side by
side, and must not change who is told what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from resistor.catalog.wording import did_you_mean
from resistor.errors import ResistorError
from resistor.sdk import Module
from resistor.testing.calls import Call

Key = tuple[str, int, int]
"""A call's idempotency key, its attempt, and which delivery of that it is."""

_NUMBERS = re.compile(r"/\d+(?=/)")


class Unanswered(ResistorError, AssertionError):
    """Nothing was said of how an action is answered."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One reaction, and of which calls it may be (None: of any)."""

    reaction: Any
    when: Callable[[Call], bool] | None = None

    def fits(self, call: Call) -> bool:
        """Whether it may answer `call`. Raises `Unanswered` where that cannot be told."""
        try:
            return self.when is None or self.when(call)
        except Unanswered:
            raise
        except Exception as error:  # the test's own function
            why = f"{type(error).__name__}: {error}"
            raise Unanswered(f"`when` of a stub fails for {call.name} with {call.input}: {why}") from error


@dataclass(slots=True)
class _Stub:
    entries: Sequence[Entry]
    used: set[int] = field(default_factory=set)

    def choose(self, call: Call) -> int | None:
        """Return the first entry that fits and was not used, else the last one that fits."""
        last: int | None = None
        for number, entry in enumerate(self.entries):
            if entry.fits(call):
                if number not in self.used:
                    self.used.add(number)
                    return number
                last = number
        return last


class Stubs:
    """What modules do."""

    def __init__(self) -> None:
        """Know of none."""
        self._stubs: dict[str, _Stub] = {}
        self._modules: dict[str, Module] = {}
        self._chosen: dict[Key, tuple[str, int]] = {}
        self._planned: dict[Key, tuple[str, int]] = {}

    def say(self, name: str, entries: Sequence[Entry]) -> None:
        """Say what the actions of that name get; what was said of it before counts no more."""
        self._stubs[name] = _Stub(entries)

    def use(self, module: Module) -> None:
        """Let a module of the SDK do its actions, but those of which something is said."""
        self._modules[module.name] = module

    def again(self) -> Stubs:
        """Return the same as it was before any call, which tells each call what it was told here."""
        fresh = Stubs()
        fresh._modules = self._modules
        fresh._stubs = {name: _Stub(stub.entries) for name, stub in self._stubs.items()}
        fresh._planned = dict(self._chosen)
        return fresh

    def reaction(self, call: Call, delivery: int) -> Any:
        """Return what `call`, which is handed out for the `delivery`-th time, gets. Raises `Unanswered`."""
        key = (call.idempotency_key, call.attempt, delivery)
        name, number = self._planned.get(key) or self._choose(call)
        self._chosen[key] = (name, number)
        return self._modules[call.module] if number < 0 else self._stubs[name].entries[number].reaction

    def _choose(self, call: Call) -> tuple[str, int]:
        names = (call.step, _NUMBERS.sub("/*", call.step), call.name, f"{call.module}.*", "*")
        for name in names:
            stub = self._stubs.get(name)
            number = None if stub is None else stub.choose(call)
            if number is not None:
                return name, number
        if call.module in self._modules:
            return "", -1
        raise Unanswered(self._nothing_for(call, [name for name in names if name in self._stubs]))

    def _nothing_for(self, call: Call, unfit: Sequence[str]) -> str:
        if unfit:
            return f"no entry of {unfit[0]} fits this call of {call.name}: its input is {call.input}"
        near = did_you_mean(call.name, self._stubs)
        hint = near or f"give `{call.name}` an answer, or `*` for all others"
        return f"nothing answers {call.name}, which step {call.step} calls: {hint}"
