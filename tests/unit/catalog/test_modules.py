"""What holds for a module wherever it is used, and which of several words counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from resistor.catalog import load, load_text, workflow_from_source
from resistor.engine.workflow import NO_RETRY, Module, Retry, Workflow
from resistor.errors import DefinitionError

MODULES = """
modules:
  payments:
    defaults: {timeout: 30s, heartbeat: 7s, retry: {limit: 5, delay: 2s}}
    actions:
      charge: {timeout: 10s}
"""


def workflow(*steps: str, defaults: str = "{}", modules: str = MODULES) -> Workflow:
    listed = "".join(f"      - {step}\n" for step in steps)
    text = f"shop:\n  placed:\n    version: 1\n    defaults: {defaults}\n    steps:\n{listed}"
    (found,) = load_text((modules + text).encode()).or_raise().workflows
    return found


def only(found: Workflow) -> Module:
    (step,) = found.body.steps
    assert isinstance(step.kind, Module)
    return step.kind


def test_the_nearest_word_counts_the_step_then_the_action_then_the_module_then_the_workflow() -> None:
    defaults = "{timeout: 1m, heartbeat: 1s, retry: none}"
    charge = "{module: payments, action: charge%s}"
    assert only(workflow(charge % ", timeout: 1s", defaults=defaults)).timeout == 1
    assert only(workflow(charge % "", defaults=defaults)).timeout == 10
    assert only(workflow("{module: payments, action: refund}", defaults=defaults)).timeout == 30
    assert only(workflow("{module: mail, action: send}", defaults=defaults)).timeout == 60
    assert only(workflow("{module: mail, action: send}")).timeout is None
    assert only(workflow(charge % "", defaults=defaults)).heartbeat == 7


def test_a_retry_is_taken_as_a_whole_and_never_mixed() -> None:
    charge = "{module: payments, action: charge%s}"
    assert only(workflow(charge % "")).retry == Retry(limit=5, delay=2.0)
    assert only(workflow(charge % ", retry: {delay: 3s}")).retry == Retry(delay=3.0)
    assert only(workflow(charge % ", retry: none")).retry == NO_RETRY
    assert only(workflow("{module: mail, action: send}", defaults="{retry: 9}")).retry == Retry(limit=9)


def test_a_compensation_is_an_action_too() -> None:
    found = only(workflow("{module: mail, action: send, compensate: {module: payments, action: refund}}"))
    assert found.compensation is not None
    assert found.compensation.retry == Retry(limit=5, delay=2.0)
    assert found.retry == Retry()


def test_defaults_reach_steps_inside_steps_and_those_after_a_failure() -> None:
    text = (
        "shop:\n  placed:\n    version: 1\n    steps: [{try: [{module: payments, action: x}]}]\n"
        "    on_failure: [{module: payments, action: y}]\n"
    )
    (found,) = load_text((MODULES + text).encode()).or_raise().workflows
    kinds = [step.kind for step in found.walk() if isinstance(step.kind, Module)]
    assert [kind.timeout for kind in kinds] == [30, 30]


def test_an_action_that_is_worked_out_gets_what_holds_for_its_module() -> None:
    assert only(workflow("{module: payments, action: '${input.what}'}")).timeout == 30


def test_what_applies_is_registered_with_the_workflow() -> None:
    found = workflow("{module: payments, action: charge}")
    again = workflow_from_source("shop", "placed", found.source)
    assert again == found
    assert only(again).timeout == 10


def test_what_does_not_apply_changes_no_digest() -> None:
    mail = "{module: mail, action: send}"
    assert workflow(mail).digest == workflow(mail, modules="").digest
    refund = "{module: payments, action: refund}"
    other = MODULES.replace("10s", "20s")
    assert workflow(refund).digest == workflow(refund, modules=other).digest
    charge = "{module: payments, action: charge}"
    assert workflow(charge).digest != workflow(charge, modules=other).digest


def test_a_module_stands_in_one_place(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("modules:\n  payments: {defaults: {timeout: 1s}}\n  mail: {}\n")
    (tmp_path / "b.yaml").write_text("modules:\n  payments: {}\n  stock: {}\n")
    (problem,) = load(tmp_path).problems
    assert (Path(problem.file).name, problem.line, problem.column) == ("b.yaml", 2, 3)
    assert problem.message == f"`payments` stands under `modules` already, at {tmp_path / 'a.yaml'}:2"


@pytest.mark.parametrize("user", ["{module: payments, action: x}", "{try: [{module: payments, action: x}]}"])
def test_where_something_is_wrong_with_a_module_its_workflows_are_left_out(user: str) -> None:
    # Registered without its defaults a version could never have them.
    text = f"modules: {{payments: {{defaults: {{timeout: 3}}}}}}\na:\n  x: {{version: 1, steps: [{user}]}}\n"
    text += "b:\n  x: {version: 1, steps: [{module: mail, action: x}]}\n"
    loaded = load_text(text.encode())
    assert loaded.catalog.namespaces == ("b",)
    assert loaded.broken == {("a", "x")}
    assert len(loaded.problems) == 1


def test_what_is_wrong_with_registered_modules_is_a_problem() -> None:
    source = b'{"modules":{"m":{"defaults":{"pause":1}}},"steps":[],"version":1}'
    with pytest.raises(DefinitionError, match="at /modules/m/defaults/pause: `pause` is not a key"):
        workflow_from_source("shop", "placed", source)
