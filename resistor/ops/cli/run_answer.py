"""`resistor run answer`: a person's answer to an `ask` step."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from resistor.errors import OperatorMistake
from resistor.ops.cli.data import data_option, read_value
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import talk, write_json
from resistor.ops.cli.session import Session, pass_session


@click.command()
@click.argument("run_id", metavar="RUN")
@click.argument("step", metavar="[STEP]", required=False)
@data_option("The answer.")
@output_option
@pass_session
def answer(session: Session, run_id: str, step: str | None, data: str | None, style: str) -> None:
    """Answer a run that asks a person. STEP is the step's path, or its id; without it, those that ask
    are listed.

    \b
    resistor run answer abcdefghij0123456789 approve --data '{"approved": true}'
    """
    settings = session.settings()
    path = asyncio.run(_answer(settings, run_id, step, data))
    if style == "table":
        talk(f"the answer to {path} is on its way: `resistor run get {run_id}` shows what follows")
    else:
        write_json({"run": run_id, "step": path}, style=style)


async def _answer(settings: Any, run_id: str, step: str | None, data: str | None) -> str:
    import msgspec

    from resistor.messages.command import AnswerStep
    from resistor.ops import servers
    from resistor.ops.asking import ask_at, require_fit
    from resistor.ops.publishing import operator, send_commands
    from resistor.ops.runs import Reader

    async with servers.open_store(settings) as store:
        path, ask = ask_at(await Reader(store).find(run_id), step)
    if data is None:
        raise OperatorMistake("the answer is missing: --data JSON, @FILE or - for the standard input")
    given = read_value(data, limit=settings.limits.payload_bytes)
    require_fit(ask, msgspec.json.decode(given))
    command = AnswerStep(run=run_id, step=path, data=msgspec.Raw(given), by=operator())
    await send_commands(settings, [command])
    return path
