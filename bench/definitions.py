"""1,000 workflows of 5 steps: how long they load, and how much memory they take, each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Figure
from bench.workflows import write_many

NAME = "definitions"
SECONDS, KIB = 5.0, 20.0  # at most, for 1,000 and for each

_LOAD = """
import sys, time
from bench.clocks import resident_kib
from resistor.catalog import load_or_raise
import os
from pathlib import Path
began = time.process_time()
catalog = load_or_raise(Path(sys.argv[1]))
print(time.process_time() - began, resident_kib(os.getpid()), len(catalog.workflows))
"""


def run(*, is_quick: bool) -> Iterator[Figure]:
    """Yield seconds for all of them, and KiB for each."""
    many = 300 if is_quick else 1_000
    with tempfile.TemporaryDirectory() as directory:
        for count in (10, many):
            write_many(Path(directory) / str(count), count)
        _, small = _loaded(Path(directory) / "10", 10)
        seconds, large = _loaded(Path(directory) / str(many), many)
    yield Figure(
        bench=NAME, name=f"CPU to load {many:,}", value=seconds, unit="s", at_most=SECONDS * many / 1000
    )
    yield Figure(
        bench=NAME, name="memory of each", value=(large - small) / (many - 10), unit="KiB", at_most=KIB
    )


def _loaded(directory: Path, count: int) -> tuple[float, int]:
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(directory)], check=True, capture_output=True, text=True
    )
    seconds, kib, found = done.stdout.split()
    assert int(found) == count, f"{found} of {count} workflows were loaded"  # noqa: S101 - a bench that lies
    return float(seconds), int(kib)
