"""Each kind of step becomes what its definition says."""

from __future__ import annotations

from typing import Any

import pytest

from resistor.catalog import load_text
from resistor.catalog.compiling.kinds import KIND_OF
from resistor.catalog.forms import KINDS
from resistor.catalog.naming import STEP_KINDS
from resistor.engine.expressions import Expression, Template
from resistor.engine.workflow import (
    NO_RETRY,
    Ask,
    Assign,
    Backoff,
    Block,
    Emit,
    End,
    EndStatus,
    For,
    Fork,
    Join,
    Kind,
    Listen,
    Module,
    OnError,
    Raise,
    Retry,
    RunWorkflow,
    Step,
    Switch,
    Try,
    Wait,
    While,
)
from tests.unit.catalog.marked import steps


def only_step(line: str) -> Step:
    (workflow,) = load_text(steps(line).encode()).or_raise().workflows
    (step,) = workflow.body.steps
    return step


def kind(line: str) -> Any:
    found: Kind = only_step(line).kind
    return found


def ids(block: Block | None) -> list[str]:
    assert block is not None
    return [step.id for step in block.steps]


def module(line: str = "") -> Module:
    found = kind(f"{{module: m, action: x{line}}}")
    assert isinstance(found, Module)
    return found


def test_every_kind_of_the_language_has_a_form_and_a_compiler() -> None:
    assert set(KINDS) == set(STEP_KINDS)
    assert set(KIND_OF) == set(KINDS.values())


def test_what_every_step_may_have() -> None:
    step = only_step("{id: a, name: A step, if: 'true', then: exit, on_error: continue, wait: 1s}")
    assert (step.id, step.name, step.then, step.continues_on_error) == ("a", "A step", "exit", True)
    assert isinstance(step.condition, Expression)
    plain = only_step("{wait: 1s}")
    assert (plain.id, plain.name, plain.condition, plain.then) == ("wait", None, None, None)
    assert not plain.continues_on_error
    assert isinstance(only_step("{if: false, wait: 1s}").condition, Expression)


def test_a_module_step_without_options_is_tried_three_times() -> None:
    assert module() == Module("m", "x")
    assert module().retry == Retry(limit=3, delay=1.0, backoff=Backoff.EXPONENTIAL, factor=2.0)


def test_a_module_step_with_everything() -> None:
    found = module(
        ", with: {a: '${input.a}'}, output: '${result.b}', metadata: {b: [1.0], a: x}, timeout: 30s,"
        " heartbeat: 5s, priority: 9, compensate: {module: n, action: undo, with: {},"
        " metadata: {c: 1}, retry: 7}"
    )
    assert isinstance(found.input, Template)
    assert isinstance(found.output, Template)
    assert (found.metadata, found.timeout, found.heartbeat, found.priority) == (
        b'{"a":"x","b":[1.0]}',
        30,
        5,
        9,
    )
    assert found.compensation is not None
    assert (found.compensation.module, found.compensation.action) == ("n", "undo")
    assert (found.compensation.metadata, found.compensation.retry) == (b'{"c":1}', Retry(limit=7))
    assert isinstance(found.compensation.input, Template)


def test_an_action_may_be_worked_out() -> None:
    assert isinstance(kind("{module: m, action: 'a-${input.b}'}").action, Template)
    assert isinstance(kind("{run: {workflow: '${input.b}'}}").workflow, Template)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("5", Retry(limit=5)),
        ("1", NO_RETRY),
        ("none", NO_RETRY),
        ("{}", Retry()),
        (
            "{limit: 9, delay: 1m, backoff: linear, factor: 3, jitter: 0}",
            Retry(9, 60.0, Backoff.LINEAR, 3.0, jitter=0.0),
        ),
        ("{delay: 0s, max_delay: 1h, within: 2h}", Retry(delay=0.0, max_delay=3600.0, within=7200.0)),
        ("{delay: 10m}", Retry(delay=600.0, max_delay=600.0)),
        ("{on: [timeout, busy], except: [no]}", Retry(on=("timeout", "busy"), excepted=("no",))),
        ("{on: ['*']}", Retry()),
    ],
)
def test_the_spellings_of_retry(written: str, meant: Retry) -> None:
    assert module(f", retry: {written}").retry == meant


def test_the_entries_of_catch() -> None:
    first, second, third = module(
        ", catch: [{errors: [a, b], if: error.attempt > 1, retry: 2, do: [{wait: 1s, id: w}],"
        " then: end, output: {}},"
        " {errors: ['*']}, {do: []}]"
    ).catches
    assert (first.errors, first.retry, first.then) == (("a", "b"), Retry(limit=2), "end")
    assert isinstance(first.condition, Expression)
    assert isinstance(first.output, Template)
    assert ids(first.block) == ["w"]
    assert (second.errors, second.block, second.retry) == (None, None, None)
    assert third.block == Block(())


