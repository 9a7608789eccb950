"""Trees of values with their places, grown out of others.

Used to resolve variations: what comes from another workflow is a copy whose place is that of `extends`,
what a change brings keeps its own. Each function changes a node that its caller has copied, its value along
with what is inside it; nodes that were read from a file are never touched.
"""

from __future__ import annotations

from typing import Any

from resistor.catalog.places import Node


def borrowed(value: Any, at: Node, origin: str) -> Node:
    """Make a tree of a value that has no place here: every node of it stands at `at`."""
    node = Node(value, at.line, at.column, borrowed_from=origin)
    if isinstance(value, dict):
        node.keys = dict.fromkeys(value, (at.line, at.column))
        node.inner = {key: borrowed(each, at, origin) for key, each in value.items()}
        node.value = {key: each.value for key, each in node.inner.items()}
    elif isinstance(value, list):
        node.inner = [borrowed(each, at, origin) for each in value]
        node.value = [each.value for each in node.inner]
    return node


def copied(node: Node) -> Node:
    """Copy a tree, places and all."""
    copy = Node(node.value, node.line, node.column, dict(node.keys), None, node.borrowed_from)
    if isinstance(node.inner, dict):
        copy.inner = {key: copied(each) for key, each in node.inner.items()}
        copy.value = {key: each.value for key, each in copy.inner.items()}
    elif isinstance(node.inner, list):
        copy.inner = [copied(each) for each in node.inner]
        copy.value = [each.value for each in copy.inner]
    return copy


def put(into: Node, key: str, node: Node, *, key_at: tuple[int, int] | None = None) -> None:
    """Set a key of a mapping. `key_at`: where the key stands, if not where its value does."""
    assert isinstance(into.inner, dict)  # noqa: S101 - the caller has looked
    into.inner[key] = node
    into.value[key] = node.value
    into.keys[key] = key_at or (node.line, node.column)


def drop(out_of: Node, key: str) -> None:
    """Take a key out of a mapping, where it is there."""
    assert isinstance(out_of.inner, dict)  # noqa: S101 - likewise
    if out_of.inner.pop(key, None) is not None:
        del out_of.value[key], out_of.keys[key]


def splice(into: Node, position: int, remove: int, nodes: list[Node]) -> None:
    """Replace so many entries of a list from `position` on."""
    assert isinstance(into.inner, list)  # noqa: S101 - likewise
    into.inner[position : position + remove] = nodes
    into.value[position : position + remove] = [node.value for node in nodes]


def merge(into: Node, patch: Node) -> None:
    """Merge a mapping into another, as RFC 7396 has it: null takes a key away, a list replaces a list."""
    assert isinstance(patch.inner, dict)  # noqa: S101 - likewise
    assert isinstance(into.inner, dict)  # noqa: S101 - likewise
    for key, node in patch.inner.items():
        old = into.inner.get(key)
        if node.value is None:
            drop(into, key)
        elif not isinstance(node.inner, dict):
            put(into, key, copied(node), key_at=patch.keys[key])
        else:
            if old is None or not isinstance(old.inner, dict):
                old = Node({}, node.line, node.column, inner={})
                put(into, key, old, key_at=patch.keys[key])
            merge(old, node)


def depth(node: Node) -> int:
    """Return how many levels of mappings and lists there are."""
    inner = node.inner.values() if isinstance(node.inner, dict) else node.inner
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)
