"""A shop, and what reads and plays scenarios for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resistor.catalog import Catalog, load_text
from resistor.errors import Problem
from resistor.testing.scenarios.playing import Played, playing
from resistor.testing.scenarios.reading import Scenario, read_scenarios

SHOP = """
shop:
  order.placed:
    version: 2
    input: {type: object, required: [sku]}
    labels: {sku: "${input.sku}"}
    steps:
      - {id: reserve, module: stock, action: reserve, compensate: {module: stock, action: release}}
      - {id: pay, module: bank, action: charge, timeout: 1h, with: {sku: "${input.sku}"},
         retry: {limit: 2, delay: 1m, jitter: 0}}
      - {id: sure, if: input.sku == 'piano', ask: {prompt: Sure?, timeout: 1d}}
      - {id: back, if: input.sku == 'cup', listen: {event: parcel.returned, timeout: 3d}}
      - {emit: {event: order.done, data: {sku: "${input.sku}"}}}
    output: {receipt: "${steps.pay.output}"}
"""

Read = Callable[[str], tuple[list[Scenario], list[Problem]]]
Told = Callable[[str], str]
Play = Callable[[str], Played]


@pytest.fixture(scope="module")
def shop() -> Catalog:
    """Give the shop's workflow."""
    return load_text(SHOP.encode()).or_raise()


@pytest.fixture
def read(shop: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Give what reads one scenario file for the shop."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> tuple[list[Scenario], list[Problem]]:
        Path("s.yaml").write_text(text)
        found = read_scenarios([Path("s.yaml")], shop)
        return list(found.scenarios), list(found.problems)

    return read


@pytest.fixture
def told(read: Read) -> Told:
    """Give what says the one thing that is wrong with a scenario: line:column: message | hint."""

    def told(text: str) -> str:
        scenarios, problems = read(text)
        assert (len(scenarios), len(problems)) == (0, 1), problems
        [problem] = problems
        assert problem.file == "s.yaml"
        return f"{problem.line}:{problem.column}: {problem.message} | {problem.hint}"

    return told


@pytest.fixture
def play(read: Read, shop: Catalog) -> Play:
    """Give what plays one scenario of the shop."""

    def play(text: str) -> Played:
        scenarios, problems = read(text)
        assert problems == []
        with playing(scenarios[0], shop) as (played, _):
            return played

    return play
