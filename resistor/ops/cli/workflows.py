"""`resistor workflow …`: definitions, in files and as they are registered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from resistor.errors import NotFound, ResistorError, VersionConflict
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option, workflow_name
from resistor.ops.cli.output import Column, talk, write_json, write_rows
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.text import plural, shortened

COLUMNS: Sequence[Column] = (
    Column("WORKFLOW", lambda workflow: f"{workflow['namespace']}/{workflow['workflow']}"),
    Column("VERSION", lambda workflow: workflow["version"]),
    Column("STEPS", lambda workflow: workflow["steps"]),
    Column("MODULES", lambda workflow: workflow["modules"]),
    Column("DIGEST", lambda workflow: workflow["digest"][:19]),
    Column("DESCRIPTION", lambda workflow: shortened(workflow["description"] or "", 60)),
)

files_option = click.option(
    "--files",
    "from_files",
    is_flag=True,
    help="Of the definition files [RESISTOR_DEFINITIONS], not as they are registered.",
)
paths_argument = click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")


@click.group()
def workflow() -> None:
    """List, show, check and register workflows."""


@workflow.command("list")
@files_option
@output_option
@pass_session
def list_(session: Session, style: str, *, from_files: bool) -> None:
    """List every version of every workflow that a daemon has registered."""
    from resistor.ops.views import workflow_line

    found = asyncio.run(_all(session, from_files=from_files))
    found = sorted(found, key=lambda each: (each.namespace, each.name, each.version))
    write_rows([workflow_line(each) for each in found], COLUMNS, style=style)


@workflow.command()
@click.argument("name", type=workflow_name, metavar="NAMESPACE/WORKFLOW[@VERSION]")
@files_option
@output_option
@pass_session
def show(session: Session, name: tuple[str, str, int | None], style: str, *, from_files: bool) -> None:
    """Show one workflow: the latest version, if none is named."""
    from resistor.ops.views import workflow_view

    namespace, event, version = name
    found = [
        each
        for each in asyncio.run(_all(session, from_files=from_files))
        if (each.namespace, each.name) == (namespace, event) and version in (None, each.version)
    ]
    if not found:
        wanted = f"{namespace}/{event}" + (f"@{version}" if version else "")
        raise NotFound(f"there is no workflow {wanted}: `resistor workflow list` shows those there are")
    view = workflow_view(max(found, key=lambda each: each.version))
    if style != "table":
        write_json(view, style=style)
        return
    click.echo(f"{namespace}/{event}@{view['version']}  {view['digest']}")
    if view["description"]:
        click.echo(view["description"])
    click.echo()
    columns = (
        Column("STEP", lambda s: s["id"]),
        Column("MODULE", lambda s: s["module"]),
        Column("ACTION", lambda s: s["action"]),
    )
    write_rows(view["steps"], columns, style=style)


@workflow.command()
@paths_argument
@output_option
@pass_session
def validate(session: Session, paths: tuple[Path, ...], style: str) -> None:
    """Check definition files and directories [RESISTOR_DEFINITIONS]. Exits with 1 where one is wrong."""
    from dataclasses import asdict

    from resistor.catalog import load
    from resistor.catalog import show as show_problem

    loaded = load(paths or session.settings().definitions.paths)
    if style == "json":
        write_json([asdict(problem) for problem in loaded.problems], style=style)
    for problem in loaded.problems if style != "json" else ():
        click.echo(show_problem(problem)) if style == "table" else write_json(asdict(problem), style=style)
    good = plural(len(loaded.catalog.workflows), "workflow")
    if loaded.problems:
        talk(f"{plural(len(loaded.problems), 'problem')}; {good} without")
        raise SystemExit(EXIT_FAILED)
    talk(f"{good}, no problems")


@workflow.command()
@paths_argument
@output_option
@pass_session
def register(session: Session, paths: tuple[Path, ...], style: str) -> None:
    """Keep every version of these files in the store, as a daemon does when it starts."""
    from resistor.catalog import load_or_raise

    settings = session.settings()
    catalog = load_or_raise(paths or settings.definitions.paths)
    lines = asyncio.run(_register(settings, catalog.workflows))
    columns = (
        Column("WORKFLOW", lambda line: line["workflow"]),
        Column("OUTCOME", lambda line: line["outcome"]),
    )
    write_rows(lines, columns, style=style)
    conflicts = [line["workflow"] for line in lines if line["outcome"] == "conflict"]
    if conflicts:
        raise VersionConflict(
            f"{', '.join(conflicts)}: registered with other content. A version is immutable: give what has"
            " changed the next one"
        )


async def _register(settings: Any, workflows: Sequence[Any]) -> list[dict[str, str]]:
    from resistor.daemon.definitions import key_of
    from resistor.ops import servers

    lines = []
    async with servers.open_store(settings) as store:
        for each in workflows:
            key = key_of(each)
            is_known = await store.registered(key) is not None
            kept = await store.register(key, each.digest, each.source)
            outcome = "conflict" if kept != each.digest else "known" if is_known else "registered"
            lines.append({"workflow": key, "outcome": outcome})
    return lines


async def _all(session: Session, *, from_files: bool) -> list[Any]:
    settings = session.settings()
    if from_files:
        from resistor.catalog import load_or_raise

        return list(load_or_raise(settings.definitions.paths).workflows)
    from resistor.catalog import workflow_from_source
    from resistor.messages.names import split_workflow
    from resistor.ops import servers

    async with servers.open_store(settings) as store:
        registered = await store.all_registered()
    found = []
    for key, source in registered.items():
        namespace, name, _ = split_workflow(key)
        try:
            found.append(workflow_from_source(namespace, name, source))
        except ResistorError as error:
            talk(f"{key} cannot be read: {error}")
    return found
