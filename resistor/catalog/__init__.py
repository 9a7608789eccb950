"""Definition files to workflows: the only reader of YAML.

Used by the daemon (at start-up, on a reload, and for versions that only the store still has), by ops and
by `resistor dev`. It knows files and the language, and nothing of brokers, stores or running workflows.

A file's way: `files` finds it, `reading` makes values that know their place, `outline` finds the workflows
in it, `checks` look into each, `compiling` makes `Workflow`s, `loading` gathers both the good ones and
what is wrong with the others.
"""

from __future__ import annotations

from resistor.catalog.catalog import Catalog
from resistor.catalog.compiling import workflow_from_source
from resistor.catalog.loading import Loaded, load, load_or_raise, load_text
from resistor.catalog.showing import show

__all__ = ["Catalog", "Loaded", "load", "load_or_raise", "load_text", "show", "workflow_from_source"]
