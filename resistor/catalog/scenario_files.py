"""Which files beside definitions are scenarios: tests of workflows, which `resistor workflow test` plays.

Asked by loading, which passes them over, and by whoever looks for them. Told by one line, without reading the
rest: a scenario that is not even YAML is a broken test, and no reason for a daemon not to start.
"""

from __future__ import annotations

import re

SCENARIO_KEY = "scenario"
"""The key that every scenario has, with its title: no namespace may have this name."""

_TITLE = re.compile(
    rb"""^(?:\xef\xbb\xbf)?(?:scenario|"scenario"|'scenario')[ \t]*:[ \t]+[^\s{#]""", re.MULTILINE
)


def is_scenario(raw: bytes) -> bool:
    """Whether these bytes of a YAML file are a scenario's."""
    return _TITLE.search(raw) is not None
