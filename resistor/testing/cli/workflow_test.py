"""`resistor workflow test`: plays scenarios."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.lazy import EXIT_FAILED
from resistor.ops.cli.options import lasting, output_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session
from resistor.ops.cli.workflows.choosing import paths_argument

WATCH_SECONDS = 0.5  # between two looks at the files


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be played, how, and how it is told. `site` has the settings of real servers."""

    scenarios: tuple[Path, ...]
    definitions: tuple[Path, ...]
    text: str
    style: str
    quiet: bool
    junit: Path | None
    coverage: bool
    fail_under: float | None
    seeds: tuple[int, ...]
    longest: float
    site: Any


@dataclass(slots=True)
class Results:
    """What has come of it so far."""

    played: list[Any] = field(default_factory=list)
    problems: Sequence[Any] = ()
    weathered: list[Any] = field(default_factory=list)
    is_good: bool = True


@click.command()
@paths_argument
@click.option(
    "--definitions",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="PATH",
    help="The workflows under test [RESISTOR_DEFINITIONS, where each PATH is in there; else each PATH].",
)
@click.option("-k", "text", default="", metavar="TEXT", help="Only scenarios with this in file or title.")
@click.option("--coverage", is_flag=True, help="Show what of the definitions was taken, and what never.")
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Fail where less is covered."
)
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Write JUnit's XML.")
@click.option(
    "--faults",
    "faults",
    multiple=True,
    metavar="SEED...",
    help="Play each again under faults: a crash after every commit, and a storm a seed (1..20, or 4,7).",
)
@click.option("--amqp-url", metavar="URL", help="Play on this RabbitMQ as well, under a prefix of its own.")
@click.option("--redis-url", metavar="URL", help="… and on this Redis.")
@click.option(
    "--longest",
    type=lasting,
    default=30.0,
    metavar="DURATION",
    help="Leave out what takes longer there. [default: 30s]",
)
@click.option("--watch", is_flag=True, help="Play again whenever a file changes, until Ctrl-C.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what is wrong.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of scenarios for editors, and play none.")
@output_option
@pass_session
def test(session: Session, /, paths: tuple[Path, ...], *, schema: bool, watch: bool, **given: Any) -> None:
    """Play scenarios: files beside the definitions that begin with `scenario:`. Needs no server.

    PATH is a scenario or a directory. Exits with 1 where something is not as expected.

    \b
    resistor workflow test definitions/
    resistor workflow test definitions/ --coverage --junit results.xml
    resistor workflow test definitions/ --faults 1..20
    """
    if schema:
        from resistor.testing.scenarios.schema import schema_text

        click.echo(schema_text(), nl=False)
        return
    wanted = _wanted(session, paths, **given)
    if watch:
        _watch(wanted)
    else:
        raise SystemExit(_play(wanted))


def _wanted(session: Session, paths: tuple[Path, ...], **given: Any) -> Wanted:
    servers = {name: given.pop(name) for name in ("amqp_url", "redis_url")}
    settings = session.settings(**{name: url for name, url in servers.items() if url is not None})
    own = tuple(settings.definitions.paths)
    scenarios = paths or own
    for path in scenarios:
        if not path.exists():
            raise OperatorMistake(f"there is no file or directory {str(path)!r} to play scenarios from")
    return Wanted(
        scenarios=scenarios,
        definitions=given.pop("definitions") or _definitions_for(scenarios, own),
        seeds=tuple(seed for text in given.pop("faults") for seed in _seeds(text)),
        site=settings if any(servers.values()) else None,
        **given,
    )


