"""Real processes: daemons and modules as operators start them, killed as the world kills them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

PATIENCE_SECONDS = 60.0


class Process:
    """One `resistor …` process. Its log is read as it is written."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._said = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, *arguments: str, environment: Mapping[str, str]) -> Process:
        """Start `python -m resistor <arguments>`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "resistor",
            *arguments,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        return cls(process)

    async def says(self, text: str, *, times: int = 1) -> None:
        """Wait until so many lines of the log hold `text`."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._said:
            await self._said.wait_for(lambda: self.count(text) >= times or self.is_over)
        assert self.count(text) >= times, f"ended without saying {text!r}:\n{self.log}"

    async def says_or_ends(self, text: str) -> bool:
        """Wait until the log has `text`, or the process is over; returns whether it has."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._said:
            await self._said.wait_for(lambda: self.count(text) or self.is_over)
        return self.count(text) > 0

    def count(self, text: str) -> int:
        """How many lines of the log hold `text` by now."""
        return sum(text in line for line in self.lines)

    @property
    def is_over(self) -> bool:
        return self._process.returncode is not None

    @property
    def log(self) -> str:
        return "".join(self.lines)

    def signal(self, number: signal.Signals) -> None:
        if not self.is_over:
            self._process.send_signal(number)

    async def end(self) -> int:
        """Wait for its end; returns the exit code."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            code = await self._process.wait()
        await self._reading
        return code

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.signal(signal.SIGTERM)
        return await self.end()

    async def kill(self) -> None:
        """SIGKILL."""
        self.signal(signal.SIGKILL)
        await self.end()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            async with self._said:
                self.lines.append(line.decode())
                self._said.notify_all()
        await self._process.wait()
        async with self._said:
            self._said.notify_all()
