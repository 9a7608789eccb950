"""The pytest plugin: the fixture `workflows`, and what a failing test that has it says.

Found by pytest wherever Resistor is installed. So nothing is imported before a test asks for it: whoever
installed Resistor for something else must not wait for it at each start of pytest.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

PLAYED = pytest.StashKey[list[Any]]()
LOADED = pytest.StashKey[dict[tuple[Path, ...], Any]]()

MOST_TREES = 10
"""Runs of a test that failed which are shown."""

_is_played_in: list[Any] = []
"""What the test that runs now has asked for: a comparison knows nothing of its test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take where real servers are, and `resistor_definitions`: what every `workflows` has deployed."""
    parser.addini("resistor_definitions", "definitions that the fixture `workflows` deploys", type="paths")
    group = parser.getgroup("resistor", "Resistor: workflows on real servers, under a prefix of their own")
    for name, server in (("amqp", "RabbitMQ"), ("redis", "Redis")):
        # Whole names: many a project has a --redis-url of its own.
        group.addoption(f"--resistor-{name}-url", metavar="URL", help=f"play workflows on this {server}")


@pytest.fixture
def workflows(request: pytest.FixtureRequest) -> Iterator[Any]:
    """`resistor.testing.Workflows` with the definitions of `resistor_definitions`.

    On virtual time; with `--resistor-amqp-url` or `--resistor-redis-url` on real servers, where a test is
    skipped that lets more time pass than anybody would wait for. Raises `DefinitionError` where the
    definitions are wrong.
    """
    from resistor.testing import Workflows

    install = _live(request.config)
    played = Workflows() if install is None else Workflows(install=install)
    request.node.stash.setdefault(PLAYED, []).append(played)
    _is_played_in.append(played)
    try:
        paths = tuple(request.config.getini("resistor_definitions"))
        if paths:
            played.deploy(_loaded(request.config, paths))
        yield played
    finally:
        _is_played_in.remove(played)
        played.close()


def _live(config: pytest.Config) -> Any:
    """Return what makes stages on real servers, None where they are not wanted."""
    urls = {f"--{name}-url": config.getoption(f"--resistor-{name}-url") for name in ("amqp", "redis")}
    if not any(urls.values()):
        return None
    from resistor.config import load
    from resistor.errors import ResistorError
    from resistor.testing.live_installation import LiveInstallation

    def install(stubs: Any, **more: Any) -> LiveInstallation:
        try:
            return LiveInstallation(load(flags=urls), stubs, too_long=pytest.skip)
        except ResistorError as away:
            pytest.fail(str(away), pytrace=False)

    return install


def _loaded(config: pytest.Config, paths: tuple[Path, ...]) -> Any:
    """Return the catalog of these files, read once for all tests."""
    from resistor.catalog import load_or_raise

    loaded = config.stash.setdefault(LOADED, {})
    if paths not in loaded:
        loaded[paths] = load_or_raise(paths)
    return loaded[paths]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show every run of a test that failed, as a tree."""
    report = yield
    if call.when in ("setup", "call") and report.failed:
        runs = [run for played in item.stash.get(PLAYED, []) for run in played.runs]
        trees = [run.tree() for run in runs[:MOST_TREES]]
        trees += [f"… and {len(runs) - MOST_TREES} more"] if len(runs) > MOST_TREES else []
        if trees:
            report.sections.append(("workflow runs", "\n\n".join(trees)))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(
    op: str, left: object, right: object
) -> Generator[None, list[list[str] | None], list[list[str] | None]]:
    """Say where two values differ first, in a test of workflows, and then all that pytest says."""
    told = yield
    is_long = isinstance(left, Mapping | Sequence) and not isinstance(left, str | bytes)
    if op != "==" or not is_long or not _is_played_in:
        return told
    from resistor.testing.difference import first_difference

    different = first_difference(right, left, "left", exactly=True)
    lines = next((each for each in told if each), None)
    if different is None or lines is None:
        return told
    return [[lines[0], f"the first difference: {different}", *lines[1:]]]
