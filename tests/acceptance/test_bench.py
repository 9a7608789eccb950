"""`make bench` works: a contest that is too short to say anything, and pictures of what it found."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.usefixtures("rabbitmq"), pytest.mark.xdist_group("acceptance")]


async def test_a_contest_names_who_took_part_and_what_each_cost(tmp_path: Path) -> None:
    output = tmp_path / "flow.json"
    words = ("--turns", "1", "--together", "60", "--alone", "3", "--only", "resistor,ideal")
    said = await _bench("bench.flow", *words, "-o", str(output))
    record = json.loads(output.read_bytes())
    assert [result["name"] for result in record["results"]] == ["Resistor", "ideal loop"]
    assert record["failed"] == []
    for result in record["results"]:
        assert result["workflows_per_second"] > 0, result
        assert set(result["cpu_ms_per_workflow"]) == {"daemon", "module", "RabbitMQ", "Redis"}
    assert [line.split("  ")[0] for line in said.splitlines()[1:]] == ["Resistor", "ideal loop"]


async def test_nobody_who_is_unknown_takes_part() -> None:
    assert "no such contender: temporal" in await _bench("bench.flow", "--only", "temporal", code=2)


async def _bench(*words: str, code: int = 0) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *words,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == code, err.decode()
    return (out if code == 0 else err).decode()
