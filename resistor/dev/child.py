"""A server process of our own that never outlives us.

Called by `resistor.dev.valkey` and by the tests' private servers. Beside each process stands a tiny shell
that reads from a pipe only we hold: when we end without saying goodbye, even by SIGKILL, the pipe closes
and the shell kills the process. (PR_SET_PDEATHSIG was the other way: Linux only, and it fires when the
*thread* that started the process ends.)

Must not know what the process is, and must not signal a process that it did not start.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_LAST_WORDS = 2_000  # bytes of the log shown when a server does not come up
_WATCH = 'read _ || kill -9 "$0"'  # a line means "dismissed"; end of file means that we are gone


def free_port() -> int:
    """Give a TCP port that nobody listens on at 127.0.0.1.

    From below the ephemeral range (32768 on Linux, 49152 elsewhere): a client that keeps trying a port of
    that range while its server is away can end up connected to itself, and then the server cannot bind.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Child:
    """A running process, its log, and the watcher that ends it when we are gone.

    It gets a session of its own, so Ctrl-C in our terminal does not reach it before we stop it in order.
    """

    def __init__(
        self, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start `command`; its output is appended to `log`. `environment`: None inherits ours.

        Raises OSError when the program cannot be started.
        """
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - callers name the program
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(  # noqa: S603 - a fixed script and a number
            ["/bin/sh", "-c", _WATCH, str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process still lives."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to a living process; one that has ended is left alone."""
        if self.running:
            self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop the process (SIGSTOP), and return when all of its threads stand still."""
        self.signal(signal.SIGSTOP)
        if self.running:
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def stop(self, patience_s: float = 10.0) -> None:
        """Ask the process to end, kill it after `patience_s` seconds, wait for its end. Idempotent."""
        self.signal(signal.SIGTERM)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._dismiss_watcher()

    def kill(self) -> None:
        """End the process at once, as a power cut would (SIGKILL), and wait for its end. Idempotent."""
        self.signal(signal.SIGKILL)
        self._process.wait()
        self._dismiss_watcher()

    def last_words(self) -> str:
        """The end of what the process wrote."""
        return self.log.read_bytes()[-_LAST_WORDS:].decode(errors="replace").strip()

    def _dismiss_watcher(self) -> None:
        if self._watcher.poll() is None:
            self._watcher.communicate(b"\n")
