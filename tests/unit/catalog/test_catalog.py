"""A catalog answers what the daemon and its operators ask of it."""

from __future__ import annotations

import dataclasses

import pytest

from resistor.catalog import Catalog, load_text

CATALOG = (
    load_text(
        b"shop:\n"
        b"  order.placed:\n"
        b"    - {version: 2, steps: [{module: payments, action: charge}]}\n"
        b"    - {version: 10, steps: [{module: mail, action: send}]}\n"
        b"    - {version: 1, steps: []}\n"
        b"  order.cancelled: {version: 1, steps: []}\n"
        b"outlet:\n"
        b"  order.placed: {version: 1, steps: [{module: stock, action: reserve}]}\n"
        b"  sale.begun: {version: 1, steps: []}\n"
    )
    .or_raise()
)  # fmt: skip


def test_the_highest_version_is_current() -> None:
    current = CATALOG.current("shop", "order.placed")
    assert current is not None
    assert current.version == 10
    assert CATALOG.current("shop", "sale.begun") is None


def test_any_version_can_be_had() -> None:
    assert [CATALOG.get("shop", "order.placed", version) is not None for version in (1, 2, 3, 10)] == [
        *(True, True, False, True)
    ]
    assert CATALOG.get("nowhere", "order.placed", 1) is None


def test_namespaces_and_modules_are_those_of_every_version() -> None:
    assert CATALOG.namespaces == ("outlet", "shop")
    assert CATALOG.modules == {"payments", "mail", "stock"}
    assert (Catalog().namespaces, Catalog().modules) == ((), frozenset())


@pytest.mark.parametrize(
    ("namespace", "event", "meant"),
    [
        ("shop", "order.palced", "shop.order.placed"),
        ("shop", "order.canceled", "shop.order.cancelled"),
        ("shpo", "order.placed", "shop.order.placed"),
        ("Outlet", "sale.begin", "outlet.sale.begun"),
        ("shop", "sale.begun", "outlet.sale.begun"),
        ("elsewhere", "sale.begun", "outlet.sale.begun"),
        ("elsewhere", "nothing.like.it", None),
        ("", "", None),
    ],
)
def test_what_was_probably_meant(namespace: str, event: str, meant: str | None) -> None:
    assert CATALOG.nearest(namespace, event) == meant


def test_an_empty_catalog_has_no_suggestions() -> None:
    assert Catalog().nearest("shop", "order.placed") is None


def test_a_catalog_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOG.workflows = ()  # type: ignore[misc]