def _definitions_for(scenarios: Sequence[Path], own: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return where the workflows are: the settings' definitions, if they hold what is named."""
    roots = [root.resolve() for root in own if root.exists()]
    if all(any(path.resolve().is_relative_to(root) for root in roots) for path in scenarios):
        return own
    return tuple(dict.fromkeys(path if path.is_dir() else path.parent for path in scenarios))


def _seeds(text: str) -> list[int]:
    try:
        seeds: list[int] = []
        for part in text.replace(" ", ",").split(","):
            first, dots, last = part.partition("..")
            seeds += range(int(first), int(last) + 1) if dots else [int(first)]
        if not seeds:
            raise ValueError
    except ValueError:
        told = f"{text!r} is not a seed like 7, nor 1..20 or 4,7"
        raise click.BadParameter(told, param_hint="--faults") from None
    return seeds


def _play(wanted: Wanted) -> int:
    """Play all once; returns the exit code."""
    from resistor.catalog import load_or_raise
    from resistor.ops.text import plural
    from resistor.testing.scenarios import report
    from resistor.testing.scenarios.coverage import Coverage

    catalog = load_or_raise(wanted.definitions)
    coverage, results, began = Coverage(catalog), Results(), time.perf_counter()
    _play_all(wanted, catalog, coverage, results)
    took = time.perf_counter() - began
    if wanted.seeds:
        _storm(wanted, catalog, results)
    if wanted.junit is not None:
        more = {"problems": results.problems, "weathered": results.weathered}
        _write(wanted.junit, report.junit_of(results.played, took, **more))
    if wanted.style == "json":
        whole: dict[str, Any] = {"scenarios": [report.view_of(each) for each in results.played]}
        whole["faults"] = [report.weathered_view(each) for each in results.weathered]
        write_json(whole | {"coverage": report.coverage_view(coverage)}, style="json")
    elif wanted.coverage and wanted.style == "table":
        click.echo("\n".join(("", *report.coverage_lines(coverage), "")))
    talk(report.summary_of(results.played, took))
    if results.problems:
        talk(plural(len(results.problems), "problem"))
    is_covered = wanted.fail_under is None or coverage.percent >= wanted.fail_under
    if not is_covered:
        talk(f"{coverage.percent:.1f} % covered is less than {wanted.fail_under:g} %")
    return 0 if results.is_good and is_covered else EXIT_FAILED


def _play_all(wanted: Wanted, catalog: Any, coverage: Any, results: Results) -> None:
    """Play each scenario, and tell what came of it."""
    from resistor.catalog import show
    from resistor.testing.scenarios.live import play_live
    from resistor.testing.scenarios.playing import playing
    from resistor.testing.scenarios.reading import read_scenarios

    found = read_scenarios(wanted.scenarios, catalog)
    results.problems = found.problems
    for problem in found.problems:
        click.echo(show(problem), err=wanted.style != "table")
    chosen = [each for each in found.scenarios if wanted.text in f"{each.file} {each.title}"]
    if not chosen and not found.problems:
        where = " ".join(map(str, wanted.scenarios))
        raise OperatorMistake(f"there is no scenario in {where}: one begins with `scenario:` and its title")
    with _orderly_end():
        for scenario in chosen:
            with playing(scenario, catalog) as (result, workflows):
                coverage.add(workflows)
            if wanted.site is not None:
                result = play_live(result, catalog, wanted.site, wanted.longest)
            results.played.append(result)
            _tell(result, wanted)
    results.is_good = all(each.is_good for each in results.played) and not found.problems


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let SIGTERM end this as Ctrl-C does: what was put on real servers is taken away again."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(result: Any, wanted: Wanted) -> None:
    from resistor.testing.scenarios import report

    if wanted.style == "jsonl":
        write_json(report.view_of(result), style="jsonl")
    elif wanted.style == "table" and not (wanted.quiet and result.is_good):
        click.echo("\n".join(report.lines_of(result)))


def _storm(wanted: Wanted, catalog: Any, results: Results) -> None:
    """Play what is good again under faults: each must always end as in calm."""
    from resistor.testing.scenarios import report
    from resistor.testing.scenarios.weathering import weather

    began = time.perf_counter()
    weathered = results.weathered
    for scenario in (each.scenario for each in results.played if each.is_good):
        weathered.append(weather(scenario, catalog, wanted.seeds))
        results.is_good = results.is_good and weathered[-1].weather is None
        if wanted.style == "jsonl":
            write_json(report.weathered_view(weathered[-1]), style="jsonl")
        lines = list(report.weathered_lines(weathered[-1])) if wanted.style == "table" else []
        if lines:
            click.echo("\n".join(lines))
    talk(report.weathered_summary(weathered, time.perf_counter() - began))


def _write(file: Path, content: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise OperatorMistake(f"{file} cannot be written: {error.strerror}") from None


def _watch(wanted: Wanted) -> None:
    """Play again whenever a definition or a scenario changes."""
    from resistor.daemon.reloading import stamps
    from resistor.errors import ResistorError
    from resistor.ops.cli.lazy import told

    paths, seen = (*wanted.definitions, *wanted.scenarios), None
    try:
        while True:
            found = stamps(paths)
            if found != seen:
                seen = found
                click.clear()
                try:
                    _play(wanted)
                except ResistorError as error:
                    told(error).show()
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        talk("")
