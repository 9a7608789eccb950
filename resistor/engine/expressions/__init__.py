"""`${…}`: CEL in a definition, compiled when it is loaded, evaluated when a step begins. PURE, as the engine.

The catalog compiles (and gets a `BadExpression` with the character that is wrong), the engine evaluates
against a `Scope` of its own (and gets an `ExpressionError` that names what is missing). The same scope gives
the same bytes, on every machine. No expression can hold the daemon up or fill its memory: what it may take is
counted while it runs.

    expression.py     Expression: one of them           template.py      Template: a value full of them
    scope.py          what the engine lends             mistakes.py      what goes wrong
    path.py           plain dotted paths, a walk        placeholders.py  where a `${` ends
    program.py        text → program, the last 1,024    checking.py      CEL's parser and checker (C++)
    complaints.py     what that says, in plain words    wire.py, tree.py its tree
    naming.py         what a tree reads                 planning/        tree → closures
    operators.py      + - < == in …                     equality.py      what is the same
    library/          the functions                     values.py, moments.py  timestamps, durations …
    evaluation.py     one evaluation and its budget     outcome.py       what leaves, as JSON
"""

from resistor.engine.expressions.expression import Expression, compile_expression
from resistor.engine.expressions.mistakes import BadExpression
from resistor.engine.expressions.scope import Scope, StepRef
from resistor.engine.expressions.template import Template, compile_template

__all__ = [
    "BadExpression",
    "Expression",
    "Scope",
    "StepRef",
    "Template",
    "compile_expression",
    "compile_template",
]
