"""What a delivery of the dead queue is read as, whoever wrote it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from resistor.bus import Names
from resistor.daemon.dead_letters import dead_letter
from resistor.errors import Reason, RejectedMessage
from resistor.messages.envelope import Envelope
from resistor.ops.cli.dead_options import rate
from resistor.ops.dead.choosing import Choice
from resistor.ops.dead.letters import Letter, letter_of, line_of, original, view_of
from resistor.ops.dead.replaying import Pace, refusal_of
from resistor.ports import Delivery
from resistor.tokens import Place, TokenKeys, claimed

NAMES = Names()
DIED = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
DEATH = {
    "reason": "delivery_limit",
    "queue": "resistor.module.payments",
    "exchange": "resistor.actions",
    "routing-keys": ["payments"],
    "time": DIED,
    "count": 1,
}
PLACE = Place("shop", "job", 1, "d", "r" * 20, "each/3/charge", 2, "payments", 2_000_000_000)
TOKEN = TokenKeys((("k1", b"a secret of the tests, long enough"),)).sign(PLACE)


def dead(body: bytes = b"{}", key: str = "resistor.events", **properties: Any) -> Delivery:
    return Delivery(
        envelope=Envelope(body=body, **properties),
        exchange=NAMES.dead,
        routing_key=key,
        queue=NAMES.dead_queue,
        tag=1,
        generation=0,
    )


def ours(envelope: Envelope) -> Letter:
    """The letter that the daemon makes of a message on the events queue."""
    delivery = Delivery(
        envelope=envelope,
        exchange=NAMES.events,
        routing_key="shop.job",
        queue=NAMES.events_queue,
        tag=1,
        generation=0,
    )
    why = RejectedMessage(Reason.MALFORMED, "not JSON")
    publish = dead_letter(NAMES, delivery, why, now=DIED.timestamp())
    return letter_of(NAMES, dead(key=publish.routing_key, **_fields(publish.envelope)))


def _fields(envelope: Envelope) -> dict[str, Any]:
    return {name: getattr(envelope, name) for name in envelope.__struct_fields__}


def test_a_letter_of_the_daemon_gives_back_the_message_as_it_was() -> None:
    sent = Envelope(
        body=b"\xff", headers={"mine": 1, "resistor-token": TOKEN}, message_id="e-1", priority=3, type="t"
    )
    letter = ours(sent)
    assert (letter.reason, letter.detail, letter.queue) == ("malformed", "not JSON", "resistor.events")
    assert (letter.exchange, letter.routing_key) == ("resistor.events", "shop.job")
    assert letter.died_at == DIED.timestamp()
    assert original(letter) == sent


def test_a_letter_of_the_broker_is_read_from_its_latest_death() -> None:
    headers = {
        "x-death": [DEATH, {**DEATH, "queue": "resistor.retry.1s"}],
        "x-first-death-queue": "resistor.retry.1s",
        "x-delivery-count": 20,
        "resistor-token": TOKEN,
        "resistor-reason": "malformed",  # whoever sent it wrote that
    }
    letter = letter_of(NAMES, dead(key="resistor.module.payments", headers=headers))
    assert (letter.reason, letter.queue) == ("delivery_limit", "resistor.module.payments")
    assert (letter.exchange, letter.routing_key) == ("resistor.actions", "payments")
    assert (letter.run, letter.died_at) == ("r" * 20, DIED.timestamp())
    assert original(letter).headers == {"resistor-token": TOKEN}
    view = view_of(letter)
    assert view["step"] == {"step": "each/3/charge", "attempt": 2}
    assert view["deaths"][0]["time"] == "2026-11-22T14:05:00.000Z"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-death": "odd", "resistor-reason": 7, "resistor-died-at": "yesterday"},
        {"x-death": [{}], "resistor-token": "r1.k.%%%.m"},
        {"x-death": [7], "resistor-token": b"\xff", "resistor-died-at": b"\xff"},
        {"x-death": [{"time": 7, "reason": None, "queue": [], "routing-keys": []}]},
    ],
)
def test_whatever_a_stranger_writes_can_be_listed_and_is_not_replayed(headers: dict[str, Any]) -> None:
    letter = letter_of(NAMES, dead(b"[" * 100_000, "resistor.commands", headers=headers))
    assert line_of(letter)["reason"] == "unknown"
    assert view_of(letter)["size"] == 100_000
    assert refusal_of(letter, now=0.0) == "nobody says where it was published first"


def test_an_id_does_not_change_when_a_letter_is_looked_at_and_differs_between_letters() -> None:
    headers = {"x-death": [DEATH], "mine": 1}
    first = letter_of(NAMES, dead(message_id="m", headers=headers))
    again = letter_of(NAMES, dead(message_id="m", headers=headers | {"x-delivery-count": 9}))
    others = [
        letter_of(NAMES, dead(b"[]", message_id="m", headers=headers)),
        letter_of(NAMES, dead(message_id="n", headers=headers)),
        letter_of(NAMES, dead(message_id="m", headers={"x-death": [{**DEATH, "reason": "expired"}]})),
    ]
    assert first.id == again.id
    assert len({first.id, *(other.id for other in others)}) == 4


def test_a_message_without_an_id_gets_the_same_one_at_each_replay() -> None:
    letter = ours(Envelope(body=b"x", message_id=None))
    assert original(letter).message_id == original(letter).message_id == f"dead-{letter.id}"


def test_a_letter_whose_headers_were_left_out_is_not_replayed() -> None:
    letter = ours(Envelope(body=b"x", headers={"large": "x" * 70_000}))
    assert refusal_of(letter, now=0.0) == "its headers were left out"


def test_a_token_is_claimed_and_not_verified() -> None:
    assert claimed(TOKEN) == PLACE
    assert claimed(TOKEN[:-3] + "abc") == PLACE
    for odd in ("", "r1.k.p", "r2" + TOKEN[2:], "r1.k1.AAAA.x", "r1.k1.é.x", TOKEN * 20):
        assert claimed(odd) is None


@pytest.mark.parametrize(
    ("choice", "is_taken"),
    [
        (Choice(), True),
        (Choice(ids=frozenset({"e-1"})), True),
        (Choice(ids=frozenset({"e-2"})), False),
        (Choice(reasons=frozenset({"malformed", "poison"})), True),
        (Choice(queues=frozenset({"events"})), True),
        (Choice(queues=frozenset({"results"})), False),
        (Choice(run="q"), False),
        (Choice(since=DIED.timestamp()), True),
        (Choice(since=DIED.timestamp() + 1), False),
        (Choice(until=DIED.timestamp() - 1), False),
        (Choice(until=DIED.timestamp(), reasons=frozenset({"poison"})), False),
    ],
)
def test_a_choice_takes_what_is_all_of_it(choice: Choice, is_taken: bool) -> None:
    assert choice.takes(ours(Envelope(body=b"x", message_id="e-1"))) is is_taken


def test_a_letter_without_a_time_is_neither_before_nor_after() -> None:
    letter = letter_of(NAMES, dead())
    assert not Choice(since=0.0).takes(letter)
    assert not Choice(until=4e9).takes(letter)


async def test_a_pace_waits_until_the_next_letter_is_due() -> None:
    now, waited = [100.0], list[float]()

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    pace = Pace(50.0, lambda: now[0], sleep)
    assert pace.together == 5
    for done in range(0, 20, pace.together):
        await pace.wait(100.0, done)
    assert waited == pytest.approx([0.0, 0.1, 0.1, 0.1])
    assert Pace(0.5).together == 1
    assert Pace().together == 100


@pytest.mark.parametrize(
    ("text", "a_second"), [("50", 50.0), ("50/s", 50.0), ("600/m", 10.0), ("9/h", 0.0025)]
)
def test_rates_are_read_as_a_second(text: str, a_second: float) -> None:
    assert rate(text) == a_second
