"""A workflow definition, ready to run.

Made by the catalog from files, or from what the store kept of them; read by the engine and shown by
ops. Every question that a decision asks of a definition is answered here, and was worked out when it
was loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from resistor.engine.expressions import Template

DIGEST_CHARACTERS = (
    12  # of the digest in a continue token: 48 bits, to catch mistakes; the mac catches forgery
)


def short_digest(digest: str) -> str:
    """Return the start of a `sha256:…` digest, as tokens carry it."""
    return digest.partition(":")[2][:DIGEST_CHARACTERS]


@dataclass(frozen=True, slots=True)
class Step:
    """One action by one module.

    `metadata` is JSON, handed to the module untouched. `input` is what `with` says, or None: then the
    input is the event's data.
    """

    id: str
    module: str
    action: str
    metadata: bytes = b"{}"
    input: Template | None = None
    name: str | None = None

    @property
    def reads(self) -> frozenset[str]:
        """The steps whose output this step's input names."""
        return self.input.steps if self.input else frozenset()


@dataclass(frozen=True)
class Workflow:
    """One version of one workflow.

    `digest` is `sha256:…` over `source`, the definition as canonical JSON: comments and formatting aside,
    the same content has the same digest. `accepts` says whether an event's data fits the `input` schema:
    it returns None, or what is wrong in one line.
    """

    namespace: str
    name: str
    version: int
    digest: str
    source: bytes
    steps: tuple[Step, ...]
    description: str | None = None
    input_schema: Mapping[str, Any] | None = None
    retention: float = 7 * 86400.0
    _accepts: Any = field(default=None, compare=False, repr=False)

    @property
    def short_digest(self) -> str:
        """The start of the digest, as tokens carry it."""
        return short_digest(self.digest)

    @property
    def modules(self) -> frozenset[str]:
        """Every module that a step names."""
        return frozenset(step.module for step in self.steps)

    def step(self, step_id: str) -> Step | None:
        """Return the step of that id."""
        return self._by_id.get(step_id)

    def after(self, step_id: str | None) -> Step | None:
        """Return the step that follows `step_id`, the first one after None, and None after the last."""
        position = 0 if step_id is None else self._positions[step_id] + 1
        return self.steps[position] if position < len(self.steps) else None

    def read_after(self, step_id: str) -> frozenset[str]:
        """Return the steps whose outputs may be read in the decision that the end of `step_id` brings."""
        following = self.after(step_id) if step_id in self._positions else None
        return (following.reads - {step_id}) if following else frozenset()

    def refusal_of(self, data: Any) -> str | None:
        """Return what is wrong with an event's data, or None where it fits."""
        return self._accepts(data) if self._accepts is not None else None

    @cached_property
    def _by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {step.id: position for position, step in enumerate(self.steps)}
