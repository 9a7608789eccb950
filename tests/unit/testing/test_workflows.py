"""What a test says of workflows: events, orders, versions, and the time that passes."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from resistor.errors import DefinitionError, NotFound, OperatorMistake, VersionConflict
from resistor.sdk import Module
from resistor.sdk.signature import THREAD_NAME
from resistor.testing import NEVER, Fail, Later, Refused, Retry, Unanswered, WatchedRun, Workflows, takes

PAY = "shop: {order: {version: 1, steps: [{id: pay, module: bank, action: charge}]}}"


# ----------------------------------------------------------------------------------------- definitions


def test_definitions_are_loaded_from_files_and_directories(workflows: Workflows, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PAY)
    (tmp_path / "a.paid.yaml").write_text("scenario: A scenario is no definition\nevent: [")
    workflows.load(tmp_path, tmp_path / "a.yaml")
    workflows.stub("*", 1)
    assert workflows.start("shop.order").status == "completed"


def test_definitions_that_are_wrong_are_said_as_the_daemon_says_them(
    workflows: Workflows, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionError, match="`stepz` is not a key of a workflow"):
        workflows.define("shop: {order: {version: 1, stepz: []}}")
    with pytest.raises(OperatorMistake, match="there is no file or directory"):
        workflows.load(tmp_path / "nowhere")


def test_a_version_is_immutable_in_a_test_too(workflows: Workflows) -> None:
    workflows.define(PAY)
    with pytest.raises(VersionConflict):
        workflows.define(PAY.replace("charge", "refund"))


def test_a_deployment_while_a_run_is_open_lets_no_time_pass(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, steps: [{wait: 1h}]}}")
    run = workflows.start("shop.order")
    workflows.define("shop: {other: {version: 1, steps: []}}")
    assert (workflows.elapsed, run.status) == (0.0, "running")
    workflows.finish()
    assert run.took == 3600.0


def test_a_run_ends_in_the_version_that_it_began_with(workflows: Workflows) -> None:
    workflows.stub("*", takes("1h", 1))
    workflows.define(PAY)
    old = workflows.start("shop.order")
    workflows.define(PAY.replace("version: 1", "version: 2").replace("charge", "charge_twice"))
    new = workflows.start("shop.order")
    workflows.finish()
    assert [run.workflow for run in (old, new)] == ["shop/order@1", "shop/order@2"]
    assert [run.calls()[0].action for run in (old, new)] == ["charge", "charge_twice"]
    assert "shop/order@1" in old.tree()


def test_a_version_that_gets_no_events_is_started_by_its_name(workflows: Workflows) -> None:
    workflows.stub("*", 1)
    workflows.define(PAY)
    workflows.define(PAY.replace("version: 1", "version: 2"))
    assert workflows.start("shop.order").version == 2
    assert workflows.start("shop/order@1", {"amount": 5}).version == 1
    with pytest.raises(Refused, match=r"no workflow is defined for shop.order") as caught:
        workflows.start("shop/order@3")
    assert caught.value.reason == "unknown_workflow"


def test_a_rollout_offers_a_version_to_some(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    - {version: 1, steps: []}
    - {version: 2, rollout: {percent: 100, when: input.country == 'DE'}, steps: []}
""")
    assert workflows.start("shop.order", {"country": "DE"}).version == 2
    assert workflows.start("shop.order", {"country": "FR"}).version == 1


# ----------------------------------------------------------------------------------------- events


def test_the_same_event_twice_starts_one_run(workflows: Workflows) -> None:
    workflows.define(PAY)
    workflows.stub("*", 1)
    run = workflows.start("shop.order", {"amount": 5}, id="e-1")
    assert workflows.publish("shop.order", {"amount": 5}, id="e-1") == []
    with pytest.raises(Refused, match=r"shop.order has started no run: the event 'e-1' was there before"):
        workflows.start("shop.order", {"amount": 5}, id="e-1")
    assert [each.id for each in workflows.runs] == [run.id]


def test_events_without_an_id_are_different_events(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, steps: []}}")
    assert workflows.start("shop.order").id != workflows.start("shop.order").id


