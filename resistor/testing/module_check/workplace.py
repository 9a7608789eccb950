"""Where the actions of a check are performed: a loop in a thread of its own.

In a thread, because an action that blocks its loop must not block the check: then the thread is left to
itself and the next action gets another. One loop for all actions as long as it answers, because modules keep
connections that belong to a loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from resistor.messages import Action, json
from resistor.sdk.module import Module
from resistor.sdk.performing import perform
from resistor.testing.module_check.outcomes import Answered, Broken, Outcome, Silent
from resistor.testing.module_context import RecordingContext, module_context

_GRACE_SECONDS = 1.0
"""So long a loop may take to say that it lives: one that does nothing else needs no millisecond."""


class _Threads(ThreadPoolExecutor):
    """A thread for each call of `asyncio.to_thread`, that does not keep the process alive.

    A pool's threads do: a call that hangs would let the command hang after it has said so.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **more: Any) -> Future[Any]:
        """Begin `fn` at once."""
        future: Future[Any] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **more))
            except BaseException as error:  # handed over whole: the waiting side raises it
                future.set_exception(error)

        threading.Thread(target=work, name="module check, to_thread", daemon=True).start()
        return future


class _Loop:
    """A loop that runs in a daemon thread, and does not keep the process alive."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, name="module check", daemon=True)
        self._stopping = asyncio.Event()
        self.thread.start()

    def stop(self) -> None:
        """Let it end as soon as nothing blocks it."""
        self.loop.call_soon_threadsafe(self._stopping.set)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        self.loop.set_default_executor(_Threads())
        await self._stopping.wait()


class Workplace:
    """Performs actions, one after the other. An async context manager."""

    def __init__(self, timeout_seconds: float) -> None:
        """Wait so long for each answer."""
        self._seconds = timeout_seconds
        self._place = _Loop()

    async def __aenter__(self) -> Self:
        """Be ready: the loop runs."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the loop. What hangs there is left to itself."""
        self._place.stop()
        await asyncio.to_thread(self._place.thread.join, _GRACE_SECONDS)

    async def perform(self, module: Module, action: Action) -> Outcome:
        """Have `module` do `action`, and return what came of it."""
        performing = asyncio.run_coroutine_threadsafe(_outcome(module, action), self._place.loop)
        waiting = asyncio.wrap_future(performing)
        done, _ = await asyncio.wait({waiting}, timeout=self._seconds)
        if not done:
            waiting.cancel()
            await self._leave_if_stuck()
            return Silent(self._seconds)
        # An action that cancels the task it runs in.
        return Broken(asyncio.CancelledError()) if waiting.cancelled() else waiting.result()

    async def _leave_if_stuck(self) -> None:
        sign = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._place.loop)
        done, _ = await asyncio.wait({asyncio.wrap_future(sign)}, timeout=_GRACE_SECONDS)
        if not done:
            self._place.stop()
            self._place = _Loop()


async def _outcome(module: Module, action: Action) -> Outcome:
    context = module_context(
        run=action.run,
        step=action.step,
        attempt=action.attempt,
        idempotency_key=action.idempotency_key,
        namespace=action.namespace,
        workflow=action.workflow,
        version=action.version,
        metadata=json.decode_trusted(action.metadata),
    )
    try:
        return Answered(await perform(module, action, context), _unforeseen(context))
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # whatever it is must not end the check
        return Broken(error)


def _unforeseen(context: RecordingContext) -> BaseException | None:
    """Return what the SDK has turned into an answer: it says so in the log, with a verb that is its own."""
    raised = [line.error for line in context.logged if line.extra.get("action") == "action_raised"]
    return raised[-1] if raised else None
