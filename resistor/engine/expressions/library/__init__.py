"""Every function of the language that is not an operator or a macro, by its name in a checked tree.

    texts.py         substring, split, join, format (formatting.py), sha256, base64 …
    numbers.py       math.…, sum, avg
    lists.py         size, sort, slice, distinct, sets.…, group_by …
    mappings.py      merge, entries, from_entries, json, text, optional.…
    conversions.py   int, double, string, timestamp, duration, type …
    chance.py        now, uuid, random
    borrowed.py      matches, regex.… (patterns.py: what one costs), getHours …

Called by `planning/calls.py`. A function is handed values of the kinds that it asks for, takes from the
budget what its work grows with, and raises nothing but `Fault`. It must never change what it is given: values
are shared with the scope.
"""

from __future__ import annotations

from resistor.engine.expressions.library import borrowed, chance, conversions, lists, mappings, numbers, texts
from resistor.engine.expressions.library.chance import IMPURE
from resistor.engine.expressions.library.function import Function

FUNCTIONS: dict[str, Function] = {
    name: function
    for table in (texts, numbers, lists, mappings, conversions, chance, borrowed)
    for name, function in table.FUNCTIONS.items()
}

NAMESPACES = frozenset({"math", "strings", "base64", "regex", "sets", "lists", "optional"})
"""What a function's name may begin with: `math.greatest`."""

__all__ = ["FUNCTIONS", "IMPURE", "NAMESPACES", "Function"]
