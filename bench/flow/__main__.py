"""python -m bench.flow [--turns N] [--together N] [--alone N] [--only NAME,NAME] [-o json]"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from bench.flow.contender import Contender
from bench.flow.contest import Result, contest
from bench.flow.ideal import ideal
from bench.flow.resistor import resistor
from bench.flow.stage import Stage, stage

CONTENDERS: dict[str, Callable[[Stage], Awaitable[Contender]]] = {"resistor": resistor, "ideal": ideal}


async def turns(on: Stage, names: Sequence[str], *, count: int, alone: int, together: int) -> list[Result]:
    """Let each have its turn, one after the other, `count` times."""
    results = []
    for _ in range(count):
        for name in names:
            contender = await CONTENDERS[name](on)
            try:
                results.append(await contest(contender, alone=alone, together=together))
            finally:
                await contender.close()
            sys.stderr.write(f"{msgspec.json.encode(results[-1]).decode()}\n")
    return results


def medians(results: Sequence[Result]) -> str:
    """Return a line for each contender."""
    lines = [f"{'':16} {'workflows/s':>12} {'p50 ms':>8} {'p99 ms':>8} {'CPU ms each':>12}  by whom"]
    for name in dict.fromkeys(each.name for each in results):
        own = [each for each in results if each.name == name]
        parts = {
            part: statistics.median(each.cpu_ms_per_workflow[part] for each in own)
            for part in own[0].cpu_ms_per_workflow
        }
        shown = ", ".join(f"{part} {cost:.2f}" for part, cost in parts.items())
        numbers = [
            statistics.median(getattr(each, field) for each in own) for field in Result.__struct_fields__[1:4]
        ]
        lines.append(
            f"{name:16} {numbers[0]:12,.0f} {numbers[1]:8.2f} {numbers[2]:8.2f} {sum(parts.values()):12.2f}  {shown}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.flow")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--alone", type=int, default=200)
    parser.add_argument("--together", type=int, default=4000)
    parser.add_argument("--only", default=",".join(CONTENDERS))
    chosen = parser.parse_args()
    with stage() as on:
        results = asyncio.run(
            turns(
                on, chosen.only.split(","), count=chosen.turns, alone=chosen.alone, together=chosen.together
            )
        )
    sys.stdout.write(medians(results) + "\n")


if __name__ == "__main__":
    main()
