"""Operators and functions: what is evaluated, in which order, and what an error on one side means.

`&&` and `||` are CEL's: false wins over an error on the other side, whichever that is, and so does true.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resistor.engine.expressions.evaluation import Code, Evaluation
from resistor.engine.expressions.library import FUNCTIONS
from resistor.engine.expressions.mistakes import Fault
from resistor.engine.expressions.operators import BINARY, negate
from resistor.engine.expressions.planning.reading import plan_index, plan_optional
from resistor.engine.expressions.planning.scheme import Bound, Scheme
from resistor.engine.expressions.tree import Call
from resistor.engine.expressions.values import Maybe, do_not_go, said
from resistor.errors import ExpressionError


def plan_call(node: Call, scheme: Scheme, bound: Bound) -> Code:
    """Return what a call does."""
    if node.function == "_[_]":
        return plan_index(node, scheme, bound)
    if node.function in {"_?._", "_[?_]"}:
        return plan_optional(node, scheme, bound)
    args = [scheme.code(arg, bound) for arg in node.args]
    if node.function in _SPECIAL:
        return _SPECIAL[node.function](*args)
    return _binary(node.function, *args) if node.function in BINARY else _function(node.function, args)


def _binary(name: str, left: Code, right: Code) -> Code:
    run = BINARY[name]

    def compute(ev: Evaluation) -> Any:
        return run(ev, left(ev), right(ev))

    return compute


def _all_of(*args: Code) -> Code:
    return _junction(args, decisive=False)


def _any_of(*args: Code) -> Code:
    return _junction(args, decisive=True)


def _junction(args: tuple[Code, ...], *, decisive: bool) -> Code:
    def decide(ev: Evaluation) -> bool:
        failed: ExpressionError | None = None
        for arg in args:
            try:
                value = arg(ev)
                if value.__class__ is not bool:
                    raise do_not_go("||" if decisive else "&&", value)
            except ExpressionError as error:
                failed = failed or error
                continue
            if value is decisive:
                return decisive
        if failed is not None:
            raise failed
        return not decisive

    return decide


def _choice(condition: Code, then: Code, otherwise: Code) -> Code:
    def choose(ev: Evaluation) -> Any:
        value = condition(ev)
        if value.__class__ is not bool:
            raise Fault(f"`?:` needs a condition that is true or false, not {said(value)}")
        return then(ev) if value else otherwise(ev)

    return choose


def _not(arg: Code) -> Code:
    def reverse(ev: Evaluation) -> bool:
        value = arg(ev)
        if value.__class__ is not bool:
            raise do_not_go("!", value)
        return not value

    return reverse


def _negation(arg: Code) -> Code:
    return lambda ev: negate(ev, arg(ev))


def _or(optional: Code, other: Code) -> Code:
    return _otherwise("or", optional, other)


def _or_value(optional: Code, other: Code) -> Code:
    return _otherwise("orValue", optional, other)


def _otherwise(name: str, optional: Code, other: Code) -> Code:
    """`orValue` and `or`: what comes second is evaluated only where there is nothing first."""

    def choose(ev: Evaluation) -> Any:
        value = optional(ev)
        if value.__class__ is not Maybe:
            raise do_not_go(name, value)
        if value.is_there:
            return value.value if name == "orValue" else value
        second = other(ev)
        if name == "or" and second.__class__ is not Maybe:
            raise do_not_go(name, second)
        return second

    return choose


def _function(name: str, args: list[Code]) -> Code:
    kinds, run = FUNCTIONS[name]

    def call(ev: Evaluation) -> Any:
        values = [arg(ev) for arg in args]
        for value, kind in zip(values, kinds, strict=False):
            if kind is not None and value.__class__ not in kind:
                raise do_not_go(name.replace("@", ""), *values)
        return run(ev, *values)

    return call


_SPECIAL: dict[str, Callable[..., Code]] = {
    "_&&_": _all_of,
    "_||_": _any_of,
    "_?_:_": _choice,
    "!_": _not,
    "-_": _negation,
    "or": _or,
    "orValue": _or_value,
}
"""Operators that do not always evaluate all that they are given, and those of one value."""
