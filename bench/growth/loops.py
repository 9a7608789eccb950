"""A `for` over 10,000 items, and in turns with it as many items in loops of 100: what an item costs.

Each item is one action, all of them may be out at once. The small loops are begun together, so that both have
as much to do at any time.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from bench.flow.resistor import Resistor
from bench.flow.stage import Stage
from bench.growth.comparing import Comparison
from bench.growth.playing import Sample, playing, turn
from bench.growth.rows import Row
from bench.growth.sizes import Sizes

NAME = "loops"
AT_MOST = 2.0  # what an item may cost, in times of what it costs in the small loops, as in bench/items.py


async def run(stages: tuple[Stage, Stage], sizes: Sizes) -> list[Row]:
    """Return items a second, and CPU of each."""
    few, many = sizes.items
    found = Comparison(NAME, "items a loop", sizes.items, each="item")
    async with playing(stages[0]) as on:
        small, large = partial(_items, on, many // few, few), partial(_items, on, 1, many)
        await found.take(sizes.turns, small, large)
    return [
        found.rate(),
        found.cpu("daemon", AT_MOST),
        found.cpu("RabbitMQ", AT_MOST),
        found.cpu("Redis", AT_MOST),
        found.noise(),
    ]


async def _items(on: Resistor, loops: int, size: int) -> Sample:
    data = json.dumps({"items": list(range(size))}).encode()
    found = await turn(on, loops, event="items", data=data)
    cpu_ms = {name: each / size for name, each in found.cpu_ms.items()}
    return replace(found, per_second=found.per_second * size, cpu_ms=cpu_ms)
