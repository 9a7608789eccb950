"""`resistor workflow validate` and `resistor workflow schema`: what editors and a CI need."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from resistor.errors import OperatorMistake, Problem
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import paths_argument, write
from resistor.ops.text import plural


@click.command()
@paths_argument
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what is wrong.")
@output_option
@pass_session
def validate(session: Session, paths: tuple[Path, ...], style: str, *, quiet: bool) -> None:
    """Check definition files and directories [RESISTOR_DEFINITIONS]. Needs no server.

    Exits with 1 where something is wrong. With -o jsonl each problem is a line: file, line, column,
    severity, message, hint.
    """
    from resistor.catalog import load
    from resistor.catalog import show as show_problem

    checked = paths or session.settings().definitions.paths
    loaded = load(checked)
    _refuse_nothing(checked)
    if style == "json":
        write_json([_view(problem) for problem in loaded.problems], style=style)
    for problem in loaded.problems if style != "json" else ():
        click.echo(show_problem(problem)) if style == "table" else write_json(_view(problem), style=style)
    good = plural(len(loaded.catalog.workflows), "workflow")
    if loaded.problems:
        if not quiet:
            talk(f"{plural(len(loaded.problems), 'problem')}; {good} without")
        raise SystemExit(EXIT_FAILED)
    if not quiet:
        talk(f"{good}, no problems")


@click.command()
@click.option("--output", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write it there.")
def schema(file: Path | None) -> None:
    """Print the JSON Schema of definition files, for editors.

    \b
    resistor workflow schema --output definitions/schema.json
    # yaml-language-server: $schema=./schema.json      ← the first line of a definition file
    """
    import json

    from resistor.catalog import editor_schema

    write(json.dumps(editor_schema(), indent=2, ensure_ascii=False) + "\n", file)


def _refuse_nothing(paths: Sequence[Path]) -> None:
    """Tell a path with nothing to check from one where all is well: in a CI it is a slip of the pen."""
    from resistor.catalog.files import find

    for path in paths:
        if next(iter(find([path])), None) is None:
            raise OperatorMistake(f"there is no definition file (*.yaml, *.yml, *.json) in {str(path)!r}")


def _view(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "severity": "error",
        "message": problem.message,
        "hint": problem.hint,
    }
