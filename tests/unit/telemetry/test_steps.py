"""Which action a path is about."""

from __future__ import annotations

import pytest

from resistor.telemetry.steps import NOTHING, Steps
from tests.unit.telemetry.playing import workflow_of

WORKFLOW = workflow_of("""
shop:
  order.placed:
    version: 1
    steps:
      - {id: charge, module: payments, action: take, compensate: {module: payments, action: refund}}
      - id: route
        switch:
          - {when: input.big, do: [{id: pack, module: crane, action: lift}]}
          - {do: [{id: pack, module: hand, action: lift}]}
      - id: each
        for: {in: [1]}
        do:
          - id: guard
            try: [{id: ship, module: carrier, action: "${item}"}]
            catch: [{do: [{id: undo, module: carrier, action: back}]}]
    on_failure: [{id: tell, module: mail, action: send}]
""")


@pytest.mark.parametrize(
    ("path", "does"),
    [
        ("charge", ("payments", "take")),
        ("charge#2", ("payments", "take")),
        ("charge/compensate", ("payments", "refund")),
        ("charge#2/compensate", ("payments", "refund")),
        ("route/0/pack", ("crane", "lift")),
        ("route/1/pack", ("hand", "lift")),
        ("each/41/guard/try/ship", ("carrier", "")),
        ("each/41/guard/try#2/ship", ("carrier", "")),
        ("each/41/guard/catch-0/undo", ("carrier", "back")),
        ("on_failure/tell", ("mail", "send")),
        ("each", NOTHING),
        ("each/3/nobody", NOTHING),
        ("route/0/pack/compensate", NOTHING),
    ],
)
def test_a_path_leads_to_a_module_and_an_action(path: str, does: tuple[str, str]) -> None:
    assert Steps().does(WORKFLOW, path) == does


def test_only_so_many_workflows_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resistor.telemetry.steps.MOST_WORKFLOWS", 1)
    steps = Steps()
    other = workflow_of("shop: {a: {version: 1, steps: [{id: charge, module: other, action: take}]}}")
    assert steps.does(WORKFLOW, "charge") == ("payments", "take")
    assert steps.does(other, "charge") == ("other", "take")
    assert steps.does(WORKFLOW, "charge") == ("payments", "take")