def test_input_that_the_schema_refuses_is_refused_with_its_reason(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, input: {type: object, required: [amount]}, steps: []}}")
    with pytest.raises(Refused, match='"amount" is a required property') as caught:
        workflows.start("shop.order", {})
    assert caught.value.reason == "invalid_input"
    assert workflows.refused == [("invalid_input", 'at /: "amount" is a required property')]
    assert workflows.runs == []
    assert workflows.start("shop.order", {"amount": 5}).status == "completed"  # what was refused is over


@pytest.mark.parametrize(
    ("event", "error", "told"),
    [
        ("shop.oder", Refused, "shop.oder is refused, unknown_workflow"),
        ("shop", ValueError, "'shop' is not NAMESPACE/WORKFLOW"),
        ("shop order", ValueError, "'shop order' is not"),
    ],
)
def test_an_event_that_nothing_takes_is_refused(
    workflows: Workflows, event: str, error: type[Exception], told: str
) -> None:
    workflows.define(PAY)
    with pytest.raises(error, match=told):
        workflows.start(event)


def test_an_event_before_any_definition_is_refused(workflows: Workflows) -> None:
    with pytest.raises(Refused, match=r"load\(\) definitions first"):
        workflows.publish("shop.order")


def test_an_event_starts_all_that_it_triggers(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order: {version: 1, steps: []}
  report:
    version: 1
    triggers: [{event: order, if: input.amount > 10, input: {of: "${input.amount}"}}]
    steps: []
""")
    assert [run.name for run in workflows.publish("shop.order", {"amount": 5})] == ["order"]
    both = workflows.publish("shop.order", {"amount": 50})
    assert sorted(run.name for run in both) == ["order", "report"]
    assert workflows.start("shop.order", {"amount": 50}).name == "order"
    assert next(run for run in both if run.name == "report").view["input"] == {"of": 50}


def test_a_workflow_that_only_is_triggered_is_what_starts(workflows: Workflows) -> None:
    workflows.define("shop: {report: {version: 1, triggers: [{event: closed}], steps: []}}")
    assert workflows.start("shop.closed").name == "report"


def test_an_event_is_heard_by_the_run_with_its_key(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - {id: paid, listen: {event: paid, key: {event: event.data.order, run: input.id}, timeout: 1d}}
""")
    a, b = workflows.start("shop.order", {"id": "a"}), workflows.start("shop.order", {"id": "b"})
    assert workflows.publish("shop.paid", {"order": "b"}) == []
    assert (a.status, b.status) == ("running", "completed")
    assert b.output == {"order": "b"}
    workflows.finish()
    a.expect(status="failed", error={"type": "timeout"}, took=86400.0)


def test_an_event_that_came_early_is_heard_within_the_buffer(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - {id: pay, module: bank, action: charge}
      - id: paid
        listen: {event: paid, key: {event: event.data.id, run: input.id}, timeout: 1h, buffer: 10m}
""")
    workflows.stub("bank.charge", takes("5m"), takes("20m"))
    in_time = workflows.start("shop.order", {"id": "a"})
    workflows.publish("shop.paid", {"id": "a"})
    workflows.finish()
    too_late = workflows.start("shop.order", {"id": "b"})
    workflows.publish("shop.paid", {"id": "b"})
    workflows.finish()
    assert (in_time.status, too_late.status) == ("completed", "failed")


# ----------------------------------------------------------------------------------------- other runs


PARENT = """
shop:
  order:
    version: 1
    steps:
      - {id: invoice, run: {workflow: invoice, input: {of: "${input.id}"}}}
  invoice: {version: 1, steps: [{module: mail, action: send}]}
"""


def test_a_workflow_that_runs_another_has_it_among_its_children(workflows: Workflows) -> None:
    workflows.define(PARENT)
    workflows.stub("mail.send", takes("1h", "sent"))
    run = workflows.start("shop.order", {"id": 7})
    [child] = run.children
    assert (child.name, child.parent, child.children) == ("invoice", run.id, [])
    assert len(workflows.runs) == 2
    workflows.finish()
    assert (run.output, run.took) == ("sent", 3600.0)
    assert (run.calls(), [call.input for call in child.calls()]) == ([], [{"of": 7}])


def test_a_childs_error_is_the_parents(workflows: Workflows) -> None:
    workflows.define(PARENT)
    workflows.stub("mail.send", Fail("no_such_address"))
    workflows.start("shop.order", {"id": 7}).expect(
        status="failed", error={"type": "no_such_address", "step": "send"}
    )


# ------------------------------------------------------------------------------------------- people


ASK = """
shop:
  order:
    version: 1
    steps:
      - id: sure
        ask:
          prompt: Sure?
          form: {type: object, required: [yes], properties: {yes: {type: boolean}}}
          timeout: 2d
"""


def test_an_ask_is_answered_and_the_form_is_held_to(workflows: Workflows) -> None:
    workflows.define(ASK)
    run = workflows.start("shop.order")
    with pytest.raises(OperatorMistake, match="the answer does not fit the form"):
        run.answer({"yes": "maybe"})
    assert run.waiting == {"sure": 172800.0}
    run.answer({"yes": True})
    assert run.output == {"yes": True}
    with pytest.raises(NotFound, match="asks nothing now: it is completed"):
        run.answer({"yes": True})


def test_an_ask_among_several_is_named(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - fork: {branches: {a: [{id: one, ask: {prompt: One?}}], b: [{id: two, ask: {prompt: Two?}}]}}
""")
    run = workflows.start("shop.order")
    with pytest.raises(OperatorMistake, match="which step is answered"):
        run.answer(1)
    run.answer(2, step="two")
    run.answer(1)
    assert run.output == {"a": 1, "b": 2}


