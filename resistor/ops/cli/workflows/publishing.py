"""`resistor workflow register`: a deployment's step before its daemons start."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from resistor.errors import VersionConflict
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import Column, talk, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import paths_argument

COLUMNS = (
    Column("WORKFLOW", lambda row: f"{row['namespace']}/{row['workflow']}@{row['version']}"),
    Column("OUTCOME", lambda row: row["outcome"]),
    Column("DIGEST", lambda row: row["digest"][:19]),
)


@click.command()
@paths_argument
@output_option
@pass_session
def register(session: Session, paths: tuple[Path, ...], style: str) -> None:
    """Register every version in these files [RESISTOR_DEFINITIONS], as a daemon does when it starts.

    All or nothing: where a version is registered with other content, or a file is wrong, nothing is
    written, and the exit code is 1.
    """
    settings = session.settings()
    rows = asyncio.run(_register(settings, paths or settings.definitions.paths))
    write_rows(rows, COLUMNS, style=style)
    refused = [f"{row['namespace']}/{row['workflow']}@{row['version']}" for row in rows if _is_refused(row)]
    if refused:
        raise VersionConflict(
            f"{', '.join(refused)}: registered with other content, so nothing was written. A version is"
            " immutable: give what has changed the next one (`resistor workflow diff` shows what that is)"
        )
    new = sum(row["outcome"] == "registered" for row in rows)
    talk(f"{new} registered, {len(rows) - new} known already")


def _is_refused(row: dict[str, Any]) -> bool:
    return bool(row["outcome"] == "refused")


async def _register(settings: Any, paths: Any) -> list[dict[str, Any]]:
    from resistor.catalog import load
    from resistor.ops import servers
    from resistor.ops.registering import publish_catalog

    async with servers.open_store(settings) as store:
        # A variation may extend what only the store has.
        known = (await store.catalogue.read()).sources
        catalog = load(paths, known).or_raise()
        return [asdict(each) for each in await publish_catalog(store.catalogue, catalog)]
