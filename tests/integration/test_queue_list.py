"""`resistor queue list`: what is in the queues, without taking anything from anybody."""

from __future__ import annotations

from typing import Any

from tests.integration.operator import Operator
from tests.integration.play import Play

JOB = "steps: [{id: a, module: m, action: work}]"


async def rows(operator: Operator, *options: str) -> dict[str, dict[str, Any]]:
    return {row["queue"]: row for row in await operator.read("queue", "list", *options)}


async def test_depth_consumers_dead_letters_and_the_age_of_the_oldest(play: Play) -> None:
    operator = Operator(play.house)
    await play.begin(job=JOB)
    await play.start()
    await play.out.event("shop.unknown", {})
    await play.house.until(lambda: has(play, "resistor.dead", 1))
    await play.house.until(lambda: has(play, "resistor.module.m", 1))
    found = await rows(operator)
    assert (found["resistor.module.m"]["messages"], found["resistor.module.m"]["consumers"]) == (1, 0)
    assert found["resistor.events"]["consumers"] == 1
    assert {row["in_rate"] for row in found.values()} == {None}
    assert {row["dead"] for row in found.values()} == {None}
    detailed = await rows(operator, "--details")
    assert detailed["resistor.events"]["dead"] == 1
    assert detailed["resistor.results"]["dead"] == 0
    assert detailed["resistor.dead"]["oldest_seconds"] >= 0
    assert detailed["resistor.module.m"]["oldest_seconds"] is None
    action = await play.out.action("m")
    assert not action.redelivered  # nobody has looked at it
    assert await play.out.depth("resistor.dead") == 1
    play.letters = 1
    await play.out.complete(action, 1)


async def test_what_cannot_be_known_is_a_dash_with_a_note(play: Play) -> None:
    await play.begin(job=JOB)
    said = await Operator(play.house).call("queue", "list")
    line = next(line for line in said.stdout.splitlines() if line.startswith("resistor.results"))
    assert line.split() == ["resistor.results", "0", "1", "-", "-", "-", "-", "-", "-"]
    assert "RESISTOR_MANAGEMENT_URL" in said.stderr
    assert "--details" in said.stderr


async def has(play: Play, queue: str, count: int) -> bool:
    return await play.out.depth(queue) == count
