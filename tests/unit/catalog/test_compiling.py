"""A definition becomes a workflow, and the same one again from what the store kept of it."""

from __future__ import annotations

import hashlib
import json

import pytest

from resistor.catalog import load_text, workflow_from_source
from resistor.engine.workflow import Module, Workflow
from resistor.errors import DefinitionError

ORDER = """
shop:
  order.placed:
    version: 2
    description: An order.
    input: {type: object, required: [id]}
    steps:
      - module: payments
        action: charge
        name: Charge it
        metadata: {b: 1, a: [1.0, true, null, "é"]}
        with: {order: "${input.id}", 'z': 1, a: text}
      - {module: mail, action: send, id: tell, with: "${steps.charge.output}"}
"""


def only_workflow(text: str) -> Workflow:
    loaded = load_text(text.encode())
    assert loaded.problems == ()
    (workflow,) = loaded.catalog.workflows
    return workflow


def ids(*steps: str) -> list[str]:
    text = "a:\n  b:\n    version: 1\n    steps:\n" + "".join(f"      - {{{step}}}\n" for step in steps)
    return [step.id for step in only_workflow(text).body.steps]


def test_a_workflow_has_all_that_its_definition_says() -> None:
    workflow = only_workflow(ORDER)
    assert (workflow.namespace, workflow.name, workflow.version) == ("shop", "order.placed", 2)
    assert workflow.description == "An order."
    assert workflow.input_schema == {"type": "object", "required": ["id"]}
    assert workflow.modules == {"payments", "mail"}
    charge, tell = workflow.body.steps
    assert (charge.id, charge.name) == ("charge", "Charge it")
    assert isinstance(charge.kind, Module)
    assert (charge.kind.module, charge.kind.action) == ("payments", "charge")
    assert json.loads(charge.kind.metadata) == {"b": 1, "a": [1.0, True, None, "é"]}
    assert isinstance(tell.kind, Module)
    assert (tell.id, tell.kind.metadata) == ("tell", b"{}")


def test_a_step_without_with_takes_the_event_and_an_empty_with_takes_nothing() -> None:
    first, second = only_workflow(
        "a:\n  b:\n    version: 1\n    steps: [{module: m, action: x}, {module: m, action: y, with: {}}]\n"
    ).body.steps
    assert isinstance(first.kind, Module)
    assert isinstance(second.kind, Module)
    assert first.kind.input is None
    assert second.kind.input is not None


def test_a_workflow_without_steps_is_a_workflow() -> None:
    assert only_workflow("a:\n  b: {version: 1, steps: []}\n").body.steps == ()


def test_a_step_goes_by_its_action_with_a_number_where_that_is_taken() -> None:
    assert ids("module: m, action: send") == ["send"]
    assert ids("module: m, action: order.send-now") == ["order_send_now"]
    assert ids(*["module: m, action: send"] * 3) == ["send", "send_2", "send_3"]
    assert ids("module: m, action: send", "module: m, action: x, id: send") == ["send_2", "send"]
    assert ids("module: m, action: a.b", "module: m, action: a-b") == ["a_b", "a_b_2"]
    long = f"module: m, action: {'a' * 100}"
    assert ids(long, long) == ["a" * 64, "a" * 62 + "_2"]


def test_a_default_id_can_be_read() -> None:
    send = "module: m, action: send"
    assert ids(send, send, "module: m, action: x, with: '${steps.send_2.output}'") == ["send", "send_2", "x"]


def test_the_digest_is_over_canonical_json() -> None:
    workflow = only_workflow(ORDER)
    assert workflow.digest == f"sha256:{hashlib.sha256(workflow.source).hexdigest()}"
    assert workflow.source.startswith(
        b'{"description":"An order.","input":{"required":["id"],"type":"object"},'
    )
    assert '"a":[1.0,true,null,"é"],"b":1'.encode() in workflow.source


def test_comments_formatting_and_order_of_keys_do_not_change_the_digest() -> None:
    same = """
# A comment
shop: {order.placed: [{
  steps: [
    {with: {a: text, z: 1, order: '${input.id}'}, name: Charge it, action: charge, module: payments,
     metadata: {a: [1.0, True, ~, é], b: 0x1}},
    {module: mail, with: '${steps.charge.output}', action: send, id: tell}],
  input: {required: [id], type: object}, version: 2, description: 'An order.'}]}
"""
    assert only_workflow(same) == only_workflow(ORDER)


@pytest.mark.parametrize(
    ("old", "new"),
    [("An order", "An Order"), ("version: 2", "version: 3"), ("b: 1,", "b: 1.0,"), ("tell", "tells")],
)
def test_any_change_of_content_changes_the_digest(old: str, new: str) -> None:
    assert only_workflow(ORDER.replace(old, new)).digest != only_workflow(ORDER).digest


def test_the_digest_of_a_definition_never_changes() -> None:
    # Runs are pinned to it: another digest here means that every registered workflow is refused.
    text = "a:\n  b: {version: 1, steps: [{module: m, action: x, metadata: {k: [1, 1.5, é]}}]}\n"
    assert (
        only_workflow(text).digest
        == "sha256:034e6ccf311a33fe624e99643b1e1acae26b0821127f3322e45264c1cde72778"
    )


def test_the_store_gives_back_the_identical_workflow() -> None:
    workflow = only_workflow(ORDER)
    again = workflow_from_source("shop", "order.placed", workflow.source)
    assert again == workflow
    assert repr(again) == repr(workflow)  # the order of keys too, which decides the bytes of an action
    assert again.refusal_of({}) == workflow.refusal_of({}) == 'at /: "id" is a required property'


def test_what_a_newer_resistor_registered_is_refused_clearly() -> None:
    source = b'{"steps":[{"action":"a","module":"m","retries":3}],"version":1}'
    with pytest.raises(DefinitionError) as caught:
        workflow_from_source("shop", "order.placed", source)
    (problem,) = caught.value.problems
    assert problem.file == "shop/order.placed, as registered"
    assert problem.message == "at /steps/0/retries: `retries` is not a key of a step"


@pytest.mark.parametrize("source", [b"", b"{", b"\xff", b"[]", b"3", b"[" * 100_000])
def test_a_source_that_is_no_definition_is_a_definition_error(source: bytes) -> None:
    with pytest.raises(DefinitionError):
        workflow_from_source("shop", "order.placed", source)
