"""The command line as an operator calls it, while a daemon runs in the test's own loop."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner, Result

from resistor.ops.cli.root import command_line
from tests.integration.house import House


@dataclass(frozen=True)
class Operator:
    """Calls `resistor …` on a house's servers."""

    house: House

    @property
    def environment(self) -> dict[str, str]:
        """What names the house's servers."""
        return {
            "RESISTOR_AMQP_URL": self.house.amqp_url,
            "RESISTOR_REDIS_URL": self.house.redis_url,
            "RESISTOR_PARTITIONS": "4",
        }

    async def call(self, *arguments: str, input: str | None = None, exits: int = 0) -> Result:  # noqa: A002
        """Call a command, and assert its exit code. It has a loop of its own, on a thread."""
        result = await asyncio.to_thread(
            CliRunner().invoke, command_line(), list(arguments), input, env=self.environment
        )
        assert result.exit_code == exits, f"{result.output}\n{result.exception!r}"
        return result

    async def read(self, *arguments: str) -> Any:
        """Call a command that shows something; returns it."""
        return json.loads((await self.call(*arguments, "-o", "json")).stdout)

    async def letters(self, *filters: str) -> list[dict[str, Any]]:
        """Return what `resistor dead list` lists."""
        listed: list[dict[str, Any]] = await self.read("dead", "list", *filters)
        return listed
