"""What is in the log, for machines and for people."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from resistor.config import Log
from resistor.engine.inbound import Cancel, Inbound, Terminate
from resistor.errors import Reason
from resistor.ports import Outcome
from resistor.telemetry import Telemetry, Throttle, configure_logging
from tests.unit.telemetry.nested import played
from tests.unit.telemetry.playing import Play
from tests.unit.telemetry.stories import (
    BEGINNING,
    DECLINED,
    DEFINITION,
    RUN,
    WORKFLOW,
    begun,
    completed,
    failed,
)


class Terminal(io.StringIO):
    """A stream that says that people look at it."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Put back what `configure_logging` changes."""
    root, ours = logging.getLogger(), logging.getLogger("resistor")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def logged(settings: Log, stream: io.StringIO | None = None) -> io.StringIO:
    """Configure logging and return where it goes."""
    stream = stream or io.StringIO()
    configure_logging(settings, stream)
    return stream


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_fact_is_one_json_line() -> None:
    stream, run = logged(Log(level="debug")), begun()
    telemetry = Telemetry()
    telemetry.record(None, run, BEGINNING, WORKFLOW)
    telemetry.record(run, *completed(run), WORKFLOW)
    started, scheduled, step_done, run_done = objects(stream)
    assert started == {
        "at": "2023-11-14T22:13:20.000Z",
        "level": "info",
        "action": "run_started",
        "run": RUN,
        "namespace": "shop",
        "workflow": "order.placed",
        "version": 3,
    }
    assert scheduled == started | {
        "level": "debug",
        "action": "step_scheduled",
        "step": "charge",
        "attempt": 1,
        "module": "payments",
        "module_action": "take",
    }
    assert (step_done["action"], step_done["seconds"]) == ("step_completed", 2.0)
    assert (run_done["action"], run_done["seconds"]) == ("run_completed", 2.0)


def test_a_fact_in_an_item_says_where_and_by_whom() -> None:
    stream = logged(Log(level="debug"))
    played(Telemetry())
    said = objects(stream)
    assert {name: said[4].get(name) for name in ("action", "step", "attempt", "module")} == {
        "action": "step_started",
        "step": "each/0/guard",
        "attempt": None,
        "module": None,
    }
    retrying = next(line for line in said if line["action"] == "step_retrying")
    assert (retrying["step"], retrying["attempt"], retrying["seconds"], retrying["error_type"]) == (
        *("each/0/guard/try/pack", 1, 0.0, "busy"),
    )
    done = [line for line in said if line["action"] == "step_completed" and line["step"] == "each"]
    assert [line["seconds"] for line in done] == [11.0]
    undone = next(line for line in said if line["action"] == "step_compensated")
    assert (undone["step"], undone["module_action"], undone["seconds"]) == ("charge", "refund", 5.0)
    assert (said[-1]["action"], said[-1]["compensated"]) == ("run_failed", True)


@pytest.mark.parametrize(
    ("message", "level"),
    [(Cancel(), "info"), (Terminate(), "info"), (None, "warning")],
)
def test_only_what_went_wrong_is_a_warning(message: Inbound | None, level: str) -> None:
    stream = logged(Log())
    play = Play(DEFINITION.replace("version: 3", "version: 3, timeout: 1h"), telemetry=Telemetry())
    play.tell(message) if message is not None else play.wait(3600)
    assert objects(stream)[-1]["level"] == level


def test_a_failure_is_logged_by_its_type_and_never_by_its_message() -> None:
    stream, run = logged(Log()), begun()
    Telemetry().record(run, *failed(run), WORKFLOW)
    step, whole = objects(stream)
    assert (step["level"], step["error_type"]) == ("info", "card_declined")
    assert (whole["level"], whole["error_type"]) == ("warning", "card_declined")
    assert DECLINED.message not in stream.getvalue()


def test_facts_are_not_logged_above_their_level() -> None:
    stream, run = logged(Log(level="warning")), begun()
    Telemetry().record(run, *failed(run), WORKFLOW)
    assert [each["action"] for each in objects(stream)] == ["run_failed"]


def test_other_rooms_lines_have_their_verb_their_fields_and_their_message() -> None:
    stream = logged(Log(format="json"))
    logging.getLogger("resistor.store").warning("%s is away", "Redis", extra={"action": "store_away", "n": 1})
    [line] = objects(stream)
    assert line["at"].endswith("Z")
    assert {name: line[name] for name in ("level", "action", "n", "message", "logger")} == {
        "level": "warning",
        "action": "store_away",
        "n": 1,
        "message": "Redis is away",
        "logger": "resistor.store",
    }


