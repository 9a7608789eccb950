"""`pytest tests/simulation --seed N` plays one seed again; `RESISTOR_SIMULATIONS=N` plays so many."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, default=None, help="play this one simulation")
