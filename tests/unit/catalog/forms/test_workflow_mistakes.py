"""What can be wrong with a workflow, beside its steps: its place, one line, and what helps."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from tests.unit.catalog.marked import only_problem, workflow

TRIGGER = "a letter, then letters, digits, `_`, `-` or `.`, 128 characters at most"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("§outptu: {}", "`outptu` is not a key of a workflow", "did you mean `output`?"),
        (
            "output: §all",
            "`output` must be a mapping, or one `${…}` and nothing around it, not the text `all`",
            None,
        ),
        (
            "timeout: §60",
            "`timeout` must be a duration such as 30s, 1h30m or PT30S, not the number 60",
            "with its unit: 60s",
        ),
        (
            "timeout: §P1M",
            "`P1M` is not a duration that can be used: months and years have no fixed length:"
            " write days, as in 30d",
            None,
        ),
        (
            "retention: §0s",
            "a duration of nothing cannot stand here",
            "leave the key out, or give it a longer one",
        ),
        (
            "defaults: {retry: §always}",
            "`retry` must be a number of attempts, `none` or a mapping, not the text `always`",
            None,
        ),
        ("defaults: {§retries: 3}", "`retries` is not a key of `defaults`", "did you mean `retry`?"),
        (
            "rollout: §{}",
            "`rollout` needs `percent` or `when`",
            "leave it out for a version that is for everybody",
        ),
        ("rollout: {percent: §101}", "`percent` must be 100 at most, not the number 101", None),
        ("rollout: {when: 'true', §key: a}", "`key` is for `percent`, and there is none", None),
        ("triggers: [{event: §a b}]", f"`a b` is not the name of an event: {TRIGGER}", None),
        (
            "triggers: §{event: a}",
            "`triggers` must be a list, not a mapping",
            "begin it with `- `: each entry of a list does",
        ),
        (
            "triggers: [{event: a, §when: x}]",
            "`when` is not a key of an entry of `triggers`",
            "there are `event`, `if` and `input`",
        ),
        ("schedule: §{}", "`schedule` needs `cron` or `every`, one of them", None),
        ("schedule: §{cron: 0 6 * * *, every: 15m}", "`schedule` needs `cron` or `every`, one of them", None),
        (
            "schedule: {cron: §0 6 * *}",
            "`0 6 * *` is not five fields: minute, hour, day of month, month and day of week",
            ANY,
        ),
        ("schedule: {cron: §0 25 * * *}", "`0 25 * * *` is not a cron expression: the hour is wrong", None),
        (
            "schedule: {cron: §0 6 * * MONDAY}",
            "`0 6 * * MONDAY` is not a cron expression: the day of week is wrong",
            None,
        ),
        (
            "schedule: {cron: §0 6 31 2 *}",
            "`0 6 31 2 *` is not a cron expression: the day of month is wrong",
            None,
        ),
        (
            "schedule: {cron: 0 6 * * *, timezone: §Europe/Berln}",
            "`Europe/Berln` is not a time zone",
            "did you mean `Europe/Berlin`?",
        ),
        (
            "schedule: {cron: 0 6 * * *, timezone: §Berlin}",
            "`Berlin` is not a time zone",
            "did you mean `Europe/Berlin`?",
        ),
        (
            "schedule: {cron: 0 6 * * *, timezone: §../../etc/passwd}",
            "`../../etc/passwd` is not a time zone",
            ANY,
        ),
        ("schedule: {cron: 0 6 * * *, timezone: §Europe}", "`Europe` is not a time zone", ANY),
        (
            "schedule: {every: 1h, §timezone: UTC}",
            "`timezone` is for `cron`: `every` counts from run to run",
            None,
        ),
        ("schedule: {every: §10ms}", "a schedule starts a run every second at most", "1s, or longer"),
        (
            "schedule: {every: 1h, overlap: §quue}",
            "`overlap` must be `skip`, `allow` or `queue`, not the text `quue`",
            "did you mean `queue`?",
        ),
        ("concurrency: {limit: §0}", "`limit` must be 1 or more, not the number 0", None),
        ("concurrency: {on_conflict: §cancel}", ANY, "did you mean `cancel_running`?"),
        ("labels: {a: §1}", "`a` must be text, not the number 1", "put it in quotes"),
        ("labels: {§a b: x}", f"`a b` is not the name of a label: {TRIGGER}", None),
        ("on_failure: §notify", "`on_failure` must be a list, not the text `notify`", "as a list: [notify]"),
        ("finally: [{§wiat: 1s}]", "`wiat` is not a key of a `wait` step", "did you mean `wait`?"),
        ("input: §[]", "`input` must be a mapping, not a list", None),
        (
            "§changes: []",
            "a variation needs `extends`",
            "the workflow that it is a variation of, as in shop/order.placed@3",
        ),
        ("§modules: {}", "`modules` is not a key of a workflow", ANY),
    ],
)
def test_a_mistake_in_a_workflow_is_named_placed_and_answered(
    line: str, message: str, hint: str | None
) -> None:
    marked = workflow(line)
    problem = only_problem(marked.replace("§", "") if line.startswith("§changes") else marked)
    assert (problem.message, problem.hint) == (message, hint)


def test_words_that_older_yaml_read_as_something_else_are_text() -> None:
    # `on` is true in YAML 1.1, and `retry.on` a key that nobody could write.
    from_yaml = "defaults: {retry: {on: [no], except: [off]}}"
    assert only_problem(workflow(from_yaml, "§x: 1")).message == "`x` is not a key of a workflow"


def test_what_modules_have_is_checked_at_its_place() -> None:
    module = "modules:\n  payments: {%s}\n"
    assert only_problem(module % "concurrency: {limit: §no}").hint is None
    assert only_problem(module % "actions: {charge: {concurrency: §{}}}").message.endswith("needs `limit`")
    assert only_problem(module % "§timeout: 3s").hint == "write it inside `defaults`"
    assert only_problem(module % "defaults: {timeout: §3}").hint == "with its unit: 3s"
    assert only_problem(module % "actions: {§a b: {}}").message.startswith(
        "`a b` is not the name of an action"
    )
    assert only_problem("modules:\n  §pay.ments: {}\n").message.startswith("`pay.ments` is not the name of a")
    assert only_problem("modules: §[]\n").message == "`modules` must be a mapping of modules, not a list"
    reserved = only_problem("§modules:\n  placed: {version: 1, steps: []}\n")
    assert reserved.message.endswith("a namespace cannot have this name")
