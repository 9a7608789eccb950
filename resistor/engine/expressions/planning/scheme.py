"""What the planners of the several kinds of node share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from resistor.engine.expressions.evaluation import Code
from resistor.engine.expressions.tree import Node

Bound = Mapping[str, Code]
"""The names that loops have given, and how each is read."""


class Scheme(Protocol):
    """A program in the making."""

    def code(self, node: Node, bound: Bound) -> Code:
        """Return what a node does."""

    def slot(self) -> int:
        """Return a place in `Evaluation.locals` that nothing else uses."""
