"""python -m bench.growth [--quick] [--only NAME,NAME] [-o FILE.json]"""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from bench.flow.stage import Stage, end_in_order, stage
from bench.growth import backlog, loops, many_workflows, memory, open_runs, starting
from bench.growth.rows import Row, as_builtins, table
from bench.growth.sizes import FULL, QUICK, Sizes

Bench = Callable[[tuple[Stage, Stage], Sizes], Awaitable[list[Row]]]
BENCHES: dict[str, Bench] = {
    each.__name__.rpartition(".")[2]: each.run
    for each in (starting, many_workflows, loops, memory, backlog, open_runs)
}


async def measure(names: Sequence[str], stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return all rows, one bench after the other; each is shown when it is there."""
    rows = []
    for name in names:
        found = await BENCHES[name](stages, sizes)
        sys.stderr.write(f"{table(found)}\n\n")
        rows += found
    return rows


def main() -> None:
    """Measure, and print."""
    chosen = _arguments()
    sizes = QUICK if chosen.quick else FULL
    end_in_order()
    with stage() as one, stage() as other:
        rows = asyncio.run(measure(chosen.only.split(","), (one, other), sizes))
    if chosen.output:
        machine = {"python": platform.python_version(), "machine": platform.machine()}
        found = {"machine": machine, "sizes": sizes, "rows": as_builtins(rows)}
        chosen.output.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    sys.stdout.write(f"{table(rows)}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--quick", action="store_true", help="smaller sizes: a minute and a half")
    parser.add_argument("--only", default=",".join(BENCHES), help="of: %(default)s")
    parser.add_argument("-o", dest="output", type=Path, metavar="FILE.json", help="write all samples here")
    chosen = parser.parse_args()
    if unknown := set(chosen.only.split(",")) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    main()
