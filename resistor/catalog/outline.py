"""A file's outline: namespaces, in them events, in them workflows; and the reserved keys.

Called by loading with what was read from one file. Says what is wrong with the outline; what is inside a
workflow is for the checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from resistor.catalog.forms import DOTTED_RULE, WORD_RULE
from resistor.catalog.modules import MODULES_KEY
from resistor.catalog.places import Finding, KeyPath
from resistor.catalog.scenario_files import SCENARIO_KEY
from resistor.catalog.wording import kind_of, quote
from resistor.messages import names

_SHAPE = "a file maps namespaces to events, and events to workflows"
_SCENARIO = f"`{SCENARIO_KEY}` is for scenarios, in YAML files of their own: no namespace has this name"
_TITLE = f"in a scenario its title stands here, on the same line: `{SCENARIO_KEY}: A declined card …`"
_RESERVED = f"`{MODULES_KEY}` is for what holds for modules: a namespace cannot have this name"
_WORKFLOW_KEYS = ("version", "steps", "extends")


class Entry(NamedTuple):
    """A workflow's definition, not looked into yet. `named`: its namespace and event may be called that."""

    namespace: str
    event: str
    path: KeyPath
    definition: Any
    named: bool


class ModuleEntry(NamedTuple):
    """What a file says of a module, not looked into yet."""

    module: str
    path: KeyPath
    defaults: Any


def outline(content: Any) -> Iterator[Entry | ModuleEntry | Finding]:
    """Yield the workflows and modules of a file, and what is wrong around them. An empty file has none."""
    if content is None:
        return
    if not isinstance(content, dict):
        yield Finding((), f"a mapping is expected here, not {kind_of(content)}: {_SHAPE}")
        return
    lost = [key for key in _WORKFLOW_KEYS if key in content and not _is_outline(content[key])]
    if lost:
        yield Finding((lost[0],), f"{quote(lost[0])} belongs in a workflow: {_SHAPE}", at_key=True)
        return
    if SCENARIO_KEY in content:
        yield Finding((SCENARIO_KEY,), _SCENARIO, _TITLE, at_key=True)
        return
    for namespace, events in content.items():
        if namespace == MODULES_KEY:
            yield from _modules(events)
        else:
            yield from _namespace(namespace, events)


def _modules(modules: Any) -> Iterator[ModuleEntry | Finding]:
    path: KeyPath = (MODULES_KEY,)
    if not isinstance(modules, dict):
        message = f"`{MODULES_KEY}` must be a mapping of modules, not {kind_of(modules)}"
        yield Finding(path, message)
        return
    if any(_is_workflow(each) for each in modules.values()):
        yield Finding(path, _RESERVED, at_key=True)
        return
    for module, defaults in modules.items():
        if names.WORD.match(module):
            yield ModuleEntry(module, (*path, module), defaults)
        else:
            message = f"{quote(module)} is not the name of a module: {WORD_RULE}"
            yield Finding((*path, module), message, at_key=True)


def _namespace(namespace: str, events: Any) -> Iterator[Entry | Finding]:
    good = names.WORD.match(namespace) is not None
    if isinstance(events, dict) and any(
        key in events and not _is_outline(events[key]) for key in _WORKFLOW_KEYS
    ):
        hint = f"is the namespace missing above {quote(namespace)}?"
        yield Finding(
            (namespace,), f"a workflow stands here in place of a namespace: {_SHAPE}", hint, at_key=True
        )
        return
    if not good:
        message = f"{quote(namespace)} is not the name of a namespace: {WORD_RULE}"
        yield Finding((namespace,), message, at_key=True)
    if not isinstance(events, dict):
        message = f"the namespace {quote(namespace)} must be a mapping of events, not {kind_of(events)}"
        yield Finding((namespace,), message)
        return
    for event, workflows in events.items():
        yield from _event(namespace, event, workflows, named=good)


def _event(namespace: str, event: str, workflows: Any, *, named: bool) -> Iterator[Entry | Finding]:
    path = (namespace, event)
    if not names.DOTTED.match(event):
        named = False
        yield Finding(path, f"{quote(event)} is not the name of an event: {DOTTED_RULE}", at_key=True)
    if not isinstance(workflows, list):
        yield Entry(namespace, event, path, workflows, named)
        return
    if not workflows:
        yield Finding(path, f"the event {quote(event)} has an empty list in place of its workflows")
    for position, workflow in enumerate(workflows):
        yield Entry(namespace, event, (*path, position), workflow, named)


def _is_outline(value: Any) -> bool:
    """Tell events from the inside of a workflow, for somebody who left a level out."""
    if isinstance(value, list):
        return bool(value) and all(map(_is_workflow, value))
    return isinstance(value, dict)


def _is_workflow(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_workflow, value))
    return isinstance(value, dict) and ("steps" in value or "extends" in value)
