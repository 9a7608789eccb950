"""A context that a test can look into: what an action reported, what it logged, and a way to cancel it.

Called by tests of modules, and by the contract check. Must know nothing of brokers: what it keeps is what
would have left.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, TypedDict, Unpack

from resistor.messages import json
from resistor.sdk.context import Context, Report, StepLog, trial_context
from resistor.sdk.output import to_json

_LOGGER = logging.getLogger("resistor.module")


@dataclass(frozen=True, slots=True)
class Logged:
    """One line that an action logged: `extra` is what it said itself, `error` the exception it added."""

    level: str
    message: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    error: BaseException | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingContext(Context):
    """A context that remembers, in order, what the action reported (`progressed`) and logged (`logged`).

    A test sets `cancelled`, before the action runs or meanwhile, as the runner does when it stops.
    """

    progressed: list[Any] = field(default_factory=list)
    logged: list[Logged] = field(default_factory=list)


class ContextFields(TypedDict, total=False):
    """What a test may say of the step: the fields of `Context` with their meaning there."""

    run: str
    step: str
    attempt: int
    idempotency_key: str
    namespace: str
    workflow: str
    version: int
    metadata: Mapping[str, Any]
    deadline: datetime | None
    traceparent: str | None
    tracestate: str | None


def module_context(**given: Unpack[ContextFields]) -> RecordingContext:
    """Return a context to call an action with: `payments.call("charge", order, context=ctx)`.

    What is not given is as `Module.call` has it without a context: the first attempt at a step of run `test`,
    and an idempotency key that follows from the step.
    """
    plain = trial_context(given.get("step", "test"), _LOGGER)
    progressed: list[Any] = []
    logged: list[Logged] = []
    said = {each.name: getattr(plain, each.name) for each in fields(plain)} | dict(given)
    step = {"run": said["run"], "step": said["step"], "attempt": said["attempt"]}
    said |= {"report": _report_into(progressed), "log": _RecordingLog(_LOGGER, step, logged)}
    return RecordingContext(**said, progressed=progressed, logged=logged)


def _report_into(progressed: list[Any]) -> Report:
    async def report(details: Any) -> None:
        # Through JSON, as on its way: what could not be sent is refused here too.
        progressed.append(json.decode_trusted(to_json(details)))

    return report


class _RecordingLog(StepLog):
    """Keeps every line, whatever level is set, and logs it as well."""

    def __init__(self, logger: logging.Logger, step: Mapping[str, Any], logged: list[Logged]) -> None:
        super().__init__(logger, step)
        self._logged = logged

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's name
        """Let lines be written that are only written where somebody reads them."""
        return True

    def log(self, level: int, msg: object, *args: object, **more: Any) -> None:
        """Keep the line, and log it one frame further up, where the action stands."""
        name, error = logging.getLevelName(level), _error(more.get("exc_info"))
        self._logged.append(Logged(name, _filled(msg, args), more.get("extra") or {}, error))
        super().log(level, msg, *args, **more | {"stacklevel": more.get("stacklevel", 1) + 1})


def _filled(msg: object, args: tuple[object, ...]) -> str:
    record = logging.LogRecord("", 0, "", 0, msg, args, None)
    try:
        return record.getMessage()
    except Exception:  # logging itself says what is wrong with the line; in production the action goes on
        return str(msg)


def _error(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error = exc_info[1]
        return error if isinstance(error, BaseException) else None
    return sys.exception() if exc_info else None
