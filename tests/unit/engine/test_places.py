"""Where a path leads."""

from __future__ import annotations

import pytest

from resistor.catalog import load_text
from resistor.engine.places import compensated, find, path_of

[FLOW] = (
    load_text(
        b"""
n:
  w:
    version: 1
    steps:
      - id: charge
        module: m
        action: a
        compensate: {module: m, action: undo}
        catch: [{do: [{id: undo, module: m, action: b}]}]
      - id: each
        for: {in: "${[1]}"}
        do:
          - id: prepare
            fork: {branches: {a: [{id: pack, module: m, action: a}]}}
      - id: guard
        try: [{id: inner, module: m, action: a}]
        catch: [{do: [{id: mend, module: m, action: a}]}]
        finally: [{id: clean, module: m, action: a}]
      - id: poll
        until: index > 2
        do: [{id: check, module: m, action: a}]
      - id: route
        switch:
          - {when: run.version > 1, do: [{id: x, module: m, action: a}]}
          - {do: [{id: y, module: m, action: a}]}
    on_failure: [{id: notify, module: m, action: a}]
    finally: [{id: close, module: m, action: a}]
"""
    )
    .or_raise()
    .workflows
)


@pytest.mark.parametrize(
    ("address", "step", "turn"),
    [
        ("charge", "charge", 1),
        ("charge#3", "charge", 3),
        ("charge/catch-0/undo", "undo", 1),
        ("each/17/prepare/a/pack", "pack", 1),
        ("each#2/17/prepare#4/a/pack#5", "pack", 5),
        ("guard/try/inner", "inner", 1),
        ("guard/try#2/inner", "inner", 1),
        ("guard/catch-0/mend", "mend", 1),
        ("guard/finally/clean", "clean", 1),
        ("poll/2/check", "check", 1),
        ("route/1/y", "y", 1),
        ("on_failure/notify", "notify", 1),
        ("finally/close", "close", 1),
    ],
)
def test_an_address_leads_to_its_step_and_back(address: str, step: str, turn: int) -> None:
    place = find(FLOW, address)
    assert place is not None
    assert (place.step.id, place.turn, place.address) == (step, turn, address)
    assert place.path == path_of(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/",
        "nobody",
        "charge/compensate",
        "each/x/prepare",
        "each/1",
        "guard/catch-9/mend",
        "route/7/y",
        "charge#x",
        "finally",
    ],
)
def test_what_leads_nowhere_is_nothing(address: str) -> None:
    assert find(FLOW, address) is None


def test_a_compensation_names_what_it_undoes() -> None:
    assert compensated("each/3/charge#2/compensate") == "each/3/charge#2"
    assert compensated("charge") is None


def test_only_what_has_no_fork_and_no_for_around_it_is_alone() -> None:
    alone = {
        path: found.is_alone
        for path in ("poll/2/check", "each/1/prepare/a/pack")
        if (found := find(FLOW, path))
    }
    assert alone == {"poll/2/check": True, "each/1/prepare/a/pack": False}
