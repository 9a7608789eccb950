"""What things may be called. Read by the definition loader and at the door; the rules are the contract's.

Namespaces and modules are single words of routing keys, so they have no dots; events and actions may
have them. Braces, stars, hashes and slashes are nowhere allowed: they would change a Redis slot or a
topic's meaning.
"""

from __future__ import annotations

import re

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}\Z")
"""A namespace or a module."""

DOTTED = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}\Z")
"""An event (and so a workflow) or an action."""

STEP_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}\Z")
"""A step: an identifier, so that `steps.<id>` can always be written."""

RUN_ID = re.compile(r"[a-z0-9]{20}\Z")
"""A run: 100 bits in base32."""


def split_workflow(reference: str) -> tuple[str, str, int | None]:
    """Read `namespace/workflow`, `namespace/workflow@3`, or `namespace.event` as on a routing key.

    Raises `ValueError` where it is none of them.
    """
    name, _, version = reference.partition("@")
    namespace, _, workflow = name.partition("/") if "/" in name else name.partition(".")
    if not WORD.match(namespace) or not DOTTED.match(workflow) or (version and not version.isdigit()):
        raise ValueError(f"{reference!r} is not NAMESPACE/WORKFLOW or NAMESPACE/WORKFLOW@VERSION")
    return namespace, workflow, int(version) if version else None
