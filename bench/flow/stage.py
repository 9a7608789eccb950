"""The servers that contenders share, and the CPU and memory of process trees, as Linux counts them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import redis

from tests.servers import RabbitMQ, RedisServer, find_rabbitmq

_TICKS = os.sysconf("SC_CLK_TCK")
_LAST_WORDS = 2_000  # bytes of the log that are shown when a process has ended too early
_WATCH = 'read _ || kill -9 -- "-$0"'  # a line means "dismissed"; end of file means that we are gone
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, slots=True)
class Stage:
    """RabbitMQ and Redis, with an append-only file that is synced once a second, as in production."""

    rabbitmq: RabbitMQ
    redis: RedisServer

    def servers(self) -> dict[str, int]:
        """Their process ids, by name."""
        broker, store = self.rabbitmq.pid, self.redis.pid
        if broker is None or store is None:
            raise RuntimeError("a server has ended")
        return {"RabbitMQ": broker, "Redis": store}

    def clear(self) -> None:
        """Forget what the last contender left in Redis."""
        with redis.Redis.from_url(self.redis.url) as client:
            client.flushall()


@contextmanager
def stage() -> Iterator[Stage]:
    """Start both servers; at the end nothing is left of them."""
    broker = RabbitMQ(find_rabbitmq())
    store = RedisServer(shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server")
    try:
        broker.start()
        store.start()
        with redis.Redis.from_url(store.url) as client:
            client.config_set("appendonly", "yes")
            client.config_set("appendfsync", "everysec")
        yield Stage(broker, store)
    finally:
        broker.close()
        store.close()


def end_in_order() -> None:
    """Let SIGTERM end us as Ctrl-C does, with everything that we started: asyncio makes it a cancellation."""
    # A shell ignores it for what it starts in the background, and so would Python.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


class Process:
    """A process of a contender, with all that it starts; nothing of it outlives us, however we end."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str],
        talks: bool = False,
    ) -> None:
        """Start it. One that `talks` has pipes for its standard input and output."""
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                stdout=subprocess.PIPE if talks else output,
                stderr=output,
                bufsize=0,
                env={**os.environ, **environment},
                cwd=ROOT,
                start_new_session=True,
            )
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", _WATCH, str(self.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def require_running(self) -> None:
        """Raise `RuntimeError` where it has ended."""
        if self._process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self._process.returncode}:\n{self.last_words()}")

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Its standard input and output, where it talks."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError(f"{self.name} does not talk")
        return self._process.stdin, self._process.stdout

    def last_words(self) -> str:
        """Return the end of its log."""
        return self._log.read_bytes()[-_LAST_WORDS:].decode(errors="replace").strip()

    def stop(self) -> None:
        """End it in order, and whatever it left."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(15.0)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._watcher.poll() is None:
            self._watcher.communicate(b"\n")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, in seconds."""
    return sum(_own_cpu(each) for each in _tree(pid))


def memory_megabytes(pid: int) -> float:
    """Proportional set size of a process and its descendants."""
    return sum(_own_memory(each) for each in _tree(pid))


def machine_seconds() -> float:
    """CPU time that the whole machine has spent, in seconds."""
    numbers = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(numbers) - numbers[3] - numbers[4]) / _TICKS


class Meter:
    """What some process trees cost between `start` and `stop`."""

    def __init__(self, trees: Mapping[str, int]) -> None:
        """Take the trees' roots by name."""
        self._trees = trees

    def start(self) -> None:
        """Begin."""
        self._before = {name: cpu_seconds(pid) for name, pid in self._trees.items()}
        self._machine = machine_seconds()
        self._at = time.perf_counter()

    def stop(self) -> tuple[dict[str, float], float]:
        """Return CPU seconds by name, and how many cores were busy with something else."""
        spent = {name: cpu_seconds(pid) - self._before[name] for name, pid in self._trees.items()}
        elapsed = time.perf_counter() - self._at
        others = machine_seconds() - self._machine - sum(spent.values())
        return spent, max(0.0, others / elapsed)


def _tree(pid: int) -> list[int]:
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in (task / "children").read_text().split():
                    found += _tree(int(child))
    return found


def _own_cpu(pid: int) -> float:
    with suppress(OSError):
        numbers = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(numbers[11]) + int(numbers[12])) / _TICKS
    return 0.0


def _own_memory(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
