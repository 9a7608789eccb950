"""Definition files to workflows: the only reader of YAML.

Used by the daemon (at start-up, on a reload, and for versions that only the store still has), by ops and
by `resistor dev`. It knows files and the language, and nothing of brokers, stores or running workflows.

A file's way: `files` finds it, `reading` makes values that know their place, `outline` finds the workflows
in it, `gathering` brings all files together, `settling` resolves variations and has `checks` look into
each workflow, `compiling` makes `Workflow`s, `loading` hands on both the good ones and what is wrong with
the others.
"""

from __future__ import annotations

from resistor.catalog.catalog import Catalog
from resistor.catalog.compiling import workflow_from_source
from resistor.catalog.durations import BadDuration, parse_duration
from resistor.catalog.editor_schema import editor_schema
from resistor.catalog.loading import Loaded, load, load_or_raise, load_text
from resistor.catalog.showing import show

__all__ = [
    "BadDuration",
    "Catalog",
    "Loaded",
    "editor_schema",
    "load",
    "load_or_raise",
    "load_text",
    "parse_duration",
    "show",
    "workflow_from_source",
]
