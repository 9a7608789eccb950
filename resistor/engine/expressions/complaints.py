"""The checker's complaints in plain words, with the place in characters.

Called by `checking.py` and `program.py` on the text of the exceptions that `cel_expr_python` raises. It must
have something to say of every message, also of one that a later version of that library words otherwise.
"""

from __future__ import annotations

import re

from resistor.engine.expressions.mistakes import BadExpression, shortened
from resistor.engine.expressions.values import KIND_NAMES

_MESSAGE = re.compile(r"<input>:(-?\d+):(-?\d+): (.*?)(?:\n \| |\nERROR: |\s*\[[A-Z_]+\]\Z|\Z)", re.DOTALL)
_OVERLOAD = re.compile(r"found no matching overload for '(.+?)' applied to '(.*)'", re.DOTALL)
_OPERATORS = {"_?_:_": "?:", "_[_]": "[]", "@in": "in", "_[?_]": "[?]", "_?._": ".?"}
_UNEXPECTED = re.compile(r"(?:mismatched|extraneous) input '(.*?)' expecting", re.DOTALL)
_UNKNOWN_TOKEN = re.compile(r"token recognition error at: '(.*)'", re.DOTALL)
_HINTS = {
    "and": "`and` is written &&",
    "or": "`or` is written ||",
    "not": "`not` is written !",
    "=": "equality is written ==",
    "&": "`and` is written &&",
    "|": "`or` is written ||",
    "is": "equality is written ==",
}
_TOO_DEEP = ("recursion depth", "recursion limit")


def complaint(text: str, message: str) -> BadExpression:
    """Return what `message` says about `text`, for its author."""
    if any(each in message for each in _TOO_DEEP):
        return BadExpression(
            "the expression is nested deeper than 32 levels (a chain of 32 operators is one)"
        )
    if "node count exceeded" in message:
        return BadExpression("the expression is too large")
    found = _MESSAGE.search(message)
    if found is None:
        return BadExpression(f"this is no expression: {shortened(message)}")
    offset = _offset(text, int(found[1]), int(found[2]))
    return BadExpression(_plain(found[3].strip(), text, offset), offset)


def operands(types: str) -> list[str]:
    """Split the checker's list of types, `(int, map(string, dyn))`, and say each in plain words."""
    found, depth, begin = [], 0, 1
    for at, character in enumerate(types):
        depth += (character in "(<") - (character in ")>")
        if (character == "," and depth == 1) or (character == ")" and depth == 0):
            found.append(types[begin:at].strip())
            begin = at + 1
    return [KIND_NAMES.get(each.partition("(")[0], each) for each in found if each]


def _offset(text: str, line: int, column: int) -> int:
    """Lines and columns count from 1, characters from 0; a complaint about the whole has -1."""
    if line < 1:
        return 0
    begin = sum(len(each) + 1 for each in text.split("\n")[: line - 1])
    return min(max(begin + column - 1, 0), len(text))


def _plain(message: str, text: str, offset: int) -> str:
    overload = _OVERLOAD.match(message)
    if overload is not None:
        name = _OPERATORS.get(overload[1], overload[1].strip("_"))
        taken = " and ".join(operands(overload[2])) or "nothing"
        hint = " (null is compared with `==` to what may be anything)" if "null" in taken else ""
        return f"`{name}` does not take {taken}{hint}"
    if not message.startswith("Syntax error"):
        return message[:1].lower() + message[1:].removesuffix(" (in container '')")
    return _syntax(message, text, offset)


def _syntax(message: str, text: str, offset: int) -> str:
    if offset >= len(text.rstrip()):
        return "the expression ends too early" if text.strip() else "there is no expression"
    unknown = _UNKNOWN_TOKEN.search(message)
    if unknown is not None and text[offset] in "'\"":
        return "this text has no closing quote"
    found = unknown or _UNEXPECTED.search(message)
    # A missing group is all that is left of the rarer wordings: the character in the place says it as well.
    token = (found[1].strip() if found else "") or text[offset]
    hint = _HINTS.get(token, "")
    if re.match(r"\.\d", token):
        hint = f"inside a longer expression a position is written [{token[1:]}]"
    return f"unexpected `{shortened(token, 20)}`" + (f": {hint}" if hint else "")
