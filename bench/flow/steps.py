"""The module of the benchmark: three steps that do nothing."""

from __future__ import annotations

from typing import Any

from resistor.sdk import Module

bench = Module("bench")


@bench.action("first")
async def first(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "a": 1}


@bench.action("second")
async def second(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "b": 2}


@bench.action("third")
async def third(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document."""
    return {**document, "c": 3}
