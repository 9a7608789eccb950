"""The modules that ship: what they answer to what the example workflows send them."""

from __future__ import annotations

import pytest

from resistor.sdk import Fail
from workers.mail import mail
from workers.parcel import parcel
from workers.payments import payments
from workers.seed import moduleA, moduleB
from workers.stock import stock

ORDER = {"order_id": "o-1", "amount": 4200, "currency": "EUR", "card": "tok_visa"}


async def test_payments_charges_a_card_and_gives_the_same_receipt_each_time() -> None:
    receipt = await payments.call("charge", ORDER)
    assert receipt == {"receipt": "r-test-charge", "amount": 4200}
    assert await payments.call("charge", ORDER, attempt=2) == receipt


async def test_payments_declines_the_card_that_is_made_for_it() -> None:
    with pytest.raises(Fail) as fail:
        await payments.call("charge", ORDER | {"card": "tok_declined"})
    assert fail.value.type == "card_declined"


async def test_payments_refuses_an_amount_of_nothing() -> None:
    with pytest.raises(Fail, match="amount"):
        await payments.call("charge", ORDER | {"amount": 0})


async def test_stock_reserves_and_counts_the_lines() -> None:
    lines = [{"sku": "tea", "quantity": 2}, {"sku": "pot", "quantity": 1}]
    reservation = await stock.call("reserve", {"order_id": "o-1", "lines": lines})
    assert reservation == {"reservation": "s-test-reserve", "lines": 2}


async def test_stock_says_what_is_sold_out() -> None:
    with pytest.raises(Fail) as fail:
        await stock.call("reserve", {"order_id": "o-1", "lines": [{"sku": "sold-out", "quantity": 1}]})
    assert (fail.value.type, fail.value.details) == ("out_of_stock", {"skus": ["sold-out"]})


async def test_stock_puts_back_what_was_reserved_and_refuses_an_order_that_does_not_say_what() -> None:
    assert await stock.call("release", {"reservation": "s-1", "lines": 2}) == {"released": "s-1"}
    with pytest.raises(Fail, match="reservation: Field required"):
        await stock.call("release", {})


async def test_parcel_gives_a_tracking_number() -> None:
    shipment = {"order_id": "o-1", "address": "1 Road", "reservation": "s-1"}
    assert await parcel.call("ship", shipment, metadata={"carrier": "bike"}) == {"tracking": "p-test-ship"}


async def test_mail_gives_a_message_id() -> None:
    letter = {"to": "a@example.com", "template": "hello", "data": {"name": "A"}}
    assert await mail.call("send", letter) == {"message_id": "m-test-send"}


async def test_the_seeds_modules_say_what_they_were_given() -> None:
    assert await moduleA.call("actionOfA", {"a": 1}, metadata={"b": 2}) == {
        "module": "moduleA",
        "input": {"a": 1},
        "metadata": {"b": 2},
    }
    assert (await moduleB.call("actionOfB", None))["module"] == "moduleB"
