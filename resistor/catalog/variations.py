"""A variation, resolved: its base with the changes made, a complete workflow that knows its places.

Called by settling, once the base is. Steps are found by the ids that they have in the base: those are
written out, so that a change above a step cannot give it another name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from resistor.catalog.blocks import RawBlock, RawStep, blocks_of
from resistor.catalog.checks.shape import findings_of
from resistor.catalog.forms import ChangeForm, VariationForm
from resistor.catalog.grafting import borrowed, copied, depth, drop, merge, put, splice
from resistor.catalog.places import Finding, KeyPath, Node
from resistor.catalog.reading import MAX_DEPTH
from resistor.catalog.wording import did_you_mean, listed, quote

VARIATION_KEYS = ("extends", "changes")
_NOT_INHERITED = ("version", "rollout", *VARIATION_KEYS)
"""What is said of one version, and not of what it does."""


def is_variation(definition: Any) -> bool:
    """Say whether a definition is a variation of another, or means to be."""
    return isinstance(definition, dict) and any(key in definition for key in VARIATION_KEYS)


def check_variation(definition: Mapping[str, Any]) -> list[Finding]:
    """Return what is wrong with `extends` and `changes` themselves."""
    given = {key: definition[key] for key in VARIATION_KEYS if key in definition}
    try:
        VariationForm.model_validate(given)
    except ValidationError as error:
        return list(findings_of(error))
    return []


def resolve(variation: Node, base: Mapping[str, Any], origin: str) -> Node | list[Finding]:
    """Return the workflow that a variation is, or what is wrong with its changes.

    `origin` is the base's name with its version. The places of findings are the variation's own.
    """
    assert isinstance(variation.inner, dict)  # noqa: S101 - `check_variation` has looked
    extends = variation.inner["extends"]
    tree = borrowed(dict(base), extends, origin)
    _write_ids(tree, extends, origin)
    for key in _NOT_INHERITED:
        drop(tree, key)
    findings = list(_changed(tree, variation))
    if findings:
        return findings
    for key, node in variation.inner.items():
        if node.value is None:
            drop(tree, key)
        elif key not in VARIATION_KEYS:
            put(tree, key, copied(node), key_at=variation.keys[key])
    put(tree, "extends", Node(origin, extends.line, extends.column), key_at=variation.keys["extends"])
    tree.line, tree.column, tree.borrowed_from = variation.line, variation.column, None
    if depth(tree) > MAX_DEPTH:
        return [Finding(("changes",), f"the result is nested deeper than {MAX_DEPTH} levels")]
    return tree


def _write_ids(tree: Node, at: Node, origin: str) -> None:
    for block in blocks_of(tree.value).all:
        for step in block.steps:
            if step.id is not None and "id" not in step.value:
                put(tree.at(step.path), "id", borrowed(step.id, at, origin))


def _changed(tree: Node, variation: Node) -> Iterator[Finding]:
    """Make the changes in order, each on what those before have made."""
    changes = variation.at(("changes",))
    for number, node in enumerate(changes.inner if isinstance(changes.inner, list) else ()):
        change = ChangeForm.model_validate(node.value)
        key, step_id = change.place
        found = _find(tree.value, step_id)
        if isinstance(found, _Found):
            clashes = list(_clashes(found.block, node.at(("insert",))))
            yield from (finding.within(("changes", number, "insert")) for finding in clashes)
            if not clashes:
                _change(tree, found.step, change, node)
        else:
            message, hint = found
            yield Finding(("changes", number, key), message, hint)


def _clashes(block: RawBlock, inserted: Node) -> Iterator[Finding]:
    """Yield the new steps whose ids are taken: the check of ids would find fault with the base's."""
    for number, node in enumerate(_entries(inserted)):
        step_id = node.value.get("id") if isinstance(node.value, dict) else None
        if isinstance(step_id, str) and step_id in block:
            yield Finding((number, "id"), f"there is a step {quote(step_id)} already")


def _change(tree: Node, step: RawStep, change: ChangeForm, node: Node) -> None:
    around, position = tree.at(step.path[:-1]), int(step.path[-1])
    if change.insert is not None:
        new = [copied(each) for each in _entries(node.at(("insert",)))]
        splice(around, position + (change.after is not None), 0, new)
    elif change.merge is not None:
        merge(tree.at(step.path), node.at(("merge",)))
    elif change.replace is not None:
        new_step = copied(node.at(("replace",)))
        if "id" not in new_step.value:  # who reads the step goes on reading it
            put(new_step, "id", Node(step.id, new_step.line, new_step.column))
        splice(around, position, 1, [new_step])
    else:
        splice(around, position, 1, [])


def _entries(node: Node) -> list[Node]:
    return node.inner if isinstance(node.inner, list) else []


class _Found(NamedTuple):
    """A step, and the list that it stands in."""

    block: RawBlock
    step: RawStep


def _find(definition: Any, step_id: str) -> _Found | tuple[str, str | None]:
    """Return the step of that id, at any depth, or a message and a hint.

    Where several lists have such a step, the way to it says which: `guard/try/charge`.
    """
    by_way = dict(_ways(blocks_of(definition).all))
    if step_id in by_way:
        return by_way[step_id]
    named = [way for way, found in by_way.items() if found.step.id == step_id]
    if len(named) == 1:
        return by_way[named[0]]
    if named:
        return f"several steps have the id {quote(step_id)}", f"write which: {listed(sorted(named), 'or')}"
    ids = list(dict.fromkeys(str(found.step.id) for found in by_way.values()))
    hint = did_you_mean(step_id, [*ids, *by_way]) or (f"there is {listed(ids[:10])}" if ids else None)
    return f"there is no step {quote(step_id)} to change", hint


def _ways(blocks: tuple[RawBlock, ...]) -> Iterator[tuple[str, _Found]]:
    """Yield every step with the way to it, as paths in a run are written."""
    ways: dict[KeyPath, str] = {}
    for block in blocks:  # outer ones come first
        owner = "" if block.owner is None else f"{ways[block.owner.path]}/"
        prefix = f"{owner}{block.label}/" if block.label else ""
        for step in block.steps:
            ways[step.path] = f"{prefix}{step.id}"
            if step.id is not None:
                yield ways[step.path], _Found(block, step)
