"""The module of the benchmark: three steps that do nothing."""

from __future__ import annotations

from typing import Any

from resistor.sdk import Module

bench = Module("bench")


@bench.action("first")
async def first(pad: str) -> dict[str, Any]:
    """Return the document."""
    return {"pad": pad, "a": 1}


@bench.action("second")
async def second(pad: str, a: int) -> dict[str, Any]:
    """Return the document."""
    return {"pad": pad, "a": a, "b": 2}


@bench.action("third")
async def third(pad: str, a: int, b: int) -> dict[str, Any]:
    """Return the document."""
    return {"pad": pad, "a": a, "b": b, "c": 3}
