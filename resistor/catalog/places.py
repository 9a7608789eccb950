"""Values together with where they stand in a file, and findings about them.

The reader builds `Node`s; the checks see plain values and say where by a path (`("steps", 0, "action")`),
so that they work as well on what the store kept, which has no lines. `Source` brings the two together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from resistor.errors import Problem

KeyPath = tuple[str | int, ...]
"""The way from a value to one inside it: keys and positions."""


@dataclass(slots=True)
class Node:
    """A value, where it begins (from 1), and the nodes inside it.

    `value` is plain JSON. `keys` says where a mapping's keys stand. Filled while a file is read, and not
    changed after.
    """

    value: Any
    line: int
    column: int
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    inner: dict[str, Node] | list[Node] | None = None

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
    """One thing wrong, at a path. `at_key`: it is the key that is wrong, not its value."""

    path: KeyPath
    message: str
    hint: str | None = None
    at_key: bool = False

    def within(self, prefix: KeyPath) -> Finding:
        """The same, seen from further out."""
        return self._replace(path=prefix + self.path)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file by lines, and the tree that was read from it (None: nothing could be)."""

    file: str
    lines: tuple[str, ...] = ()
    root: Node | None = None

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
        return self.problem(line, column, finding.message, finding.hint)

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


def texts_in(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield every text inside a value, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts_in(each, (*path, key))
    elif isinstance(value, list):
        for position, each in enumerate(value):
            yield from texts_in(each, (*path, position))