def test_a_switch() -> None:
    found = kind("{switch: [{when: input.a, do: [{wait: 1s}]}, {when: input.b, then: exit}, {do: []}]}")
    assert isinstance(found, Switch)
    first, second, default = found.cases
    assert isinstance(first.when, Expression)
    assert ids(first.block) == ["wait"]
    assert (second.block, second.then) == (None, "exit")
    assert (default.when, default.block) == (None, Block(()))


def test_a_fork() -> None:
    found = kind("{fork: {branches: {b: [{wait: 1s}], a-1: []}, join: [b], on_error: finish}}")
    assert isinstance(found, Fork)
    assert {name: ids(block) for name, block in found.branches.items()} == {"a-1": [], "b": ["wait"]}
    assert (found.join, found.on_error) == (Join(names=("b",)), OnError.FINISH)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("all", Join()), ("any", Join(count=1)), ("2", Join(count=2)), ("[a, b]", Join(names=("a", "b")))],
)
def test_the_spellings_of_join(written: str, meant: Join) -> None:
    assert kind(f"{{fork: {{branches: {{a: [], b: []}}, join: {written}}}}}").join == meant
    assert kind("{fork: {branches: {a: [], b: []}}}").join == Join()


def test_a_for() -> None:
    found = kind(
        "{for: {in: '${input.lines}', each: line, at: n, concurrency: 5, join: any, on_error: continue},"
        " do: [{module: m, action: x, with: {a: '${line}', b: '${n}'}}]}"
    )
    assert isinstance(found, For)
    assert isinstance(found.items, Template)
    assert (found.each, found.at, found.concurrency) == ("line", "n", 5)
    assert (found.join, found.on_error, ids(found.block)) == (Join(count=1), OnError.CONTINUE, ["x"])
    plain = kind("{for: {in: [1, 2]}, do: []}")
    assert (plain.each, plain.at, plain.concurrency, plain.join) == ("item", "index", None, Join())


def test_while_and_until() -> None:
    found = kind("{while: index < 3, do: [{wait: 1s}], limit: 9, keep: 2}")
    assert isinstance(found, While)
    assert isinstance(found.condition, Expression)
    assert (found.is_until, found.limit, found.keep, ids(found.block)) == (False, 9, 2, ["wait"])
    other = kind("{until: index > 3, do: []}")
    assert (other.is_until, other.limit, other.keep) == (True, 1000, 1)


def test_a_try() -> None:
    found = kind("{try: [{wait: 1s}], catch: [{do: [{wait: 1s}]}], finally: [{wait: 1s}]}")
    assert isinstance(found, Try)
    assert ids(found.block) == ids(found.catches[0].block) == ids(found.finally_) == ["wait"]
    assert kind("{try: []}") == Try(Block(()))


def test_the_steps_that_wait() -> None:
    assert kind("{wait: 250ms}") == Wait(seconds=0.25)
    assert kind("{wait: 0s}") == Wait(seconds=0.0)
    assert isinstance(kind("{wait: {until: event.time}}").until, Expression)
    found = kind(
        "{listen: {event: paid, match: event.data.ok, key: {event: event.data.id, run: input.id},"
        " timeout: 2d, count: 3, buffer: 1h}}"
    )
    assert isinstance(found, Listen)
    assert (found.event, found.timeout, found.count, found.buffer) == ("paid", 172_800, 3, 3600)
    for each in (found.match, found.key_of_event, found.key_of_run):
        assert isinstance(each, Expression)
    assert kind("{listen: {event: paid}}") == Listen("paid")
    ask = kind("{ask: {prompt: Well?, form: {type: string}, to: ada, timeout: 1w}}")
    assert ask == Ask("Well?", {"type": "string"}, "ada", 604_800)
    assert ask.accepts is not None
    assert ask.accepts("yes") is None
    assert ask.accepts(3) is not None


def test_the_steps_that_the_engine_does_itself() -> None:
    assert kind("{emit: {event: done, namespace: other}}") == Emit("done", None, "other")
    assert isinstance(kind("{emit: {event: done, data: '${input}'}}").data, Template)
    assigned = kind("{set: {a: '${input.a}', b: null}}")
    assert isinstance(assigned, Assign)
    assert set(assigned.values) == {"a", "b"}
    run = kind(
        "{run: {workflow: w, namespace: n, version: 2, input: {}, id: '${input.a}', detach: true},"
        " catch: [{}]}"
    )
    assert isinstance(run, RunWorkflow)
    assert (run.workflow, run.namespace, run.version, run.is_detached) == ("w", "n", 2, True)
    assert isinstance(run.key, Template)
    assert len(run.catches) == 1
    error = kind("{raise: {type: bad, message: 'x ${input.a}', details: [1]}}")
    assert isinstance(error, Raise)
    assert kind("{end: {}}") == End()
    ended = kind("{end: {status: failed, output: {a: 1}, message: m}}")
    assert (ended.status, ended.message) == (EndStatus.FAILED, "m")


def test_a_sub_workflows_timeout_may_stand_in_it_or_beside_it() -> None:
    assert kind("{run: {workflow: w, timeout: 3s}}").timeout == 3
    assert kind("{run: {workflow: w}, timeout: 3s}").timeout == 3
    assert kind("{run: {workflow: w}}").timeout is None
