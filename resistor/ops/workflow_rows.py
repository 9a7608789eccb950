"""Definitions → rows of `resistor workflow list`, and the object of `workflow show -o json`.

Read by the command line, and later by the HTTP API. Works on the resolved source: nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import msgspec

from resistor.ops.blocks import kind_of, walk
from resistor.ops.definitions import Definition
from resistor.ops.graph.labels import bare

Row = dict[str, Any]


def rows(definitions: Iterable[Definition]) -> list[Row]:
    """Return a row for each version, by name and version. `new_runs` says who gets it."""
    ordered = sorted(definitions, key=lambda each: (each.namespace, each.name, each.version))
    found = []
    for _, versions in groupby(ordered, key=lambda each: (each.namespace, each.name)):
        found += _workflow(list(versions))
    return found


def view(definition: Definition) -> Row:
    """Return one version with its steps and its definition as it was registered."""
    steps = [
        {
            "id": path.rpartition("/")[2],
            "path": path,
            "kind": kind_of(step),
            "module": step.get("module"),
            "action": step.get("action"),
        }
        for path, step in walk(definition.content)
    ]
    return _row(definition) | {"steps": steps, "definition": msgspec.Raw(definition.source)}


def _workflow(versions: Sequence[Definition]) -> list[Row]:
    found = [_row(each) for each in versions]
    offered = [row for row, each in zip(found, versions, strict=True) if each.is_offered]
    plain = [row["version"] for row in offered if row["rollout"] is None]
    for row, each in zip(found, versions, strict=True):
        if not each.is_offered:
            row["new_runs"] = "none"
        elif row["rollout"] is not None:
            row["new_runs"] = _share(row["rollout"])
        elif row["version"] != max(plain):
            row["new_runs"] = "none"
        else:
            row["new_runs"] = "all" if len(plain) == len(offered) else "the rest"
    return found


def _row(definition: Definition) -> Row:
    content = definition.content
    steps = [step for _, step in walk(content)]
    undoing = [step["compensate"] for step in steps if isinstance(step.get("compensate"), dict)]
    modules = {str(each["module"]) for each in [*steps, *undoing] if "module" in each}
    return {
        "namespace": definition.namespace,
        "workflow": definition.name,
        "version": definition.version,
        "digest": definition.digest,
        "description": content.get("description"),
        "steps": len(steps),
        "modules": sorted(modules),
        "rollout": content.get("rollout"),
        "schedule": content.get("schedule"),
        "triggers": content.get("triggers") or [],
    }


def starts(row: Row) -> str:
    """Return in short what starts a workflow beside its own event."""
    schedule, found = row["schedule"], []
    if isinstance(schedule, dict):
        zone = f" {schedule['timezone']}" if "timezone" in schedule else ""
        cron = schedule.get("cron")
        found.append(f"{cron}{zone}" if cron else f"every {schedule.get('every', '?')}")
    found += [str(each.get("event", "?")) for each in row["triggers"] if isinstance(each, dict)]
    return ", ".join(found)


def _share(rollout: dict[str, Any]) -> str:
    words = [f"{rollout['percent']:g}%"] if isinstance(rollout.get("percent"), int | float) else []
    words += [f"by {bare(rollout['key'])}"] if "key" in rollout else []
    words += [f"when {bare(rollout['when'])}"] if "when" in rollout else []
    return " ".join(words) or "some"
