"""The page on dead letters: every command in it is carried out, and its workflow loads."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from resistor.bus.topology import MODULE_DELIVERY_LIMIT
from resistor.catalog import load_text
from resistor.errors import Reason
from tests.integration.operator import Operator
from tests.integration.play import Play, catalog_of, run_of
from tests.integration.worker import done

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "dead-letters.md").read_text()
JOB = "steps: [{id: a, module: m, action: work}]"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for block in blocks("sh") for line in block.splitlines()]


async def test_every_command_does_what_the_page_says(play: Play) -> None:
    operator = Operator(play.house)
    await play.begin(job=JOB)
    for number in (17, 18):
        await play.out.event("shop.order", {"n": number}, id=f"order-{number}")
    await play.out.publish("resistor.events", "shop.job", b"not JSON", message_id="odd")

    async def are_dead() -> bool:
        return await play.out.depth("resistor.dead") == 3

    await play.house.until(are_dead)
    await play.serve(catalog_of(job=JOB, order=JOB))
    await play.work("m", {"work": done()})
    assert len(commands()) > 8
    for command in commands():
        await operator.call(*command)
    for number in (17, 18):
        assert (await play.ended(run_of("order", f"order-{number}"))).step("a") == "completed"
    assert len(await play.runs("order")) == 2


def test_the_workflow_of_the_page_loads() -> None:
    for block in blocks("yaml"):
        assert load_text(block.encode()).or_raise().workflows


def test_the_page_has_every_reason_and_the_limit_as_it_is() -> None:
    assert [reason for reason in Reason if f"`{reason}`" not in PAGE] == []
    assert f"delivered {MODULE_DELIVERY_LIMIT + 1} times" in PAGE
    assert f"`RESISTOR_MODULE_DELIVERY_LIMIT`, {MODULE_DELIVERY_LIMIT} by default" in PAGE
