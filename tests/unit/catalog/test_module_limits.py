"""`concurrency` and `rate` of modules: how they are written, what can be wrong, what becomes of them."""

from __future__ import annotations

import pytest

from resistor.catalog import load_text, workflow_from_source
from resistor.engine.expressions import compile_template
from resistor.engine.workflow import Gate, Module, Workflow

KNOWS = frozenset({"input", "event", "run"})
STEP = "{module: payments, action: charge}"


def text_of(modules: str, step: str = STEP) -> bytes:
    return f"modules: {{payments: {modules}}}\nshop:\n  placed: {{version: 1, steps: [{step}]}}\n".encode()


def workflow(modules: str, step: str = STEP) -> Workflow:
    [found] = load_text(text_of(modules, step)).or_raise().workflows
    return found


def kind(modules: str, step: str = STEP) -> Module:
    [found] = workflow(modules, step).body.steps
    assert isinstance(found.kind, Module)
    return found.kind


def gates(modules: str, step: str = STEP) -> list[tuple[str, int | None, float | None]]:
    return [(gate.name, gate.limit, gate.interval) for gate in kind(modules, step).gates]


@pytest.mark.parametrize(
    ("rate", "interval"), [("100/s", 0.01), ("10/m", 6.0), ("1/h", 3600.0), ("2/d", 43200.0), ("5/30s", 6.0)]
)
def test_a_rate_is_so_many_in_a_time(rate: str, interval: float) -> None:
    assert gates(f"{{rate: {rate}}}") == [("payments rate", None, interval)]
    assert gates(f"{{rate: {{limit: {rate}}}}}") == [("payments rate", None, interval)]


def test_gates_are_passed_the_narrower_before_the_wider_and_rates_last() -> None:
    limits = "concurrency: %d, rate: %s"
    both = f"{{{limits % (20, '100/s')}, actions: {{charge: {{{limits % (2, '1/s')}}}}}}}"
    assert gates(both) == [
        ("payments/charge concurrency", 2, None),
        ("payments concurrency", 20, None),
        ("payments/charge rate", None, 1.0),
        ("payments rate", None, 0.01),
    ]
    assert gates(both, "{module: payments, action: refund}") == [
        ("payments concurrency", 20, None),
        ("payments rate", None, 0.01),
    ]
    assert gates(both, "{module: mail, action: send}") == []
    assert len(gates(both, "{module: payments, action: '${input.what}'}")) == 2


def test_a_key_knows_what_the_action_is_given() -> None:
    limit = "{actions: {charge: {concurrency: {key: '${input.account}', limit: 1}}}}"
    key = compile_template("${input.account}", KNOWS)
    assert kind(limit).gates == (Gate("payments/charge concurrency", key, limit=1),)


def test_a_compensation_has_the_limits_of_its_own_action() -> None:
    step = "{module: mail, action: send, compensate: {module: payments, action: refund}}"
    found = kind("{concurrency: 3, actions: {refund: {rate: 1/s}}}", step)
    assert found.gates == ()
    assert found.compensation is not None
    assert [gate.name for gate in found.compensation.gates] == [
        "payments concurrency",
        "payments/refund rate",
    ]


def test_limits_are_registered_with_the_workflow_and_read_back() -> None:
    limits = "{concurrency: {key: '${input.a}', limit: 2}, rate: 5/s}"
    found = workflow(limits)
    assert workflow_from_source("shop", "placed", found.source) == found
    assert found.digest != workflow("{rate: 5/s}").digest


@pytest.mark.parametrize(
    ("limits", "message", "hint"),
    [
        ("{rate: 100/x}", "`rate` must be a rate such as 100/s, 10/m or 5/30s, not the text `100/x`", None),
        (
            "{rate: 100/sec}",
            "`rate` must be a rate such as 100/s, 10/m or 5/30s, not the text `100/sec`",
            "did you mean `100/s`?",
        ),
        (
            "{rate: 5}",
            "`rate` must be a rate such as 100/s, 10/m or 5/30s, not the number 5",
            "with its time: 5/s",
        ),
        ("{rate: 0/s}", "`0/s` lets nothing through", "to hold a module, `resistor module pause` it"),
        ("{rate: 5/0s}", "`5/0s` lets nothing through", "to hold a module, `resistor module pause` it"),
        ("{rate: {key: '${input.a}'}}", "`rate` needs `limit`", None),
        (
            "{concurrency: many}",
            "`concurrency` must be a number of actions, or a mapping with `limit`, not the text `many`",
            None,
        ),
        ("{concurrency: 0}", "`limit` must be 1 or more, not the number 0", None),
        ("{concurency: 1}", "`concurency` is not a key of a module", "did you mean `concurrency`?"),
        (
            "{actions: {charge: {concurrency: {keys: a, limit: 1}}}}",
            "`keys` is not a key of `concurrency`",
            "did you mean `key`?",
        ),
        (
            "{concurrency: {key: account, limit: 1}}",
            "`account` is the same for all: it holds no `${…}`",
            "write it as ${input.account}, or leave `key` out",
        ),
        (
            "{rate: {key: '${steps.a.output}', limit: 1/s}}",
            "`steps` is not known; there is event, input, run",
            None,
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(limits: str, message: str, hint: str | None) -> None:
    loaded = load_text(text_of(limits))
    [problem] = loaded.problems
    assert (problem.line, problem.message, problem.hint) == (1, message, hint)
    assert loaded.catalog.workflows == (), "its workflows are left out: they would run without the limit"


def test_what_is_wrong_with_a_key_is_shown_at_its_character() -> None:
    text = text_of("{actions: {charge: {rate: {key: '${inpt.a}', limit: 1/s}}}}")
    [problem] = load_text(text).problems
    assert text.decode()[problem.column - 1 :].startswith("inpt")
