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


def catalog(text: str) -> Catalog:
    return load_text(text.encode()).or_raise()


ROLLED_OUT = """
shop:
  placed:
    - {version: 1, rollout: {when: input.old}, triggers: [{event: again}], steps: []}
    - {version: 2, schedule: {every: 1h}, steps: [{listen: {event: paid}}]}
    - version: 3
      schedule: {every: 2h}
      triggers: [{event: again}, {event: later}]
      steps: [{try: [{listen: {event: paid, count: 2}}]}]
    - {version: 4, rollout: {percent: 10}, schedule: {every: 3h}, triggers: [{event: again}], steps: []}
  beta: {version: 1, rollout: {percent: 50}, schedule: {every: 1h}, steps: []}
other:
  placed: {version: 1, steps: [{listen: {event: paid}}], triggers: [{event: again}]}
"""


def test_the_versions_that_a_run_may_begin_with_end_with_that_for_everybody() -> None:
    found = catalog(ROLLED_OUT)
    assert [each.version for each in found.versions("shop", "placed")] == [4, 3, 2, 1]
    assert [each.version for each in found.candidates("shop", "placed")] == [4, 1, 3]
    current = found.current("shop", "placed")
    assert current is not None
    assert current.version == 3
    assert [each.version for each in found.candidates("shop", "beta")] == [1]
    assert found.current("shop", "beta") is None
    assert (found.candidates("shop", "x"), found.versions("x", "placed")) == ((), ())


def test_an_event_starts_what_has_a_trigger_for_it_in_its_namespace() -> None:
    found = catalog(ROLLED_OUT)
    assert [
        (workflow.name, workflow.version, trigger.event)
        for workflow, trigger in found.triggered_by("shop", "again")
    ] == [("placed", 4, "again"), ("placed", 1, "again"), ("placed", 3, "again")]
    assert len(found.triggered_by("shop", "later")) == len(found.triggered_by("other", "again")) == 1
    assert found.triggered_by("shop", "placed") == ()


def test_listeners_are_those_of_every_version_in_the_namespace() -> None:
    found = catalog(ROLLED_OUT)
    assert sorted(listen.count or 1 for listen in found.listeners("shop", "paid")) == [1, 2]
    assert len(found.listeners("other", "paid")) == 1
    assert found.listeners("shop", "placed") == ()


def test_only_the_version_for_everybody_starts_by_itself() -> None:
    assert [(each.name, each.version) for each in catalog(ROLLED_OUT).schedules] == [("placed", 3)]


def test_a_catalog_does_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CATALOG.workflows = ()  # type: ignore[misc]
