"""Charges cards, as far as a demonstration can: every card is good but `tok_declined`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from resistor.sdk import Context, Fail, Module

payments = Module("payments")


class Charge(BaseModel):
    """What to charge. `amount` is in the currency's smallest unit."""

    order_id: str
    amount: int = Field(gt=0)
    currency: str
    card: str


class Receipt(BaseModel):
    """What was charged."""

    receipt: str
    amount: int


ORDER = {"order_id": "o-1", "amount": 4200, "currency": "EUR"}


@payments.action("charge", examples=[ORDER | {"card": "tok_visa"}, ORDER | {"card": "tok_declined"}])
async def charge(order: Charge, ctx: Context) -> Receipt:
    """Charge the card once, however often it is asked: the receipt follows from the idempotency key."""
    if order.card == "tok_declined":
        raise Fail("card_declined", "the bank said no", details={"order_id": order.order_id})
    ctx.log.info("charged %s %s", order.amount, order.currency, extra={"action": "charged"})
    return Receipt(receipt=f"r-{ctx.idempotency_key}", amount=order.amount)


class Refund(BaseModel):
    """What to pay back. `amount` is in the currency's smallest unit."""

    order_id: str
    amount: int = Field(ge=0)
    currency: str


@payments.action("refund", examples=[ORDER])
async def refund(order: Refund, ctx: Context) -> dict[str, object]:
    """Pay back once, however often it is asked."""
    ctx.log.info("paid back %s %s", order.amount, order.currency, extra={"action": "refunded"})
    return {"refund": f"b-{ctx.idempotency_key}", "amount": order.amount}
