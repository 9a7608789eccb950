"""CPU time and memory of processes, from Linux's /proc, and what a Redis has done. Called by the benches."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from redis.asyncio import Redis


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a living process has used, to the microsecond (`stat` has hundredths)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def resident_kib(pid: int) -> int:
    """Return the memory of a process that is in RAM, in KiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


class Spent(NamedTuple):
    """What a Redis has spent by now: seconds of CPU time, bytes that it has sent."""

    cpu: float
    sent: int


async def spent_by(redis: Redis) -> Spent:
    """Return what this Redis has spent. Asking costs it a few kilobytes itself."""
    found = await redis.info("everything")
    cpu = float(found["used_cpu_user_main_thread"]) + float(found["used_cpu_sys_main_thread"])
    return Spent(cpu, int(found["total_net_output_bytes"]))
