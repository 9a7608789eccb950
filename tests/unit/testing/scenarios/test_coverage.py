"""What of a workflow there is to take, and what a run has taken of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from resistor.catalog import load_text
from resistor.testing import Fail, Workflows
from resistor.testing.scenarios.coverage import Coverage, What
from resistor.testing.scenarios.report import coverage_lines, coverage_view

CATALOG = """
shop:
  order:
    version: 1
    steps:
%s
"""


class Covered:
    """The coverage of one workflow by the runs that it has had."""

    def __init__(self, steps: str, more: str = "") -> None:
        lines = "\n".join(f"      {line}" for line in steps.strip("\n").splitlines())
        self.catalog = load_text((CATALOG % lines + more).encode()).or_raise()
        self.coverage = Coverage(self.catalog)

    def play(
        self, data: dict[str, Any] | None = None, *, tell: Callable[[Workflows], None] | None = None
    ) -> str:
        """Let an event come, `tell` something of modules; returns the run's status."""
        with Workflows() as workflows:
            workflows.deploy(self.catalog)
            workflows.stub("*", "ok")
            if tell is not None:
                tell(workflows)
            run = workflows.start("shop.order", data)
            workflows.finish()
            self.coverage.add(workflows)
            return run.status

    @property
    def missed(self) -> list[str]:
        """What was never taken, in the order of the definition."""
        return [f"{goal.what.value} {goal}" for goal in self.coverage.missed("shop/order@1")]


def failing(*actions: str) -> Callable[[Workflows], None]:
    def tell(workflows: Workflows) -> None:
        for action in actions:
            workflows.stub(action, Fail("broken"))

    return tell


def test_a_step_is_taken_when_it_begins() -> None:
    covered = Covered("- {id: a, module: m, action: a}\n- {id: b, module: m, action: b}")
    assert covered.missed == ["step a", "step b"]
    covered.play(tell=failing("m.a"))
    assert covered.missed == ["step b"]
    assert covered.coverage.percent == 50.0
    covered.play()
    assert covered.missed == []
    assert covered.coverage.percent == 100.0


def test_an_if_is_taken_both_ways() -> None:
    covered = Covered("- {id: a, if: input.x, module: m, action: a}")
    assert covered.missed == ["step a", "branch a: taken", "branch a: skipped"]
    covered.play({"x": False})
    assert covered.missed == ["step a", "branch a: taken"]
    covered.play({"x": True})
    assert covered.missed == []


SWITCH = """
- id: which
  switch:
    - when: input.x == 0
      do: [{id: a, module: m, action: a}]
    - {when: input.x == 1, then: last}
- {id: middle, module: m, action: b}
- {id: last, module: m, action: b}
"""


def test_each_case_of_a_switch_is_taken_and_none_of_them_too() -> None:
    covered = Covered(SWITCH)
    assert covered.missed[:5] == [
        "step which",
        "branch which: case 0",
        "branch which: case 1",
        "branch which: no case",
        "step which/0/a",
    ]
    covered.play({"x": 1})
    assert covered.missed == [
        "branch which: case 0",
        "branch which: no case",
        "step which/0/a",
        "step middle",
    ]
    covered.play({"x": 0})
    assert covered.missed == ["branch which: no case"]
    covered.play({"x": 2})
    assert covered.missed == []


def test_a_switch_with_a_default_always_has_a_case() -> None:
    covered = Covered(
        "- id: which\n  switch: [{when: input.x, do: []}, {do: [{id: a, module: m, action: a}]}]"
    )
    covered.play({"x": True})
    assert covered.missed == ["branch which: case 1", "step which/1/a"]
    covered.play({"x": False})
    assert covered.missed == []


CATCH = """
- id: guarded
  try: [{id: pay, module: bank, action: charge, retry: none}]
  catch:
    - {errors: [busy], retry: {limit: 2, delay: 1s}, do: [{id: sorry, module: mail, action: send}]}
    - {errors: [declined], output: {ok: false}}
    - {errors: ["*"], if: input.test}
  finally: [{id: close, module: bank, action: close}]
"""


def test_each_entry_of_a_catch_is_taken_with_and_without_steps() -> None:
    covered = Covered(CATCH)
    assert "catch guarded: catch 2" in covered.missed
    covered.play(tell=lambda workflows: workflows.stub("bank.charge", Fail("busy")))
    assert covered.missed == ["catch guarded: catch 1", "catch guarded: catch 2"]
    covered.play(tell=lambda workflows: workflows.stub("bank.charge", Fail("declined")))
    assert covered.missed == ["catch guarded: catch 2"]
    covered.play({"test": False}, tell=failing("bank.charge"))
    assert covered.missed == ["catch guarded: catch 2"]
    covered.play({"test": True}, tell=failing("bank.charge"))
    assert covered.missed == []


def test_a_second_try_is_the_same_step() -> None:
    covered = Covered(CATCH)

    def tell(workflows: Workflows) -> None:
        workflows.stub("bank.charge", Fail("busy"), "paid")

    assert covered.play(tell=tell) == "completed"
    # The first entry had it tried again: taken, though its steps were not needed.
    assert covered.missed == [
        "catch guarded: catch 1",
        "catch guarded: catch 2",
        "step guarded/catch-0/sorry",
    ]