def test_a_signal_is_heard_by_one_run_alone(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, steps: [{id: paid, listen: {event: paid}}]}}")
    one, other = workflows.start("shop.order"), workflows.start("shop.order")
    one.signal("paid", {"amount": 5})
    assert (one.output, other.status) == ({"amount": 5}, "running")
    with pytest.raises(Refused, match=r"no step of the run listens for shop.paid now"):
        other.signal("shop.paid")
    other.signal("paid")
    assert other.output == {}


def test_cancelling_undoes_and_terminating_does_not(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - {module: bank, action: charge, compensate: {module: bank, action: refund}}
      - wait: 1d
""")
    workflows.stub("bank.*", 1)
    cancelled, terminated = workflows.start("shop.order"), workflows.start("shop.order")
    cancelled.cancel("changed their mind")
    terminated.terminate("no more")
    cancelled.expect(status="cancelled", compensations=["charge"])
    terminated.expect(status="terminated", compensations=[])


def test_a_paused_run_begins_nothing_until_it_goes_on(workflows: Workflows) -> None:
    workflows.define("""
shop: {order: {version: 1, steps: [{module: bank, action: charge}, {module: mail, action: send}]}}
""")
    workflows.stub("*", takes("1m", 1))
    run = workflows.start("shop.order")
    run.pause("lunch")
    workflows.finish()
    run.expect(status="paused", path=["charge"])
    run.resume()
    workflows.finish()
    run.expect(status="completed", path=["charge", "send"])


def test_a_failed_run_goes_on_where_it_stopped(workflows: Workflows) -> None:
    workflows.define(PAY)
    workflows.stub("bank.charge", Fail("card_declined"), "paid")
    run = workflows.start("shop.order")
    assert run.status == "failed"
    run.retry(why="the card is good now")
    run.expect(status="completed", output="paid")


def test_a_step_is_skipped_with_the_output_that_is_told(workflows: Workflows) -> None:
    workflows.define(PAY)
    workflows.stub("*", NEVER)
    run = workflows.start("shop.order")
    with pytest.raises(Refused, match="the run has not come to a step pya"):
        run.skip("pya")
    run.skip("pay", {"receipt": "by hand"})
    run.expect(status="completed", output={"receipt": "by hand"})


# --------------------------------------------------------------------------------------------- time


def test_thirty_days_of_retries_take_no_time(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    steps:
      - {module: bank, action: charge, retry: {limit: 31, delay: 1d, backoff: constant, jitter: 0}}
      - wait: 300d
""")
    workflows.stub("bank.charge", *[Retry("busy")] * 30, "paid")
    run = workflows.start("shop.order")
    workflows.finish()
    run.expect(status="completed", attempts={"charge": 31}, took=330 * 86400.0)


def test_time_passes_as_far_as_the_test_lets_it(workflows: Workflows) -> None:
    workflows.define("shop: {order: {version: 1, steps: [{wait: 2h}]}}")
    run = workflows.start("shop.order")
    workflows.advance("90m")
    assert (run.status, workflows.elapsed) == ("running", 5400.0)
    workflows.finish(within="10m")
    assert (run.status, workflows.elapsed) == ("running", 5400.0)  # nothing happens within
    workflows.advance(1800)
    assert (run.status, workflows.elapsed) == ("completed", 7200.0)


