"""How much of everything there is. Read by every bench."""

from __future__ import annotations

import msgspec


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Counts. `(small, large)` where two are compared; `open_runs` may have some between.

    `flows` are the workflows of one turn, `turns` how often each has its turn, `kept` the runs that memory is
    measured by, `items` those of the loops, `starts` how often a daemon is started.
    """

    turns: int
    flows: int
    open_runs: tuple[int, ...]
    kept: int
    workflows: tuple[int, int]
    starts: int
    start_workflows: int
    items: tuple[int, int]
    backlog: tuple[int, int]


FULL = Sizes(
    turns=3,
    flows=2_000,
    open_runs=(1_000, 10_000, 100_000),
    kept=5_000,
    workflows=(10, 1_000),
    starts=5,
    start_workflows=100,
    items=(100, 10_000),
    backlog=(10_000, 50_000),
)
"""What the goals are about, but for the backlog: 300,000 would take longer than everything else."""

QUICK = Sizes(
    turns=1,
    flows=500,
    open_runs=(200, 2_000),
    kept=500,
    workflows=(10, 100),
    starts=2,
    start_workflows=100,
    items=(20, 1_000),
    backlog=(500, 2_500),
)
"""Shows that everything works; its ratios say little."""