def test_a_module_and_a_run_catch_as_well() -> None:
    covered = Covered(
        """
- {id: a, module: m, action: a, catch: [{errors: [broken], do: [{id: mend, module: m, action: b}]}]}
- {id: b, run: {workflow: other}, catch: [{errors: [broken]}]}
""",
        "  other: {version: 1, steps: [{module: m, action: c}]}\n",
    )
    covered.play()
    assert covered.missed == ["catch a: catch 0", "step a/catch-0/mend", "catch b: catch 0"]
    covered.play(tell=failing("m.a", "m.c"))
    assert covered.missed == []
    assert covered.coverage.missed("shop/other@1") == []  # the child's own run counts


def test_a_compensation_is_taken_when_it_is_done() -> None:
    covered = Covered("""
- {id: a, module: m, action: a, compensate: {module: m, action: undo}}
- {id: b, module: m, action: b}
""")
    covered.play()
    assert covered.missed == ["compensation a"]
    covered.play(tell=failing("m.b"))
    assert covered.missed == []


def test_a_compensation_that_fails_was_taken() -> None:
    covered = Covered("""
- {id: a, module: m, action: a, compensate: {module: m, action: undo, retry: none}}
- {id: b, module: m, action: b}
""")
    covered.play(tell=failing("m.b", "m.undo"))
    assert covered.missed == []


LOOPS = """
- id: each
  for: {in: "${input.lines}", each: line}
  do:
    - id: rounds
      until: index >= 1
      do: [{id: look, module: m, action: a, compensate: {module: m, action: undo}}]
- id: both
  fork:
    branches:
      left: [{id: l, module: m, action: b}]
      right: [{id: r, if: input.x, module: m, action: c}]
"""


def test_items_rounds_and_branches_are_one_step_each() -> None:
    covered = Covered(LOOPS)
    assert covered.missed == [
        "step each",
        "step each/*/rounds",
        "step each/*/rounds/*/look",
        "compensation each/*/rounds/*/look",
        "step both",
        "step both/left/l",
        "step both/right/r",
        "branch both/right/r: taken",
        "branch both/right/r: skipped",
    ]
    covered.play({"lines": ["a", "b"], "x": True})
    assert covered.missed == ["compensation each/*/rounds/*/look", "branch both/right/r: skipped"]
    covered.play({"lines": ["a"], "x": False}, tell=failing("m.b"))
    assert covered.missed == []


def test_what_follows_a_failure_and_every_end_counts() -> None:
    covered = Covered(
        "- {id: a, module: m, action: a}",
        "    on_failure: [{id: sorry, module: mail, action: send}]\n"
        "    finally: [{id: close, module: m, action: b}]\n",
    )
    assert covered.missed == ["step a", "step on_failure/sorry", "step finally/close"]
    covered.play()
    assert covered.missed == ["step on_failure/sorry"]
    covered.play(tell=failing("m.a"))
    assert covered.missed == []


@pytest.mark.parametrize("kind", ["wait: 1h", "set: {a: 1}", "emit: {event: done}", "end: {status: failed}"])
def test_every_kind_of_step_is_one(kind: str) -> None:
    covered = Covered(f"- {{id: a, {kind}}}")
    covered.play()
    assert covered.missed == []


def test_each_version_is_covered_by_itself() -> None:
    versions = ", ".join(f"{{version: {number}, steps: [{{wait: 1s}}]}}" for number in (1, 2))
    catalog = load_text(f"shop: {{order: [{versions}]}}".encode()).or_raise()
    coverage = Coverage(catalog)
    with Workflows() as workflows:
        workflows.deploy(catalog)
        workflows.start("shop.order")
        coverage.add(workflows)
    assert coverage.workflows == ["shop/order@1", "shop/order@2"]
    assert [len(coverage.missed(name)) for name in coverage.workflows] == [1, 0]


def test_where_there_is_nothing_all_is_covered() -> None:
    catalog = load_text(b"shop: {order: {version: 1, steps: []}}").or_raise()
    assert Coverage(catalog).percent == 100.0
    assert list(coverage_lines(Coverage(catalog)))[-1] == "100.0 % covered"


def test_the_table_says_what_was_never_taken() -> None:
    covered = Covered(SWITCH)
    covered.play({"x": 0})
    lines = list(coverage_lines(covered.coverage))
    assert [line.split() for line in lines] == [
        ["WORKFLOW", "STEPS", "BRANCHES", "CATCHES", "COMPENSATIONS"],
        ["shop/order@1", "4/4", "1/3", "-", "-"],
        ["never", "taken:"],
        ["shop/order@1", "branch", "which:", "case", "1"],
        ["shop/order@1", "branch", "which:", "no", "case"],
        ["71.4", "%", "covered"],
    ]
    assert coverage_view(covered.coverage) == {
        "percent": 71.4,
        "workflows": {
            "shop/order@1": {
                "step": {"taken": 4, "total": 4},
                "branch": {"taken": 1, "total": 3},
                "catch": {"taken": 0, "total": 0},
                "compensation": {"taken": 0, "total": 0},
                "missed": [
                    {"what": "branch", "path": "which", "detail": "case 1"},
                    {"what": "branch", "path": "which", "detail": "no case"},
                ],
            }
        },
    }
    assert covered.coverage.counts("shop/order@1")[What.STEP] == (4, 4)
