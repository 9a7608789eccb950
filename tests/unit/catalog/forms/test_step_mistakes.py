"""What can be wrong with a step: each mistake has its place, one line, and what helps."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from resistor.catalog import load_text
from resistor.catalog.forms.names import BRANCH_RULE, DOTTED_RULE, STEP_ID_RULE
from tests.unit.catalog.marked import only_problem, steps

DURATION = "a duration such as 30s, 1h30m or PT30S"
MODULE = "module: m, action: x"


@pytest.mark.parametrize(
    ("step", "message", "hint"),
    [
        # Of which kind
        (
            "{module: m, action: x, §wait: 3s}",
            "a step is of one kind, and this one has `module` and `wait`",
            "make a step of each",
        ),
        ("§{do: []}", "a step with `do` needs `for`, `while` or `until`", None),
        ("§{}", "a step needs `module` and `action`, or the key of another kind", ANY),
        ("{§whil: 'true', do: []}", "`whil` is not a key of a `while` step", "did you mean `while`?"),
        ("§{action: x}", "a step needs `module`", "a step is one action by one module"),
        # Keys of other kinds
        (
            "{switch: [{do: []}], §timeout: 3s}",
            "`timeout` is not a key of a `switch` step",
            "only module steps, `listen`, `ask` and `run` have it, and the workflow as a whole",
        ),
        (
            "{wait: 3s, §catch: []}",
            "`catch` is not a key of a `wait` step",
            "only module steps, `run` and `try` have it: put this step into a `try`",
        ),
        (
            "{wait: 3s, §retry: 3}",
            "`retry` is not a key of a `wait` step",
            "only module steps have it: put this step into a `try` whose `catch` says `retry`",
        ),
        (
            "{try: [], §retry: 3}",
            "`retry` is not a key of a `try` step",
            "as an entry of `catch`: catch: [{retry: …}]",
        ),
        (
            "{listen: {event: e}, §timeout: 3s}",
            "`timeout` is not a key of a `listen` step",
            "write it inside `listen`",
        ),
        ("{run: {workflow: w}, §input: {}}", "`input` is not a key of a `run` step", "write it inside `run`"),
        (
            "{emit: {event: e}, §heartbeat: 3s}",
            "`heartbeat` is not a key of an `emit` step",
            "only `module` steps have it",
        ),
        ("{for: {in: [], §do: []}, do: []}", "`do` is not a key of `for`", "write it beside `for`"),
        (
            "{fork: {branches: {a: []}}, §do: []}",
            "`do` is not a key of a `fork` step",
            "each branch has its own list, under `branches`",
        ),
        # Every step
        ("{wait: 1s, if: §3}", "`if` must be an expression, not the number 3", None),
        (
            "{wait: 1s, on_error: §contine}",
            "`on_error` must be `fail` or `continue`, not the text `contine`",
            "did you mean `continue`?",
        ),
        ("{wait: 1s, id: §exit}", "`exit` cannot be the id of a step: it is a word of `then`", None),
        ("{wait: 1s, id: §end}", "`end` cannot be the id of a step: it is a word of `then`", None),
        (
            "{wait: 1s, id: §in}",
            "`in` cannot be the id of a step: it is a word of the expression language",
            None,
        ),
        ("{wait: 1s, then: §[a]}", "`then` must be text, not a list", None),
        # Actions
        (
            f"{{{MODULE}, timeout: §30}}",
            f"`timeout` must be {DURATION}, not the number 30",
            "with its unit: 30s",
        ),
        (f"{{{MODULE}, timeout: §soon}}", f"`timeout` must be {DURATION}, not the text `soon`", None),
        (
            f"{{{MODULE}, timeout: §0s}}",
            "a duration of nothing cannot stand here",
            "leave the key out, or give it a longer one",
        ),
        (f"{{{MODULE}, heartbeat: §101w5y}}", f"`heartbeat` must be {DURATION}, not the text `101w5y`", None),
        (
            f"{{{MODULE}, heartbeat: §9999w}}",
            "`9999w` is not a duration that can be used: a duration is 100 years at most",
            None,
        ),
        (f"{{{MODULE}, priority: §10}}", "`priority` must be 9 at most, not the number 10", None),
        (f"{{{MODULE}, priority: §-1}}", "`priority` must be 0 or more, not the number -1", None),
        (
            f"{{{MODULE}, output: §steps.x.output}}",
            "`output` must be a mapping, or one `${…}` and nothing around it, not the text `steps.x.output`",
            "with braces: ${steps.x.output}",
        ),
        (f"{{{MODULE}, with: §'${{input.a}} ${{input.b}}'}}", ANY, None),
        (
            f"{{{MODULE}, with: §[1]}}",
            "`with` must be a mapping, or one `${…}` and nothing around it, not a list",
            None,
        ),
        (
            f"{{{MODULE}, compensate: §{{action: y}}}}",
            "`compensate` needs `module`",
            "an action is done by one module",
        ),
        (
            f"{{{MODULE}, compensate: {{module: m, action: y, §timeout: 1s}}}}",
            "`timeout` is not a key of `compensate`",
            ANY,
        ),
        # retry
        (
            f"{{{MODULE}, retry: §0}}",
            "`retry` must be 1 to 1000000 attempts, not the number 0",
            "without further attempts: `retry: none`",
        ),
        (
            f"{{{MODULE}, retry: §often}}",
            "`retry` must be a number of attempts, `none` or a mapping, not the text `often`",
            None,
        ),
        (
            f"{{{MODULE}, retry: §true}}",
            "`retry` must be a number of attempts, `none` or a mapping, not true",
            None,
        ),
        (f"{{{MODULE}, retry: {{§limt: 3}}}}", "`limt` is not a key of `retry`", "did you mean `limit`?"),
        (f"{{{MODULE}, retry: {{limit: §0}}}}", "`limit` must be 1 or more, not the number 0", None),
        (f"{{{MODULE}, retry: {{limit: §1.5}}}}", "`limit` must be a whole number, not the number 1.5", None),
        (f"{{{MODULE}, retry: {{factor: §0.5}}}}", "`factor` must be 1 or more, not the number 0.5", None),
        (f"{{{MODULE}, retry: {{jitter: §1.2}}}}", "`jitter` must be 1 at most, not the number 1.2", None),
        (
            f"{{{MODULE}, retry: {{backoff: §exponental}}}}",
            "`backoff` must be `constant`, `linear` or `exponential`, not the text `exponental`",
            "did you mean `exponential`?",
        ),
        (
            f"{{{MODULE}, retry: {{on: §timeout}}}}",
            "`on` must be a list, not the text `timeout`",
            "as a list: [timeout]",
        ),
        (
            f"{{{MODULE}, retry: {{on: [a, §3]}}}}",
            "an entry of `on` must be text, not the number 3",
            "put it in quotes",
        ),
        # catch
        (
            f"{{{MODULE}, catch: §{{do: []}}}}",
            "`catch` must be a list, not a mapping",
            "begin it with `- `: each entry of a list does",
        ),
        (
            f"{{{MODULE}, catch: [§again]}}",
            "an entry of `catch` must be a mapping, not the text `again`",
            None,
        ),
        (
            f"{{{MODULE}, catch: [{{errors: §[]}}]}}",
            "this names no error",
            'leave `errors` out, or write ["*"], for all',
        ),
        (
            f"{{{MODULE}, catch: [{{§error: [a]}}]}}",
            "`error` is not a key of an entry of `catch`",
            "did you mean `errors`?",
        ),
        (
            f"{{{MODULE}, catch: [{{do: [{{{MODULE}}}, {{§modul: m, action: z}}]}}]}}",
            "`modul` is not a key of a step",
            "did you mean `module`?",
        ),
        # Steps in steps
        ("{switch: §[]}", "a `switch` needs an entry", None),
        (
            "{switch: [§{when: 'true'}]}",
            "an entry of `switch` needs `do` or `then`",
            "nothing is done by `do: []`",
        ),
        (
            "{switch: [§{do: []}, {when: 'true', do: []}]}",
            "only the last entry of a `switch` can be without `when`: it is the default",
            None,
        ),
        (
            "{switch: [{when: 'true', do: [{wait: §x}]}]}",
            f"`wait` must be {DURATION}, not the text `x`",
            None,
        ),
        ("{fork: {branches: §{}}}", "a `fork` needs a branch", None),
        (
            "{fork: {branches: {§a.b: []}}}",
            f"`a.b` is not the name of a branch: {BRANCH_RULE}",
            None,
        ),
        ("{fork: {branches: {a: []}, join: §2}}", "`join` waits for 2 branches, and there is 1", None),
        ("{fork: {branches: {a: []}, join: §0}}", "`join` must be 1 or more, not the number 0", None),
        (
            "{fork: {branches: {a: []}, join: §al}}",
            "`join` must be `all`, `any` or a number, not the text `al`",
            "did you mean `all`?",
        ),
        (
            "{fork: {branches: {pack: []}, join: [pack, §pakc]}}",
            "there is no branch `pakc`",
            "did you mean `pack`?",
        ),
        ("{fork: {branches: {pack: []}, join: [pack, §pack]}}", "the branch `pack` stands here twice", None),
        (
            "{fork: {branches: {a: []}, on_error: §finsh}}",
            "`on_error` must be `fail`, `finish` or `continue`, not the text `finsh`",
            "did you mean `finish`?",
        ),
        ("{for: §{}, do: []}", "`for` needs `in`", "in: ${input.lines}"),
        ("§{for: {in: []}}", "a `for` step needs `do`", None),
        (
            "{for: {in: §input.lines}, do: []}",
            "`in` must be a list, or one `${…}` and nothing around it, not the text `input.lines`",
            "with braces: ${input.lines}",
        ),
        (
            "{for: {in: [], concurrency: §0}, do: []}",
            "`concurrency` must be 1 or more, not the number 0",
            None,
        ),
        (
            "{for: {in: [], each: §steps}, do: []}",
            "`steps` cannot be the name of a variable: there is one already",
            None,
        ),
        (
            "{for: {in: [], each: §for}, do: []}",
            "`for` cannot be the name of a variable: the expression language reserves it",
            None,
        ),
        ("{for: {in: [], each: a, at: §a}, do: []}", "`each` and `at` are both `a`", None),
        ("{for: {in: [], join: §[a]}, do: []}", "`join` must be `all`, `any` or a number, not a list", None),
        ("{while: 'true', do: [], limit: §0}", "`limit` must be 1 or more, not the number 0", None),
        ("{while: 'true', do: [], limit: 3, keep: §4}", "`keep` is more than `limit`, which is 3", None),
        ("{try: §{}, catch: []}", "`try` must be a list, not a mapping", None),
        # Waiting
        ("{wait: §[3s]}", f"`wait` must be {DURATION}, or {{until: …}}, not a list", None),
        ("{wait: §-3s}", f"`wait` must be {DURATION}, not the text `-3s`", None),
        ("{wait: §101w53000d}", ANY, None),
        ("{wait: {§untl: x}}", "`untl` is not a key of `wait`", "did you mean `until`?"),
        ("{listen: §paid}", "`listen` must be a mapping, not the text `paid`", None),
        ("{listen: {event: e, count: §0}}", "`count` must be 1 or more, not the number 0", None),
        ("{listen: {event: e, key: §{event: event.id}}}", "`key` needs `run`", None),
        (
            "{listen: {event: §a b}}",
            f"`a b` is not the name of an event: {DOTTED_RULE}",
            None,
        ),
        (
            "{ask: {prompt: a, form: {type: §objct}}}",
            "`objct` is not a type of JSON Schema",
            "did you mean `object`?",
        ),
        # The engine's own
        (
            "{set: {§a-b: 1}}",
            f"`a-b` is not the name of a variable: {STEP_ID_RULE}",
            None,
        ),
        (
            "{run: {workflow: §a/b}}",
            f"`a/b` is not the name of a workflow: {DOTTED_RULE}",
            None,
        ),
        ("{run: {workflow: w, version: §0}}", "`version` must be 1 or more, not the number 0", None),
        ("{run: {workflow: w, detach: §yes}}", "`detach` must be true or false, not the text `yes`", None),
        (
            "{run: {workflow: w, timeout: 3s}, §timeout: 3s}",
            "`timeout` stands here twice, in `run` too",
            None,
        ),
        ("{raise: {type: §''}}", "`type` must be text with something in it, not the text ``", None),
        (
            "{end: §completed}",
            "`end` must be a mapping, as in end: {status: completed}, not the text `completed`",
            None,
        ),
        (
            "{end: {status: §canceled}}",
            "`status` must be `completed`, `failed` or `cancelled`, not the text `canceled`",
            "did you mean `cancelled`?",
        ),
        ("{end: §}", "`end` has no value", "write `end: {}` to complete the run"),
    ],
)
@pytest.mark.bad_input(44)
def test_a_mistake_in_a_step_is_named_placed_and_answered(step: str, message: str, hint: str | None) -> None:
    problem = only_problem(steps(step))
    assert (problem.message, problem.hint) == (message, hint)


def test_a_step_is_looked_into_however_deep_it_stands() -> None:
    inner = "{retyr: 1, module: m, action: x}"
    for around in (
        "{try: [%s]}",
        "{for: {in: []}, do: [%s]}",
        "{fork: {branches: {a: [%s]}}}",
        "{switch: [{do: [%s]}]}",
    ):
        inner = around % inner
    assert only_problem(steps(inner.replace("retyr", "§retyr"))).hint == "did you mean `retry`?"


def test_every_mistake_of_a_step_is_said_at_once() -> None:
    text = steps("{module: 3, action: a b, retry: {limit: 0, jitter: 2}, catch: [{do: [{wait: x}], iff: x}]}")
    columns = [problem.column for problem in load_text(text.encode()).problems]
    line = text.splitlines()[-1]
    assert columns == [line.index(each) + 1 for each in ("3,", "a b", "0,", "2}", "x}]", "iff")]


def test_the_explicit_id_of_an_end_step_may_be_end() -> None:
    assert load_text(steps("{id: end, end: {}}").encode()).problems == ()
