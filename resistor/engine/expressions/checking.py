"""CEL's own parser and type checker, from `cel_expr_python`: text → tree, or a complaint with its place.

Called by `program.py`. Only the front half of that library is used here; why its evaluator is not, says
`planning/__init__.py`. The library is imported when the first expression is met that is no plain path.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

from resistor.engine.expressions.complaints import complaint
from resistor.engine.expressions.tree import Node
from resistor.engine.expressions.wire import decode

VARIABLES = ("input", "event", "steps", "vars", "run", "item", "index", "error", "result")
"""The variables that every environment declares; whether one may be named is the caller's word. An
environment is made anew only for further names: those that a `for` gives to its item and position."""

LIBRARIES = ("optional", "strings", "math", "encoders", "bindings", "lists", "sets", "regex")

_MIXED = {"_+_": "DOUBLE", "_-_": "DOUBLE", "_*_": "DOUBLE", "_/_": "DOUBLE"} | dict.fromkeys(
    ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"), "BOOL"
)
"""Operators that take an integer and a double together, as CEL's checker does not let them."""

_OWN = {
    "json": ("DYN", "STRING"),
    "text": ("STRING", "DYN"),
    "merge": ("MAP", "MAP", "MAP"),
    "sum": ("DYN", "LIST"),
    "avg": ("DOUBLE", "LIST"),
    "group_by": ("MAP", "LIST", "STRING"),
    "entries": ("LIST", "MAP"),
    "from_entries": ("MAP", "LIST"),
    "sha256": ("STRING", "STRING"),
    "now": ("TIMESTAMP",),
    "uuid": ("STRING",),
    "random": ("DOUBLE",),
}
"""The functions beyond CEL: what they give, what they take. Those that take something are methods too."""


class Checked(NamedTuple):
    """A text that is an expression."""

    tree: Node
    is_optional: bool
    """Whether what it gives is an optional, whatever its data."""


class Refused(Exception):
    """The checker's own words about a text: `program.py` finds better ones for a name that is not known."""


def checked(text: str, extras: frozenset[str]) -> Checked:
    """Parse and check. Raises `Refused`, and `BadExpression` for a tree that is too large."""
    try:
        compiled = _environment(extras).compile(text)
    except (RuntimeError, ValueError, TypeError) as error:
        raise Refused(str(error)) from None
    return Checked(decode(compiled.serialize()), compiled.return_type().name().startswith("optional_type"))


def parsed(text: str, refused: Refused) -> Node:
    """Parse what the checker refused. Raises `BadExpression` if it has no syntax either."""
    try:
        compiled = _environment(frozenset()).compile(text, disable_check=True)
    except (RuntimeError, ValueError, TypeError) as error:
        raise complaint(text, str(error)) from None
    try:
        return decode(compiled.serialize())
    except KeyError:  # a tree of errors has holes
        raise complaint(text, str(refused)) from None


@lru_cache(maxsize=64)
def _environment(extras: frozenset[str]) -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - 20 ms and 10 MB that plain paths do without

    return cel.NewEnv(
        config=_config(),
        variables=dict.fromkeys((*VARIABLES, *extras), cel.Type.DYN),
        extensions=[_extension()],
    )


@cache
def _config() -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - see above

    return cel.NewEnvConfigFromYaml("extensions:\n" + "".join(f"- name: {name}\n" for name in LIBRARIES))


@cache
def _extension() -> Any:
    from cel_expr_python import cel  # noqa: PLC0415 - see above

    def overload(name: str, *, is_method: bool, gives: str, takes: tuple[str, ...]) -> Any:
        return cel.Overload(
            f"resistor_{name}_{'_'.join(takes)}_{is_method}".lower(),
            getattr(cel.Type, gives),
            [getattr(cel.Type, each) for each in takes],
            is_member=is_method,
        )

    functions = []
    for name, gives in _MIXED.items():
        pairs = (("INT", "DOUBLE"), ("DOUBLE", "INT"))
        functions.append((name, [overload(name, is_method=False, gives=gives, takes=pair) for pair in pairs]))
    for name, (gives, *takes) in _OWN.items():
        forms = (False, True) if takes else (False,)
        functions.append(
            (name, [overload(name, is_method=form, gives=gives, takes=tuple(takes)) for form in forms])
        )
    return cel.CelExtension("resistor", [cel.FunctionDecl(name, each) for name, each in functions])
