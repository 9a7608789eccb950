"""Reserves goods, as far as a demonstration can: everything is in stock but `sold-out`."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, Field

from resistor.sdk import Context, Fail, Module

stock = Module("stock")


class Line(BaseModel):
    """One line of an order."""

    sku: str
    quantity: int = Field(gt=0)


class Order(BaseModel):
    """What to reserve."""

    order_id: str
    lines: list[Line]


@dataclass
class Reservation:
    """What is reserved: `lines` counts the order's lines."""

    reservation: str
    lines: int


@stock.action(
    "reserve",
    examples=[
        {"order_id": "o-1", "lines": [{"sku": "tea", "quantity": 2}, {"sku": "pot", "quantity": 1}]},
        {"order_id": "o-2", "lines": [{"sku": "sold-out", "quantity": 1}]},
    ],
)
def reserve(order: Order, ctx: Context) -> Reservation:
    """Set the goods aside. A plain function: it runs in a thread of its own."""
    missing = [line.sku for line in order.lines if line.sku == "sold-out"]
    if missing:
        raise Fail("out_of_stock", f"order {order.order_id} cannot be filled", details={"skus": missing})
    return Reservation(reservation=f"s-{ctx.idempotency_key}", lines=len(order.lines))


class Piece(BaseModel):
    """What came back of one line."""

    sku: str
    quantity: int = Field(gt=0)


@stock.action("inspect", examples=[{"sku": "tea", "quantity": 2}, {"sku": "broken", "quantity": 1}])
def inspect(piece: Piece) -> dict[str, object]:
    """Look at what came back: everything is as good as new but `broken`."""
    accepted = 0 if piece.sku == "broken" else piece.quantity
    return {"sku": piece.sku, "accepted": accepted}


class Reserved(BaseModel):
    """What to put back."""

    reservation: str


@stock.action("release", examples=[{"reservation": "s-1"}])
def release(reserved: Reserved) -> dict[str, str]:
    """Put reserved goods back: what undoes `reserve`."""
    return {"released": reserved.reservation}
