"""The definitions that ship: they load, and they do what their comments say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resistor.catalog import Catalog, load, load_or_raise
from resistor.engine.workflow import Module

DEFINITIONS = Path(__file__).parents[3] / "definitions"

ORDER: dict[str, Any] = {
    "order_id": "o-1001",
    "customer": {"name": "Ada", "email": "ada@example.org", "address": "12 Analytical Way"},
    "lines": [{"sku": "tea", "quantity": 2}],
    "amount": 1250,
    "currency": "EUR",
    "card": "tok_visa",
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_or_raise(DEFINITIONS)


def steps(catalog: Catalog, namespace: str, event: str, version: int = 1) -> list[tuple[str, str, str]]:
    workflow = catalog.get(namespace, event, version)
    assert workflow is not None
    kinds = [(step.id, step.kind) for step in workflow.body.steps]
    return [(each, kind.module, str(kind.action)) for each, kind in kinds if isinstance(kind, Module)]


def test_nothing_is_wrong_with_them() -> None:
    assert load(DEFINITIONS).problems == ()


def test_the_seed_is_three_namespaces_with_an_event_each(catalog: Catalog) -> None:
    a, b = ("actionOfA", "moduleA", "actionOfA"), ("actionOfB", "moduleB", "actionOfB")
    assert steps(catalog, "namespaceA", "event1") == [a]
    assert steps(catalog, "namespaceB", "event1") == [b]
    assert steps(catalog, "namespaceC", "event1") == [b, a]
    seeds = [each for each in catalog.workflows if each.namespace.startswith("namespace")]
    kinds = [step.kind for each in seeds for step in each.walk() if isinstance(step.kind, Module)]
    assert len(kinds) == 4
    assert all(kind.metadata != b"{}" and kind.input is None for kind in kinds)


def test_an_order_goes_through_the_shop_in_the_order_of_its_version(catalog: Catalog) -> None:
    assert [step for step, *_ in steps(catalog, "shop", "order.placed", 1)] == [
        "charge",
        "reserve",
        "ship",
        "send",
    ]
    assert [step for step, *_ in steps(catalog, "shop", "order.placed", 2)] == [
        "reserve",
        "charge",
        "ship",
        "tell",
    ]
    current = catalog.current("shop", "order.placed")
    assert current is not None
    assert current.version == 2


def test_the_outlet_is_a_variation_without_mail(catalog: Catalog) -> None:
    assert [module for _, module, _ in steps(catalog, "outlet", "order.placed")] == [
        "stock",
        "payments",
        "parcel",
    ]


@pytest.mark.parametrize(("namespace", "version"), [("shop", 1), ("shop", 2), ("outlet", 1)])
def test_an_order_is_let_in_and_half_an_order_is_not(catalog: Catalog, namespace: str, version: int) -> None:
    workflow = catalog.get(namespace, "order.placed", version)
    assert workflow is not None
    assert workflow.refusal_of(ORDER) is None
    assert workflow.refusal_of({**ORDER, "card": "tok_declined"}) is None
    assert workflow.refusal_of({"order_id": "o-1001"}) == 'at /: "customer" is a required property'
    assert workflow.refusal_of({**ORDER, "amount": "a lot"}) == 'at /amount: "a lot" is not of type "integer"'
