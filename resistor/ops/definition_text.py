"""A resolved definition as YAML that people read, and that loads again as the same definition.

Called by `resistor workflow show`. The order of keys is that of the language's reference, because the
source has none. What a definition's author wrote beside the content (comments, formatting) is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from resistor.catalog.scalars import BadScalar, resolve
from resistor.ops.blocks import kind_of

WORKFLOW = (
    *("version", "description", "labels", "input", "triggers", "schedule", "rollout", "concurrency"),
    *("timeout", "retention", "defaults", "steps", "output", "on_failure", "finally"),
)
STEP = (
    *("id", "name", "if", "module", "action", "metadata", "with", "output", "timeout", "heartbeat", "retry"),
    *("priority", "switch", "fork", "for", "while", "until", "wait", "listen", "ask", "emit", "set", "run"),
    *("try", "raise", "end", "do", "limit", "keep", "catch", "finally", "compensate", "on_error", "then"),
)
INSIDE: Mapping[str, tuple[str, ...]] = {
    "retry": (*("limit", "delay", "backoff", "factor", "max_delay", "jitter", "within", "on", "except"),),
    "fork": ("branches", "join", "on_error"),
    "for": ("in", "each", "at", "concurrency", "join", "on_error"),
    "listen": ("event", "key", "match", "count", "buffer", "timeout"),
    "ask": ("prompt", "to", "form", "timeout"),
    "emit": ("namespace", "event", "data"),
    "run": ("namespace", "workflow", "version", "id", "input", "detach"),
    "raise": ("type", "message", "details"),
    "end": ("status", "output", "message"),
    "compensate": ("module", "action", "metadata", "with", "retry"),
    "rollout": ("percent", "key", "when"),
    "schedule": ("cron", "timezone", "every", "input", "overlap"),
    "concurrency": ("key", "limit", "on_conflict"),
    "defaults": ("retry", "timeout", "heartbeat"),
}
"""The order of the keys of what stands under a key."""

_ENTRIES = {
    "switch": ("when", "do", "then"),
    "catch": ("errors", "if", "retry", "do", "output", "then"),
    "triggers": ("event", "if", "input"),
}
"""The same for the entries of a list under a key."""

_LISTS = frozenset({"steps", "do", "try", "finally", "on_failure"})
_FREE = frozenset({"metadata", "with", "output", "input", "data", "set", "form", "details", "labels"})
"""What holds the author's own keys, which have no order."""

_WIDTH = 100


def as_yaml(namespace: str, name: str, definition: Mapping[str, Any]) -> str:
    """Return the definition as the content of a file."""
    content = {namespace: {name: _ordered(definition, WORKFLOW)}}
    return yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )


def _ordered(mapping: Mapping[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    keys = [key for key in order if key in mapping]
    keys += [key for key in mapping if key not in order]
    return {key: _value(key, mapping[key]) for key in keys}


def _value(key: str, value: Any) -> Any:
    if key in _FREE:
        return value
    if isinstance(value, list):
        if key in _LISTS:
            return _steps(value)
        return [_ordered(each, _ENTRIES.get(key, ())) if isinstance(each, dict) else each for each in value]
    if isinstance(value, dict):
        if key == "branches":
            return {name: _steps(steps) for name, steps in value.items()}
        return _ordered(value, INSIDE.get(key, ()))
    return value


def _steps(steps: Any) -> Any:
    if not isinstance(steps, list):
        return steps
    return [_step(step) if isinstance(step, dict) else step for step in steps]


def _step(step: dict[str, Any]) -> dict[str, Any]:
    # A `concurrency` or `input` under an unknown kind is the author's business: nothing in it is moved.
    return _ordered(step, STEP) if kind_of(step) != "unknown" else step


class _Dumper(yaml.SafeDumper):
    """Block style, lists indented, and quotes wherever the definition reader would not see text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: definitions have no anchors."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the entries of lists."""
        super().increase_indent(flow, False)


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text and _fits_block(text):
        style = "|"
    elif not _is_text(text):
        style = "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _fits_block(text: str) -> bool:
    """Tell whether a text reads well over several lines; PyYAML itself checks whether it can be so."""
    return not text.startswith((" ", "\n")) and all(line == line.rstrip() for line in text.splitlines())


def _is_text(text: str) -> bool:
    """Tell whether the reader takes an unquoted scalar as the text it is: its rules are YAML 1.2's."""
    try:
        return isinstance(resolve(text), str)
    except BadScalar:
        return False


_Dumper.add_representer(str, _text)