def test_the_time_begins_when_it_is_told_to() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for start in (
        noon,
        noon.timestamp(),
        noon.replace(tzinfo=None),
        noon.astimezone(timezone(timedelta(hours=5))),
    ):
        with Workflows(start=start) as workflows:
            workflows.define(
                "shop: {order: {version: 1, steps: [{set: {at: '${now()}'}}], output: '${vars.at}'}}"
            )
            assert workflows.time == noon
            assert workflows.start("shop.order").output == "2026-03-01T12:00:00Z"
            workflows.advance("1d")
            assert workflows.time == noon + timedelta(days=1)


SCHEDULED = """
shop:
  report: {version: 1, schedule: {%s}, steps: [{module: desk, action: write}]}
"""


@pytest.mark.parametrize(
    ("schedule", "began"),
    [
        ("cron: 0 6 * * *", ["03-02 06:00", "03-03 06:00"]),
        ("cron: 0 6 * * *, timezone: America/New_York", ["03-01 11:00", "03-02 11:00"]),
    ],
)
def test_a_schedule_starts_runs_when_they_are_due(schedule: str, began: list[str]) -> None:
    with Workflows(start=datetime(2026, 3, 1, 7), has_schedules=True) as workflows:
        workflows.stub("*", 1)
        workflows.define(SCHEDULED % schedule)
        workflows.advance("2d")
        times = [datetime.fromisoformat(run.view["started_at"]) for run in workflows.runs]
        assert [f"{time:%m-%d %H:%M}" for time in times] == began


def test_a_schedule_of_intervals_starts_one_run_each() -> None:
    with Workflows(has_schedules=True) as workflows:
        workflows.stub("*", 1)
        workflows.define(SCHEDULED % "every: 15m")
        workflows.advance("1h")
        assert len(workflows.runs) == 4
        assert all(run.status == "completed" for run in workflows.runs)


def test_schedules_rest_unless_they_are_wanted(workflows: Workflows) -> None:
    workflows.stub("*", 1)
    workflows.define(SCHEDULED % "every: 15m")
    workflows.advance("10h")
    assert workflows.runs == []


# --------------------------------------------------------------------------------------------- limits


def test_a_modules_concurrency_holds_over_all_runs(workflows: Workflows) -> None:
    workflows.define(f"modules: {{bank: {{concurrency: 2}}}}\n{PAY}")
    workflows.stub("bank.charge", takes("10m", 1))
    runs = [workflows.start("shop.order") for _ in range(5)]
    assert [list(run.waiting) for run in runs] == [[], [], ["pay"], ["pay"], ["pay"]]
    workflows.finish()
    assert [run.took for run in runs] == pytest.approx([600, 600, 1200, 1200, 1800], abs=1)


def test_a_modules_rate_sets_actions_apart(workflows: Workflows) -> None:
    workflows.define(f"modules: {{bank: {{rate: 1/m}}}}\n{PAY}")
    workflows.stub("bank.charge", 1)
    runs = [workflows.start("shop.order") for _ in range(3)]
    workflows.finish()
    assert [call.at for call in workflows.calls] == pytest.approx([0, 60, 120], abs=1)
    assert all(run.status == "completed" for run in runs)


def test_a_workflows_concurrency_queues_its_runs(workflows: Workflows) -> None:
    workflows.define("""
shop:
  order:
    version: 1
    concurrency: {key: "${input.customer}", limit: 1, on_conflict: queue}
    steps: [{module: bank, action: charge}]
""")
    workflows.stub("bank.charge", takes("1h", 1))
    workflows.start("shop.order", {"customer": "a"})
    workflows.start("shop.order", {"customer": "a"})
    workflows.start("shop.order", {"customer": "b"})
    assert len(workflows.calls) == 2
    workflows.finish()
    assert [call.at for call in workflows.calls] == [0.0, 0.0, 3600.0]


# --------------------------------------------------------------------------------------- begin and end


ONE_LOOP: list[Callable[[Workflows, WatchedRun], Any]] = [
    lambda workflows, run: workflows.define(PAY),
    lambda workflows, run: workflows.start("shop.order"),
    lambda workflows, run: workflows.advance(1),
    lambda workflows, run: workflows.finish(),
    lambda workflows, run: run.cancel(),
]


