"""Hands parcels over to a carrier, as far as a demonstration can."""

from __future__ import annotations

from dataclasses import dataclass

from resistor.sdk import Context, Module

parcel = Module("parcel")


@dataclass
class Shipment:
    """What to send, and where."""

    order_id: str
    address: str
    reservation: str


@parcel.action("ship", examples=[{"order_id": "o-1", "address": "1 Road", "reservation": "s-1"}])
async def ship(shipment: Shipment, ctx: Context) -> dict[str, str]:
    """Send the parcel; the step's metadata name the carrier."""
    carrier = ctx.metadata.get("carrier", "post")
    ctx.log.info("order %s goes by %s", shipment.order_id, carrier, extra={"action": "shipped"})
    return {"tracking": f"p-{ctx.idempotency_key}"}
