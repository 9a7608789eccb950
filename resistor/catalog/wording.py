"""How problems are worded: quoting a name, naming a kind of value, and "did you mean".

Used by everything here that has something to say to the author of a definition. Pure text.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

LONGEST_QUOTE = 60  # characters: enough to recognise a name, short enough for one line


def quote(text: str) -> str:
    """Put `text` in backticks, on one line, nothing in it that a terminal would obey."""
    safe = "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
    return f"`{safe if len(safe) <= LONGEST_QUOTE else safe[: LONGEST_QUOTE - 1] + '…'}`"


def listed(names: Iterable[str], last: str = "and") -> str:
    """Write names as `a`, `b` and `c`."""
    quoted = [quote(name) for name in names]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]]) if len(quoted) > 1 else "".join(quoted)


def kind_of(value: Any) -> str:
    """Say what a value is, as in "must be a list, not …"."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return "true" if value else "false"
        case int() | float():
            text = repr(value) if isinstance(value, float) or abs(value) < 10**20 else "such a large number"
            return f"the number {text}" if text[0] != "s" else text
        case str():
            return f"the text {quote(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was most likely meant to be, or None where nothing is near."""
    by_lower = {candidate.lower(): candidate for candidate in candidates}
    found = difflib.get_close_matches(word[:128].lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """Return the hint for a word that is not one of `candidates`, or None where nothing is near."""
    found = nearest(word, candidates)
    return f"did you mean {quote(found)}?" if found else None