@pytest.mark.parametrize("call", ONE_LOOP)
def test_a_call_inside_a_running_loop_is_refused_clearly(
    workflows: Workflows, call: Callable[[Workflows, WatchedRun], Any]
) -> None:
    workflows.define("shop: {order: {version: 1, steps: [{wait: 1h}]}}")
    run = workflows.start("shop.order")

    async def test() -> None:
        call(workflows, run)

    with pytest.raises(RuntimeError, match="write the test with def, not async def"):
        asyncio.run(test())
    assert run.status == "running"


def test_closing_is_idempotent_and_leaves_nothing_behind(recwarn: pytest.WarningsRecorder) -> None:
    workflows = Workflows()
    workflows.define(PAY)
    workflows.stub("bank.charge", takes("1h", 1))
    run = workflows.start("shop.order")
    workflows.close()
    workflows.close()
    assert run.status == "running"  # what was seen can still be looked at
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del workflows, run
        gc.collect()
    assert [str(each.message) for each in recwarn] == []


def test_workflows_that_were_never_used_are_closed_as_well() -> None:
    with closing(Workflows()) as workflows:
        assert (workflows.runs, workflows.calls, workflows.emitted, workflows.refused) == ([], [], [], [])


def test_an_action_that_hangs_in_its_thread_does_not_hang_the_next_test() -> None:
    release, began = threading.Event(), threading.Event()
    bank = Module("bank")

    @bank.action("charge")
    def charge() -> None:
        began.set()
        release.wait()

    other = threading.Thread(target=lambda: None)
    try:
        # As a test that was given up: its thread is still there.
        other = threading.Thread(target=charge, name=THREAD_NAME, daemon=True)
        other.start()
        began.wait()
        with Workflows() as workflows:
            workflows.define(PAY)
            workflows.stub("bank.charge", 1)
            assert workflows.start("shop.order").status == "completed"
    finally:
        release.set()
        other.join()


def test_an_action_that_is_handed_back_without_end_ends_the_test(workflows: Workflows) -> None:
    workflows.define("a: {b: {version: 1, steps: [{module: m, action: do}]}}")
    workflows.stub("m.do", Later(after=0))
    workflows.start("a.b")
    with pytest.raises(Unanswered, match=r"m\.do was handed out 1,000 times for one attempt"):
        workflows.finish()


def test_a_mistake_in_a_stub_is_no_failure_of_its_action(workflows: Workflows) -> None:
    workflows.define("a: {b: {version: 1, steps: [{module: m, action: do}]}}")
    workflows.stub("m.do", lambda call: call.inputs)
    with pytest.raises(AttributeError, match="inputs"):
        workflows.start("a.b")


def test_an_error_that_nobody_foresaw_is_stubbed_by_itself(workflows: Workflows) -> None:
    workflows.define("a: {b: {version: 1, steps: [{module: m, action: do, retry: none}]}}")
    workflows.stub("m.do", KeyError("x"))
    assert workflows.start("a.b").error == {
        "type": "KeyError",
        "message": "'x'",
        "retryable": True,
        "step": "do",
        "attempt": 1,
    }


def test_finishing_does_not_wait_for_schedules() -> None:
    with Workflows(has_schedules=True) as scheduled:
        scheduled.define(
            """
a:
  often: {version: 1, schedule: {every: 1m}, steps: []}
  waits: {version: 1, steps: [{listen: {event: never}}]}
"""
        )
        run = scheduled.start("a.waits")
        scheduled.finish()
        assert (run.status, scheduled.elapsed) == ("running", 0.0)
        scheduled.advance("3m")
        assert len(scheduled.runs) == 4


def test_a_module_may_use_threads_and_no_sockets(workflows: Workflows) -> None:
    module = Module("m")

    @module.action("think")
    async def think() -> str:
        return await asyncio.to_thread(lambda: "thought")

    @module.action("call")
    async def call() -> None:
        await asyncio.open_connection("127.0.0.1", 1)

    workflows.define(
        "a: {b: {version: 1, steps: [{module: m, action: think}, {module: m, action: call, retry: none}]}}"
    )
    workflows.use(module)
    run = workflows.start("a.b")
    assert run.step("think").output == "thought"
    assert run.error is not None
    assert run.error["message"] == "there are no sockets in virtual time: stub the action that needs one"
