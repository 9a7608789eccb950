"""Values together with where they stand in a file, and findings about them.

The reader builds `Node`s; the checks see plain values and say where by a path (`("steps", 0, "action")`),
so that they work as well on what the store kept, which has no lines. `Source` brings the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from resistor.errors import Problem

KeyPath = tuple[str | int, ...]
"""The way from a value to one inside it: keys and positions."""


@dataclass(slots=True)
class Node:
    """A value, where it begins (from 1), and the nodes inside it.

    `value` is plain JSON. `keys` says where a mapping's keys stand. `borrowed_from` names the workflow that
    a variation has the value from: the place is then that of `extends`. Filled while a file is read or a
    variation is resolved, and not changed after.
    """

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    inner: dict[str, Node] | list[Node] | None = None
    borrowed_from: str | None = None

    def at(self, path: KeyPath) -> Node:
        """Return the node that `path` leads to, or the last one on the way that there is."""
        node = self
        for word in path:
            found = node._child(word)
            if found is None:
                break
            node = found
        return node

    def _child(self, word: str | int) -> Node | None:
        if isinstance(self.inner, dict):
            return self.inner.get(str(word))
        if isinstance(self.inner, list) and isinstance(word, int) and word < len(self.inner):
            return self.inner[word]
        return None


class Finding(NamedTuple):
    """One thing wrong, at a path. `at_key`: it is the key that is wrong, not its value.

    `offset` counts characters inside the text that stands there, where it is one of them that is meant.
    """

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False
    offset: int = 0

    def within(self, prefix: KeyPath) -> Finding:
        """The same, seen from further out."""
        return self._replace(path=prefix + self.path)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file by lines, and the tree that was read from it (None: nothing could be)."""

    file: str
    lines: tuple[str, ...] = ()
    root: Node | None = None

    def below(self, path: KeyPath) -> Source:
        """The same file, seen from the value at `path`."""
        return self if self.root is None else self.seen_from(self.root.at(path))

    def seen_from(self, root: Node) -> Source:
        """The same file, with another tree."""
        return replace(self, root=root)

    def problem(self, line: int, column: int, message: str, hint: str | None = None) -> Problem:
        """Make a `Problem` of a place in this file."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return Problem(message, self.file, line, column, text, hint)

    def locate(self, finding: Finding) -> Problem:
        """Make a `Problem` of a finding. Without a tree the path goes into the message."""
        if self.root is None:
            return self.problem(
                1, 1, f"at /{'/'.join(map(str, finding.path))}: {finding.message}", finding.hint
            )
        line, column = self.place(finding.path, key=finding.at_key)
        if finding.offset and not finding.at_key:
            column += self._columns_to(finding.offset, self.root.at(finding.path))
        message, borrowed_from = finding.message, self.root.at(finding.path).borrowed_from
        if borrowed_from is not None and finding.path:
            message += f" (in what is extended, {borrowed_from}, at /{'/'.join(map(str, finding.path))})"
        return self.problem(line, column, message, finding.hint)

    def place(self, path: KeyPath, *, key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at `path`, or of its key."""
        if self.root is None:
            return 1, 1
        if key and isinstance(path[-1], str):
            keys = self.root.at(path[:-1]).keys
            if path[-1] in keys:
                return keys[path[-1]]
        node = self.root.at(path)
        return node.line, node.column

    def _columns_to(self, offset: int, node: Node) -> int:
        """Return how far behind the begin of a text its `offset`-th character stands.

        That is 0, its begin, where the line does not show the text as it is: in blocks (`|`, `>`), behind an
        escape, on a further line.
        """
        text = node.value
        written = self.lines[node.line - 1][node.column - 1 :] if node.line <= len(self.lines) else ""
        first = written[:1]
        if not isinstance(text, str) or offset > len(text) or first in ("|", ">"):
            return 0
        before = text[:offset]
        if (first == '"' and "\\" in before) or (first == "'" and "'" in before):
            return 0  # each of these takes two characters
        quotes = 1 if first in ("'", '"') else 0
        return quotes + offset if written[quotes:].startswith(text[: offset + 1]) else 0


def texts_in(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text inside a value, with the path to it, in the order in which they stand there."""
    waiting: list[tuple[KeyPath, Any]] = [(path, value)]  # no recursion: what the store kept may be deep
    while waiting:
        where, each = waiting.pop()
        if isinstance(each, str):
            yield where, each
        elif isinstance(each, dict):
            waiting += [((*where, key), inner) for key, inner in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [((*where, position), each[position]) for position in reversed(range(len(each)))]
