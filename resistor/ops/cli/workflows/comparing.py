"""`resistor workflow diff`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, workflow_name
from resistor.ops.cli.output import Column, talk, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import reference, where, where_options
from resistor.ops.text import shortened

LONGEST = 48  # characters of a value in the table; -o json has the whole
DEFINITION_SUFFIXES = (".yaml", ".yml", ".json")


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--exit-code", "tells", is_flag=True, help="Exit with 1 where they differ.")
@where_options
@output_option
@pass_session
def diff(session: Session, /, old: str, new: str | None, tells: bool, style: str, **places: Any) -> None:
    """Show what differs between two workflows: steps and keys, not lines.

    OLD and NEW are NAMESPACE/WORKFLOW[@VERSION], or a definition file. Without NEW, what is registered is
    compared with what is in the definition files: what a deployment would change.

    \b
    resistor workflow diff shop/order.placed@1 shop/order.placed@2
    resistor workflow diff shop/order.placed vip/order.placed
    resistor workflow diff shop/order.placed
    """
    from resistor.ops.workflow_diff import compare

    before, after = asyncio.run(_both(session.settings(), old, new, where(**places)))
    changes = compare(before.content, after.content)
    talk(f"{before.key} ({before.origin}) → {after.key} ({after.origin})")
    if style != "table":
        write_rows([asdict(change) for change in changes], (), style=style)
    elif changes:
        write_rows([asdict(change) for change in changes], COLUMNS, style=style)
    talk(_summary(changes))
    if changes and tells:
        raise SystemExit(EXIT_FAILED)


async def _both(settings: Any, old: str, new: str | None, place: Any) -> tuple[Any, Any]:
    from resistor.ops.definitions import Origin, Where

    if new is not None:
        return await _one(settings, old, new, place), await _one(settings, new, old, place)
    if place.only is not None:
        raise click.UsageError("without NEW both what is registered and the files are looked at")
    files = place if place.paths else Where(only=Origin.FILES)
    return await _one(settings, old, "", Where(only=Origin.STORE)), await _one(settings, old, "", files)


async def _one(settings: Any, text: str, other: str, place: Any) -> Any:
    """Find one side. A file with several workflows has the one that the other side names."""
    from resistor.ops.definitions import find, in_files

    if not _is_file(text):
        return await find(settings, reference(workflow_name(text)), place)
    found = in_files([Path(text)])
    names = {(each.namespace, each.name) for each in found}
    if other and not _is_file(other):
        namespace, name, _ = workflow_name(other)
        names = {(namespace, name)} if len(names) > 1 else names
    fitting = [each for each in found if (each.namespace, each.name) in names]
    if len(names) != 1 or not fitting:
        raise OperatorMistake(
            f"{text} has several workflows: name one as NAMESPACE/WORKFLOW, with --definitions"
        )
    return max(fitting, key=lambda each: each.version)


def _is_file(text: str) -> bool:
    """Tell a file from a workflow whose event has such a name: the file is there."""
    return text.lower().endswith(DEFINITION_SUFFIXES) and Path(text).is_file()


# --------------------------------------------------------------------------------------- in words


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return shortened(" ".join(text.split()), LONGEST)


def _what(row: dict[str, Any]) -> str:
    """Say a change in words: `retry.limit: 3 → 5`."""
    old, new, key = row["old"], row["new"], row["key"]
    if row["what"] == "moved":
        return f"{_where(old, new)} → {_where(new, old)}"
    if key:
        sides = [_text(old), _text(new)]
        return f"{key}: " + {"added": sides[1], "removed": sides[0]}.get(row["what"], " → ".join(sides))
    return _said(new if row["what"] == "added" else old)


def _where(place: dict[str, Any], other: dict[str, Any]) -> str:
    order = f"after {place['after']}" if place["after"] else "first"
    block, _, _ = place["path"].rpartition("/")
    return f"{order} in {block or 'the workflow'}" if block != other["path"].rpartition("/")[0] else order


def _said(value: Any) -> str:
    from resistor.ops.blocks import kind_of
    from resistor.ops.graph.labels import lines_of

    if not isinstance(value, dict):
        return "branch"
    if kind_of(value) == "unknown":
        return _text({key: each for key, each in value.items() if key != "do"})
    return shortened(f"{kind_of(value)} {' · '.join(lines_of(value))}".rstrip(), 2 * LONGEST)


def _summary(changes: list[Any]) -> str:
    if not changes:
        return "no difference"
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.what] = counts.get(change.what, 0) + 1
    return ", ".join(f"{count} {what}" for what, count in counts.items())


COLUMNS = (
    Column("CHANGE", lambda row: row["what"]),
    Column("WHERE", lambda row: row["path"] or "(workflow)"),
    Column("WHAT", _what),
)
