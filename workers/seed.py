"""The two modules of `definitions/seed.yaml`: each says what it was given."""

from __future__ import annotations

from typing import Any

from resistor.sdk import Context, Module

moduleA = Module("moduleA")  # noqa: N816 - the seed spells it so
moduleB = Module("moduleB")  # noqa: N816 - likewise


@moduleA.action("actionOfA", examples=[{"any": "data"}])
async def action_of_a(data: Any, ctx: Context) -> dict[str, Any]:
    """Say what came, with which metadata."""
    return {"module": "moduleA", "input": data, "metadata": dict(ctx.metadata)}


@moduleB.action("actionOfB", examples=[{"any": "data"}])
async def action_of_b(data: Any, ctx: Context) -> dict[str, Any]:
    """Say what came, with which metadata."""
    return {"module": "moduleB", "input": data, "metadata": dict(ctx.metadata)}
