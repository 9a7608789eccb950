"""python -m bench.flow [--turns N] [--together N] [--alone N] [--only NAME,NAME] [-o FILE.json]"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from bench.flow.contender import CannotStart, Contender
from bench.flow.contest import Result, contest
from bench.flow.ideal import ideal
from bench.flow.peers.celery import celery, celery_bare
from bench.flow.peers.dbos import dbos
from bench.flow.peers.dramatiq import dramatiq, dramatiq_bare
from bench.flow.peers.restate import restate, restate_runs
from bench.flow.peers.taskiq import taskiq, taskiq_bare
from bench.flow.resistor import Resistor, resistor
from bench.flow.stage import Stage, end_in_order, stage

CONTENDERS: dict[str, Callable[[Stage], Awaitable[Contender]]] = {
    "resistor": resistor,
    "ideal": ideal,
    "celery": celery,
    "celery-bare": celery_bare,
    "dramatiq": dramatiq,
    "dramatiq-bare": dramatiq_bare,
    "taskiq": taskiq,
    "taskiq-bare": taskiq_bare,
    "restate": restate,
    "restate-runs": restate_runs,
    "dbos": dbos,
}


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured, and what was not, with the reason."""

    turns: int
    alone: int
    together: int
    results: list[Result]
    skipped: dict[str, str]
    failed: list[str]


async def turns(on: Stage, names: Sequence[str], *, count: int, alone: int, together: int) -> Record:
    """Let each have its turn, one after the other, `count` times; one that fails does not stop the others."""
    record = Record(turns=count, alone=alone, together=together, results=[], skipped={}, failed=[])
    for _ in range(count):
        for name in names:
            if name in record.skipped:
                continue
            try:
                result = await _turn(CONTENDERS[name], on, alone=alone, together=together)
            except CannotStart as reason:
                record.skipped[name] = str(reason)
                _say(f"{name}: skipped: {reason}")
            except Exception as error:
                told = f"{name}: failed: {error!r}"
                record.failed.append(told)
                _say(told)
            else:
                record.results.append(result)
                _say(msgspec.json.encode(result).decode())
    return record


async def _turn(
    start: Callable[[Stage], Awaitable[Contender]], on: Stage, *, alone: int, together: int
) -> Result:
    contender = await start(on)
    try:
        return await contest(contender, alone=alone, together=together)
    finally:
        await contender.close()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def medians(results: Sequence[Result]) -> str:
    """Return a line for each contender, with how many times as many workflows Resistor does."""
    by_name = {name: [each for each in results if each.name == name] for name in _names(results)}
    rates = {
        name: statistics.median(each.workflows_per_second for each in own) for name, own in by_name.items()
    }
    titles = ("workflows/s", "times fewer", "p50 ms", "p99 ms", "CPU ms each", "MB")
    lines = [f"{'':16}" + "".join(f" {title:>12}" for title in titles) + "  by whom"]
    for name, own in by_name.items():
        parts = {
            part: statistics.median(each.cpu_ms_per_workflow[part] for each in own)
            for part in own[0].cpu_ms_per_workflow
        }
        ratio = f"{rates[Resistor.name] / rates[name]:.2f}" if Resistor.name in rates else "-"
        numbers = (
            f"{rates[name]:,.0f}",
            ratio,
            f"{statistics.median(each.p50_ms for each in own):.2f}",
            f"{statistics.median(each.p99_ms for each in own):.2f}",
            f"{sum(parts.values()):.2f}",
            f"{statistics.median(sum(each.memory_mb.values()) for each in own):,.0f}",
        )
        shown = ", ".join(f"{part} {cost:.2f}" for part, cost in parts.items())
        lines.append(f"{name:16}" + "".join(f" {number:>12}" for number in numbers) + f"  {shown}")
    return "\n".join(lines)


def _names(results: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(each.name for each in results))


def main() -> None:
    """Measure, and print."""
    chosen = _arguments()
    names = chosen.only.split(",")
    end_in_order()
    with stage() as on:
        record = asyncio.run(
            turns(on, names, count=chosen.turns, alone=chosen.alone, together=chosen.together)
        )
    if chosen.output:
        chosen.output.write_bytes(msgspec.json.format(msgspec.json.encode(record)) + b"\n")
    sys.stdout.write(medians(record.results) + "\n")
    for name, reason in record.skipped.items():
        sys.stdout.write(f"{name}: skipped: {reason}\n")
    if record.failed:
        sys.exit(f"{len(record.failed)} turns failed")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.flow")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--alone", type=int, default=200)
    parser.add_argument("--together", type=int, default=4000)
    parser.add_argument("--only", default=",".join(CONTENDERS), help="of: %(default)s")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE.json", help="write all results here")
    chosen = parser.parse_args()
    if unknown := set(chosen.only.split(",")) - set(CONTENDERS):
        parser.error(f"no such contender: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    main()
