"""What differs between two definitions: steps and keys, not lines of text.

    changes.py   what a difference is
    values.py    two mappings → the keys that differ, down to single values
    matching.py  which entries of two lists belong together, and which have moved
    steps.py     two definitions → every difference, step by step

Called by `resistor workflow diff`, and later by the web page. Pure; works on resolved definitions.
"""

from __future__ import annotations

from resistor.ops.workflow_diff.changes import Change, What
from resistor.ops.workflow_diff.steps import compare

__all__ = ["Change", "What", "compare"]