def test_an_exception_is_a_field_of_its_line() -> None:
    stream = logged(Log(format="json"))
    try:
        raise ValueError("boom")
    except ValueError:
        logging.getLogger("resistor.daemon").exception("a sweep failed", extra={"action": "sweep_failed"})
    [line] = objects(stream)
    assert line["exception"].endswith("ValueError: boom")


def test_people_get_text_on_a_terminal_and_machines_json_elsewhere() -> None:
    assert "\x1b[" in lines_of(Log(), Terminal())
    assert "\x1b[" not in lines_of(Log(is_coloured=False), Terminal())
    assert lines_of(Log()).startswith("{")
    assert lines_of(Log(format="json"), Terminal()).startswith("{")
    assert lines_of(Log(format="text")).endswith(
        f"WARNING run_failed      run={RUN} namespace=shop workflow=order.placed version=3 seconds=2.000"
        " error_type=card_declined\n"
    )


def lines_of(settings: Log, stream: io.StringIO | None = None) -> str:
    """Log a failed run."""
    stream, run = logged(settings, stream), begun()
    Telemetry().record(run, *failed(run), WORKFLOW)
    return stream.getvalue()


def test_a_sender_cannot_forge_a_line() -> None:
    stream = logged(Log(format="text"))
    Telemetry().rejected("events", Reason.MALFORMED, "not JSON\n14:05 INFO run_completed \x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert r"not JSON\n14:05 INFO run_completed \x1b[2J" in stream.getvalue()


def test_ten_thousand_rejects_are_five_lines_and_a_count() -> None:
    stream, telemetry = logged(Log()), Telemetry()
    for _ in range(10_000):
        telemetry.rejected("resistor.events", Reason.MALFORMED, "the body is empty")
    telemetry.undelivered("payments", Outcome.UNROUTABLE)
    telemetry.shutdown()
    said = objects(stream)
    assert [each["action"] for each in said] == ["message_rejected"] * 5 + ["publish_refused", "repeated"]
    assert said[0]["message"] == "the body is empty"
    assert said[-1] | {"at": ""} == {
        "at": "",
        "level": "warning",
        "action": "repeated",
        "count": 9995,
        "of": "message_rejected resistor.events malformed",
        "message": "9995 more like it",
        "logger": "resistor.facts",
    }


def test_a_throttle_says_the_first_few_of_every_window() -> None:
    throttle = Throttle(first=2, window_seconds=10)
    assert [throttle.lets("a", now) for now in (0, 1, 2)] == [True, True, False]
    assert throttle.lets("b", 3)
    assert list(throttle.left_out(9)) == []
    assert list(throttle.left_out(10)) == [("a", 1)]
    assert throttle.lets("a", 11)


def test_configuring_twice_says_everything_once() -> None:
    logged(Log())
    assert lines_of(Log()).count("run_failed") == 1


def test_facts_of_one_turn_of_the_loop_are_written_together_and_before_what_is_said_after_them() -> None:
    class Counted(io.StringIO):
        flushes = 0

        def flush(self) -> None:
            self.flushes += 1

    stream = Counted()
    logged(Log(level="debug"), stream)
    telemetry, run = Telemetry(), begun()

    async def play() -> tuple[int, int]:
        telemetry.record(None, run, BEGINNING, WORKFLOW)
        before = stream.flushes
        await asyncio.sleep(0)
        return before, stream.flushes

    assert asyncio.run(play()) == (0, 1)

    async def play_on() -> None:
        telemetry.record(run, *completed(run), WORKFLOW)
        logging.getLogger("resistor.daemon").warning("behind them")

    asyncio.run(play_on())
    said = [line["action"] for line in objects(stream)]
    assert said == ["run_started", "step_scheduled", "step_completed", "run_completed", "log"]


def test_facts_that_are_still_kept_are_written_when_logging_ends() -> None:
    stream = logged(Log(level="debug"))

    async def play() -> None:
        Telemetry().record(None, begun(), BEGINNING, WORKFLOW)
        for handler in logging.getLogger().handlers:
            handler.close()

    asyncio.run(play())
    assert [line["action"] for line in objects(stream)] == ["run_started", "step_scheduled"]
