"""What an expression reads: its variables and its steps, and whether it may.

Called by `program.py` on every tree, checked or not: a name that is not known is found here, where its place
is known to the character. A loop's own names are no variables.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from resistor.engine.expressions.library import FUNCTIONS, IMPURE, NAMESPACES
from resistor.engine.expressions.mistakes import BadExpression, nearest
from resistor.engine.expressions.operators import BINARY, SPECIAL
from resistor.engine.expressions.path import STEPS_ALONE, check_part, unknown
from resistor.engine.expressions.scope import STEPS, Names, StepRef
from resistor.engine.expressions.tree import Call, Loop, Name, Node, Select, access, children
from resistor.engine.expressions.values import KINDS

TYPES = frozenset(name for name, _ in KINDS.values())
_KNOWN = FUNCTIONS.keys() | BINARY.keys() | SPECIAL


class StepUse(NamedTuple):
    """One `steps.<id>` or `steps.<id>.<part>` as it was written."""

    at: int
    id: str
    part: str | None
    part_at: int
    is_optional: bool
    """Whether the step itself may be missing: `steps.?x`."""
    is_optional_part: bool
    is_test: bool


def step_use(node: Node) -> StepUse | None:
    """Return which step a node names, if that is what it does."""
    outer = access(node)
    if outer is None:
        return None
    is_test = isinstance(node, Select) and node.is_test
    of, key, is_optional = outer
    if isinstance(of, Name) and of.name == STEPS:
        return StepUse(of.at, key, None, of.at, is_optional, is_optional_part=False, is_test=is_test)
    inner = access(of)
    if inner is None or not isinstance(inner[0], Name) or inner[0].name != STEPS:
        return None
    return StepUse(inner[0].at, inner[1], key, node.at + 1, inner[2], is_optional, is_test)


def names_in(tree: Node, known: Collection[str], *, is_checked: bool) -> Names:
    """Return what the tree reads. Raises `BadExpression` for what is not known."""
    survey = _Survey(frozenset(known), is_checked)
    survey.visit(tree, frozenset())
    steps = [ref._replace(is_guarded=ref.is_guarded or ref.id in survey.tested) for ref in survey.steps]
    is_static = not (survey.roots or steps or survey.is_impure)
    return Names(frozenset(survey.roots), tuple(sorted(set(steps), key=_order)), is_static)


def _order(ref: StepRef) -> tuple[int, str, str]:
    return ref.offset, ref.id, ref.part or ""


@dataclass(slots=True)
class _Survey:
    """One walk through a tree."""

    known: frozenset[str]
    is_checked: bool
    roots: set[str] = field(default_factory=set)
    steps: list[StepRef] = field(default_factory=list)
    tested: set[str] = field(default_factory=set)
    is_impure: bool = False

    def visit(self, node: Node, bound: frozenset[str]) -> None:
        use = None if STEPS in bound else step_use(node)
        if use is not None:
            self._step(use)
            return
        match node:
            case Name(at=at, name=name):
                if name not in bound:
                    self._name(at, name)
            case Call():
                self._call(node, bound)
            case Loop():
                self.visit(node.over, bound)
                self.visit(node.start, bound)
                inside = bound | {node.variable, node.accumulator}
                self.visit(node.step, inside)
                self.visit(node.result, inside)
            case _:
                if isinstance(node, Select) and node.is_test:
                    self._tested(node, bound)
                for child in children(node):
                    self.visit(child, bound)

    def _name(self, at: int, name: str) -> None:
        if name in self.known and name != STEPS:
            self.roots.add(name)
        elif name in self.known:
            raise BadExpression(STEPS_ALONE, at)
        elif name not in TYPES and not (name == "google" and not self.is_checked):
            raise BadExpression(unknown(name, self.known), at)

    def _call(self, node: Call, bound: frozenset[str]) -> None:
        function, args = node.function, node.args
        target = args[0] if node.is_method and args else None
        if isinstance(target, Name) and target.name in NAMESPACES and target.name not in bound | self.known:
            function, args = f"{target.name}.{function}", args[1:]
        if function not in _KNOWN:
            raise _no_function(function, node)
        self.is_impure = self.is_impure or function in IMPURE
        for arg in args:
            self.visit(arg, bound)

    def _step(self, use: StepUse) -> None:
        if STEPS not in self.known:
            raise BadExpression(unknown(STEPS, self.known), use.at)
        if use.part is not None:
            check_part(use.id, use.part, use.part_at)
        if use.is_test:
            self.tested.add(use.id)
        # Whether a step has run is all that `has(steps.x)` asks: its status takes no loading.
        part = "status" if use.is_test and use.part is None else use.part
        self.steps.append(StepRef(use.id, part, use.is_optional or use.is_test, use.at))

    def _tested(self, node: Node, bound: frozenset[str]) -> None:
        """`has(steps.x.output.y.z)`: find the step at the root of what is tested."""
        while (found := access(node)) is not None and STEPS not in bound:
            use = step_use(node)
            if use is not None:
                self.tested.add(use.id)
                return
            node = found[0]


def _no_function(name: str, node: Call) -> BadExpression:
    near = nearest(name, (each for each in _KNOWN if each[0].isalpha() and "@" not in each), "")
    hint = f"; {near}" if near.startswith("did you mean") else ""
    # The tree has the place of the parenthesis.
    return BadExpression(f"`{name}` is not a function here{hint}", max(node.at - len(name), 0))
