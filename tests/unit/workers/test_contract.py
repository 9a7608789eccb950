"""Every module that ships keeps the contract, and shows by examples what it takes."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import workers
from resistor.sdk import Module
from resistor.testing.module_check import Grade, check_module

MODULES = [
    value
    for found in pkgutil.iter_modules(workers.__path__)
    for value in vars(importlib.import_module(f"workers.{found.name}")).values()
    if isinstance(value, Module)
]


def test_all_that_ship_are_checked() -> None:
    assert {module.name for module in MODULES} >= {
        "mail",
        "parcel",
        "payments",
        "stock",
        "moduleA",
        "moduleB",
    }


@pytest.mark.parametrize("module", MODULES, ids=[module.name for module in MODULES])
async def test_a_module_that_ships_keeps_the_contract(module: Module) -> None:
    findings = await check_module(module)
    assert [str(finding) for finding in findings if finding.grade is not Grade.OK] == []


@pytest.mark.parametrize("module", MODULES, ids=[module.name for module in MODULES])
def test_every_action_that_ships_has_an_example(module: Module) -> None:
    assert [name for name in module.actions if not module.examples(name)] == []
