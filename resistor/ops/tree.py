"""A run's object → a tree for a terminal. Pure: the time comes in.

shop/order.placed@3  abcdefghij0123456789  failed  3.000s
├── ✓ reserve  warehouse.reserve  completed  0.120s
├── ✗ each     for                failed     2.880s  3 items: 2 completed, 1 failed
│   ├── ✓ 0/charge  payments.take  completed  0.500s
│   ├── ✗ 1/charge  payments.take  failed     1.880s  attempt 2  card_declined: no funds
│   └── ✓ 2/charge  payments.take  completed  0.500s
└── ○ ship     warehouse.ship     pending
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text
from rich.tree import Tree

from resistor.engine.places import FINALLY, ON_FAILURE
from resistor.ops.nesting import Node, nested, shown
from resistor.ops.text import elapsed, how_long, printable, shortened
from resistor.ops.waiting import reasons

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

_PHASES = {"queued": "waits for a free slot", "compensating": "undoing what completed"}
_TITLES = {ON_FAILURE: "on failure", FINALLY: "finally"}


def run_tree(run: Mapping[str, Any], *, now: float, is_whole: bool = False) -> Tree:
    """Return the tree of `run`, an object of `views.run_view`. `now` is in seconds since the epoch.

    Blocks with many items are cut short, unless `is_whole`.
    """
    tree = Tree(_title(run, now), guide_style="dim")
    for name, nodes in nested(run["steps"]).items():
        branch = tree.add(Text(_TITLES[name], "bold")) if name and nodes else tree
        _grow(branch, nodes, now, is_whole=is_whole)
    return tree


def _title(run: Mapping[str, Any], now: float) -> Text:
    _, style = LOOKS[run["status"]]
    title = Text.assemble(
        (f"{run['namespace']}/{run['workflow']}@{run['version']}", "bold"),
        f"  {run['id']}  ",
        (run["status"], style),
        f"  {how_long(elapsed(run, now))}",
    )
    phase = run.get("phase")
    if phase is not None:
        title.append(f"  {_PHASES.get(phase, _TITLES.get(phase, phase))}", "yellow")
    if "compensated" in run:
        undone = run["compensated"]
        title.append(
            "  compensated" if undone else "  not all is compensated", "magenta" if undone else "red"
        )
    if run["error"] and not run["error"].get("step"):
        title.append(f"  {_error(run['error'])}", "red")
    return title


def _grow(tree: Tree, nodes: Sequence[Node], now: float, *, is_whole: bool) -> None:
    widths = [max((len(_cells(node)[n]) for node in nodes), default=0) for n in range(3)]
    for node in nodes:
        branch = tree.add(_line(node, widths, now))
        inner, rest = shown(node, is_whole=is_whole)
        _grow(branch, inner, now, is_whole=is_whole)
        if rest:
            branch.add(Text(f"… {rest.total():,} more: {_counted(rest)}", "dim"))


def _cells(node: Node) -> tuple[str, str, str]:
    step = node.step
    does = f"{step['module']}.{step['action'] or '…'}" if step["module"] else step["kind"] or ""
    return node.name, does, step["status"]


def _line(node: Node, widths: Sequence[int], now: float) -> Text:
    step = node.step
    mark, style = LOOKS[step["status"]]
    name, does, status = (f"{cell:<{width}}" for cell, width in zip(_cells(node), widths, strict=True))
    line = Text.assemble((mark, style), f" {name}  ", (f"{does}  ", "dim"), (status, style))
    if step["started_at"] is not None and step["status"] != "skipped":
        line.append(f"  {how_long(elapsed(step, now))}")
    if step["attempt"] > 1:
        line.append(f"  attempt {step['attempt']}", "yellow")
    for reason in (*_progress(step), *reasons(step, now)):
        line.append(f"  {printable(reason)}", "yellow")
    if step["error"] and _is_own(node):
        line.append(f"  {_error(step['error'])}", "red")
    line.rstrip()
    return line


def _is_own(node: Node) -> bool:
    """Whether an error is to be told here: one that comes from inside is told there."""
    return not node.inner or node.step["error"].get("step") in (None, node.step["id"])


def _progress(step: Mapping[str, Any]) -> Iterator[str]:
    """Say how far a block is."""
    if step.get("turn", 1) > 1:
        yield f"turn {step['turn']}"
    counts = step.get("counts")
    if counts is not None:
        noun = {"for": "items", "fork": "branches"}.get(step["kind"], "parts")
        begun = {name: counts[name] for name in ("completed", "failed")}
        told = _counted({name: count for name, count in begun.items() if count})
        yield f"{counts['total']:,} {noun}" + (f": {told}" if told else "")
    if "round" in step:
        yield f"round {step['round']}"
    if "case" in step:
        yield f"case {step['case']}"
    if step.get("caught"):
        yield f"caught {step['caught']['type']}"


def _counted(counts: Mapping[str, int] | Counter[str]) -> str:
    return ", ".join(f"{count:,} {status}" for status, count in sorted(counts.items()))


def _error(error: Mapping[str, Any]) -> str:
    text = f"{error['type']}: {error['message']}" if error["message"] else error["type"]
    return shortened(printable(text), LONGEST_ERROR)
