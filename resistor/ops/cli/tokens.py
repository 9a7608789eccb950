"""`resistor token verify`: what a continue token says, and whether it is one of ours."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import click
import msgspec

from resistor.errors import OperatorMistake, Reason, RejectedMessage, ResistorError
from resistor.ops.cli.options import output_option
from resistor.ops.cli.output import write_json
from resistor.ops.cli.session import Session, pass_session


@click.group()
def token() -> None:
    """Look into continue tokens."""


@token.command()
@click.argument("text", metavar="TOKEN|-")
@output_option
@pass_session
def verify(session: Session, text: str, style: str) -> None:
    """Say what place a continue token names. Exits with 1 where it is not ours, or expired."""
    if text == "-":
        text = sys.stdin.read()
    keys = asyncio.run(_keys(session.settings()))
    try:
        place = keys.read(text.strip())
    except RejectedMessage as why:
        raise ResistorError(f"{why.reason}: {why.detail}") from None
    view = _view(place)
    if style == "table":
        for name, value in view.items():
            click.echo(f"{name:<11} {value}")
    else:
        write_json(view, style=style)
    if place.expires_at <= time.time():
        raise ResistorError(f"{Reason.EXPIRED_TOKEN}: the token is one of ours, and has expired")


async def _keys(settings: Any) -> Any:
    from resistor.daemon.main import GENERATED_KEY_ID
    from resistor.ops import servers
    from resistor.tokens import TokenKeys

    if settings.tokens.keys:
        return TokenKeys(settings.tokens.keys)
    async with servers.open_store(settings) as store:
        return TokenKeys(((GENERATED_KEY_ID, await store.generated_token_secret()),))


def _view(place: Any) -> dict[str, Any]:
    from resistor.messages.action import rfc3339

    view = msgspec.structs.asdict(place)
    try:
        return view | {"expires_at": rfc3339(view["expires_at"])}
    except (OverflowError, ValueError):
        raise OperatorMistake("the token's expiry is no time") from None
