"""`serve --processes N`: as many daemons as there are cores for, under one that only looks after them.

Each is `resistor serve` as it was called, and knows which of them it is. They end together: told to by a
signal, or because one of them has ended by itself; then whoever started us (systemd, Kubernetes) sees it and
starts all again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from resistor.config import Settings
from resistor.daemon.lifecycle import on_hangup, stop_on_signals
from resistor.telemetry import configure_logging

log = logging.getLogger(__name__)


async def serve_processes(settings: Settings, arguments: Sequence[str]) -> int:
    """Run as many as there are to be until SIGTERM or SIGINT; return the first failed one's exit status.

    `arguments` are those of the command line.
    """
    configure_logging(settings.log)
    command = (sys.executable, "-m", "resistor", *arguments)
    with stop_on_signals() as stopping:
        children = [await _begin(command, number) for number in range(settings.daemon.processes)]
        with on_hangup(lambda: _hang_up(children)):
            endings = [asyncio.create_task(child.wait()) for child in children]
            stop = asyncio.create_task(stopping.wait())
            await asyncio.wait({*endings, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not stopping.is_set():
                log.error("a process has ended: so do the others", extra={"action": "process_ended"})
            for child in children:
                if child.stdin is not None:
                    child.stdin.close()
            statuses = await asyncio.gather(*endings)
    failed = [status for status in statuses if status]
    return 0 if stopping.is_set() and not failed else abs(next(iter(failed), 1))


async def _begin(command: Sequence[str], number: int) -> asyncio.subprocess.Process:
    """Start a process. Its standard input ends when it is to end: a second signal would end it at once."""
    return await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, "RESISTOR_PROCESS": str(number)},
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # what is typed at the terminal is for us
    )


def _hang_up(children: Sequence[asyncio.subprocess.Process]) -> None:
    for child in children:
        if child.returncode is None:
            child.send_signal(signal.SIGHUP)


@contextmanager
def end_with_parent(stopping: asyncio.Event) -> Iterator[None]:
    """Set `stopping` when standard input ends: whoever has started this process wants that, or is gone."""
    loop, source = asyncio.get_running_loop(), sys.stdin.fileno()
    if not stat.S_ISFIFO(os.fstat(source).st_mode):
        yield  # started by somebody else, who has told us our number
        return

    def look() -> None:
        if not os.read(source, 1024):
            loop.remove_reader(source)
            stopping.set()

    loop.add_reader(source, look)
    try:
        yield
    finally:
        loop.remove_reader(source)
