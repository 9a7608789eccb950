"""Asking a person: the answer comes as a command."""

from __future__ import annotations

from tests.integration.outside import header_of
from tests.integration.play import Play

ASK = """
steps:
  - id: approve
    ask:
      prompt: Is that right?
      form: {type: object, required: [yes], properties: {yes: {type: boolean}}}%s
"""


async def test_an_answer_that_does_not_fit_is_a_dead_letter_and_the_next_one_counts(play: Play) -> None:
    await play.begin(job=ASK % "")
    run = await play.start()
    await play.reaches(run, "approve", "waiting")
    await play.command("answer", run, step="approve", data={"yes": "maybe"})
    letter = await play.out.dead()
    assert header_of(letter, "resistor-reason") == "invalid_input"
    assert "form" in header_of(letter, "resistor-detail")
    await play.reaches(run, "approve", "waiting")
    await play.command("answer", run, step="approve", data={"yes": True}, by="ann")
    ended = await play.ended(run)
    assert ended.output == {"yes": True}
    [answered] = [fact for fact in ended.history if fact.name == "step_answered"]
    assert answered.details["by"] == "ann"


async def test_an_answer_to_what_nobody_asks_is_a_dead_letter(play: Play) -> None:
    await play.begin(job=ASK % "")
    run = await play.start()
    await play.reaches(run, "approve", "waiting")
    await play.command("answer", run, step="aprove", data={"yes": True})
    assert "aprove" in header_of(await play.out.dead(), "resistor-detail")
    await play.command("answer", run, step="approve", data={"yes": False})
    await play.ended(run)


async def test_the_first_of_two_answers_counts(play: Play) -> None:
    await play.begin(job=ASK % "" + "  - {module: m, action: go}")
    run = await play.start()
    await play.reaches(run, "approve", "waiting")
    await play.command("answer", run, step="approve", data={"yes": True})
    await play.command("answer", run, step="approve", data={"yes": False})
    await play.house.counted("messages", ("resistor.commands", "duplicate"), 1)
    await play.out.complete(await play.out.action("m"))
    assert (await play.ended(run)).gave("approve") == {"yes": True}


async def test_nobody_who_answers_in_time_is_a_timeout_that_can_be_caught(play: Play) -> None:
    await play.begin(
        job="""
        steps:
          - try: [{ask: {prompt: Well?, timeout: 60ms}}]
            catch: [{errors: [timeout], output: {answered: false}}]
        """
    )
    assert (await play.play()).output == {"answered": False}
