"""A definition as YAML: for people, and the same definition when it is loaded again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from resistor.catalog import load_text
from resistor.ops.definition_text import as_yaml
from tests.unit.ops.graph.definitions import EVERY_KIND


def again(definition: dict[str, Any]) -> Any:
    """Write a definition, load what was written, and return what it says."""
    text = as_yaml("shop", "every", definition)
    helper = b"\nhelper:\n  papers.print:\n    version: 2\n    steps: []\n"
    loaded = load_text(text.encode() + helper, "shown.yaml")
    assert loaded.problems == ()
    [workflow] = [each for each in loaded.catalog.workflows if each.name == "every"]
    return json.loads(workflow.source)


def test_what_is_shown_loads_as_the_same_definition() -> None:
    ordered = json.loads(json.dumps(EVERY_KIND, sort_keys=True))
    assert again(ordered) == ordered


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "true",
            "null",
            "~",
            "",
            " ",
            "012",
            "0o17",
            "0x1f",
            "1e3",
            "1.0",
            ".inf",
            "1:30",
            "2026-01-01",
        ),
        *(
            "a: b",
            "# c",
            "- d",
            "{e}",
            "'f'",
            '"g"',
            "h\n",
            "i\nj\n",
            "  k\nl",
            "\tm",
            "n \no",
            "é 日本",
            "*x",
            "&y",
        ),
        *("!z", "a\u2028b", "x" * 300, "one two " * 40),
    ],
)
def test_every_text_stays_the_text_it_is(text: str) -> None:
    step = {"module": "m", "action": "a", "metadata": {"text": text, "list": [text], text or "k": 1}}
    definition = {"version": 1, "description": text, "steps": [step]}
    assert again(definition) == definition


def test_numbers_stay_the_numbers_they_are() -> None:
    numbers = [1, 1.0, 1e20, 1e-7, -0.5, 2**60, True, None]
    definition = {"version": 1, "steps": [{"module": "m", "action": "a", "metadata": {"n": numbers}}]}
    found = again(definition)["steps"][0]["metadata"]["n"]
    assert [(type(each), each) for each in found] == [(type(each), each) for each in numbers]


def test_keys_stand_in_the_order_of_the_language() -> None:
    definition = {
        "steps": [
            {
                "with": {"z": 1, "a": 2},
                "then": "end",
                "retry": {"on": ["busy"], "limit": 3},
                "module": "payments",
                "if": "input.x",
                "id": "charge",
                "catch": [{"do": [], "errors": ["busy"]}],
                "action": "charge",
            }
        ],
        "description": "Twice.\nAnd more.\n",
        "version": 1,
    }
    assert (
        as_yaml("shop", "order", definition)
        == """\
shop:
  order:
    version: 1
    description: |
      Twice.
      And more.
    steps:
      - id: charge
        if: input.x
        module: payments
        action: charge
        with:
          z: 1
          a: 2
        retry:
          limit: 3
          'on':
            - busy
        catch:
          - errors:
              - busy
            do: []
        then: end
"""
    )
