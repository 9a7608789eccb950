"""A run's object → a tree for a terminal. Pure: the time comes in.

shop/order.placed@3  abcdefghij0123456789  failed  2.000s
├── ✓ reserve  warehouse.reserve  completed  0.120s
├── ✗ charge   payments.take      failed     1.880s  attempt 2  card_declined: no funds
└── ○ ship     warehouse.ship     pending
"""

from __future__ import annotations

from typing import Any

from rich.text import Text
from rich.tree import Tree

from resistor.ops.text import elapsed, how_long, printable, shortened

LONGEST_ERROR = 100  # characters of a message; the whole is in `run get -o json`

LOOKS: dict[str, tuple[str, str]] = {
    "pending": ("○", "dim"),
    "scheduled": ("◌", "cyan"),
    "running": ("●", "cyan"),
    "waiting": ("◷", "yellow"),
    "retrying": ("↻", "yellow"),
    "paused": ("◷", "yellow"),
    "completed": ("✓", "green"),
    "compensated": ("↶", "magenta"),
    "failed": ("✗", "red"),
    "timed_out": ("✗", "red"),
    "cancelled": ("⊘", "dim"),
    "terminated": ("⊘", "dim"),
    "skipped": ("-", "dim"),
}
"""A mark and a style for every status of runs and steps."""


def run_tree(run: dict[str, Any], *, now: float) -> Tree:
    """Return the tree of `run`, an object of `views.run_view`. `now` is in seconds since the epoch."""
    _, style = LOOKS[run["status"]]
    title = Text.assemble(
        (f"{run['namespace']}/{run['workflow']}@{run['version']}", "bold"),
        f"  {run['id']}  ",
        (run["status"], style),
        f"  {how_long(elapsed(run, now))}",
    )
    if run["error"] and not run["error"].get("step"):
        title.append(f"  {_error(run['error'])}", "red")
    tree = Tree(title, guide_style="dim")
    widths = [max((len(_cells(step)[n]) for step in run["steps"]), default=0) for n in range(3)]
    for step in run["steps"]:
        tree.add(_line(step, widths, now))
    return tree


def _cells(step: dict[str, Any]) -> tuple[str, str, str]:
    does = f"{step['module']}.{step['action']}" if step["module"] else ""
    return step["id"], does, step["status"]


def _line(step: dict[str, Any], widths: list[int], now: float) -> Text:
    mark, style = LOOKS[step["status"]]
    name, does, status = (f"{cell:<{width}}" for cell, width in zip(_cells(step), widths, strict=True))
    line = Text.assemble((mark, style), f" {name}  ", (f"{does}  ", "dim"), (status, style))
    if step["started_at"] is not None:
        line.append(f"  {how_long(elapsed(step, now))}")
    if step["attempt"] > 1:
        line.append(f"  attempt {step['attempt']}", "yellow")
    if step["error"]:
        line.append(f"  {_error(step['error'])}", "red")
    line.rstrip()
    return line


def _error(error: dict[str, Any]) -> str:
    text = f"{error['type']}: {error['message']}" if error["message"] else error["type"]
    return shortened(printable(text), LONGEST_ERROR)
