"""What things may be called, as types of the forms' fields.

The rules themselves are in `messages/names.py`, because the door holds messages to the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from resistor.catalog.forms.form import said
from resistor.catalog.wording import quote
from resistor.messages import names

WORD_RULE = "a letter, then letters, digits, `_` or `-`, 64 characters at most"
DOTTED_RULE = "a letter, then letters, digits, `_`, `-` or `.`, 128 characters at most"
STEP_ID_RULE = "a letter or `_`, then letters, digits or `_`, 64 characters at most"
BRANCH_RULE = "a letter or `_`, then letters, digits, `_` or `-`, 64 characters at most"

BRANCH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}\Z")
"""A branch of a fork. Never a slash or a `#`: it is a word of the paths that step instances go by."""

_VARIABLES = ("input", "event", "steps", "vars", "run", "error", "result")
# https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax: KEYWORD cannot follow a dot, and
# neither those nor RESERVED can be a variable.
_KEYWORDS = ("true", "false", "null", "in")
_RESERVED = (
    *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
    *("package", "namespace", "return", "var", "void", "while"),
)


def matching(pattern: re.Pattern[str], what: str, rule: str) -> Callable[[str], str]:
    """Make a validator that lets in what `pattern` matches."""

    def validate(name: str) -> str:
        if not pattern.match(name):
            raise said(f"{quote(name)} is not {what}: {rule}")
        return name

    return validate


def _identifier(what: str) -> Callable[[str], str]:
    matches = matching(names.STEP_ID, what, STEP_ID_RULE)

    def validate(name: str) -> str:
        if matches(name) in _KEYWORDS:
            raise said(f"{quote(name)} cannot be {what}: it is a word of the expression language")
        return name

    return validate


def _loop_variable(name: str) -> str:
    if name in _VARIABLES:
        raise said(f"{quote(name)} cannot be the name of a variable: there is one already")
    if name in _RESERVED:
        raise said(f"{quote(name)} cannot be the name of a variable: the expression language reserves it")
    return _identifier("the name of a variable")(name)


def _or_expression(validate: Callable[[str], str]) -> Callable[[str], str]:
    """Let in what holds an expression: what becomes of it is known only when it is evaluated."""
    return lambda name: name if "${" in name else validate(name)


def _schema(pattern: re.Pattern[str]) -> Any:
    return WithJsonSchema({"type": "string", "pattern": _ecma(pattern)})


def _ecma(pattern: re.Pattern[str]) -> str:
    return f"^{pattern.pattern.removesuffix(chr(92) + 'Z')}$"


def _schema_or_expression(pattern: re.Pattern[str]) -> Any:
    return WithJsonSchema({"type": "string", "pattern": rf"\$\{{|{_ecma(pattern)}"})


action = matching(names.DOTTED, "the name of an action", DOTTED_RULE)
_workflow = matching(names.DOTTED, "the name of a workflow", DOTTED_RULE)
_word = matching(names.WORD, "the name of a module", WORD_RULE)
_namespace = matching(names.WORD, "the name of a namespace", WORD_RULE)
_event = matching(names.DOTTED, "the name of an event", DOTTED_RULE)
_error_type = matching(re.compile(r"[^\x00-\x1f]{1,128}\Z"), "the type of an error", "1 to 128 characters")

ModuleName = Annotated[str, AfterValidator(_word), _schema(names.WORD)]
ActionName = Annotated[str, AfterValidator(action), _schema(names.DOTTED)]
ActionOrExpression = Annotated[
    str, AfterValidator(_or_expression(action)), _schema_or_expression(names.DOTTED)
]
WorkflowOrExpression = Annotated[
    str, AfterValidator(_or_expression(_workflow)), _schema_or_expression(names.DOTTED)
]
Namespace = Annotated[str, AfterValidator(_namespace), _schema(names.WORD)]
EventName = Annotated[str, AfterValidator(_event), _schema(names.DOTTED)]
StepId = Annotated[str, AfterValidator(_identifier("the id of a step")), _schema(names.STEP_ID)]
LoopVariable = Annotated[str, AfterValidator(_loop_variable), _schema(names.STEP_ID)]
ErrorType = Annotated[str, AfterValidator(_error_type), WithJsonSchema({"type": "string", "minLength": 1})]

variable = _identifier("the name of a variable")
branch = matching(BRANCH, "the name of a branch", BRANCH_RULE)
label = matching(names.DOTTED, "the name of a label", DOTTED_RULE)
