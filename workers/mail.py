"""Sends mail, as far as a demonstration can: it says in the log what it would send."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from resistor.sdk import Context, Module

mail = Module("mail")


class Letter(BaseModel):
    """Whom to write, with which template and what to fill in."""

    to: str
    template: str
    data: dict[str, Any] = {}


@mail.action(
    "send", examples=[{"to": "ann@example.com", "template": "order-shipped", "data": {"tracking": "p-1"}}]
)
async def send(letter: Letter, ctx: Context) -> dict[str, str]:
    """Send the letter once, however often it is asked: its id follows from the idempotency key."""
    ctx.log.info("%s goes to %s", letter.template, letter.to, extra={"action": "mail_sent"})
    return {"message_id": f"m-{ctx.idempotency_key}"}
