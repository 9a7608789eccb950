"""Results whose token is none, is nobody's, is too old, or is another's."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
import pytest

from resistor.engine.run import RunStatus
from resistor.tokens import Place, TokenKeys
from tests.integration.conftest import TOKEN_KEYS, House
from tests.integration.outside import header_of
from tests.integration.test_main_job import run_of

bad_input = pytest.mark.bad_input

KEYS = TokenKeys(TOKEN_KEYS)
PLACE = Place("shop", "order.placed", 1, "0" * 12, "a" * 20, "charge", 1, "payments", 4_000_000_000)
GOOD = KEYS.sign(PLACE)
OTHERS = TokenKeys((("k1", b"another secret, as long as it must"),))


def flipped(token: str) -> str:
    return token[:-1] + ("A" if token[-1] != "A" else "B")


def moved(token: str, **changes: Any) -> str:
    """The token with another place in it, and the mac that it had: as a module would forge one."""
    version, key, payload, mac = token.split(".")
    place = msgspec.msgpack.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=Place)
    forged = msgspec.msgpack.encode(msgspec.structs.replace(place, **changes))
    return f"{version}.{key}.{urlsafe_b64encode(forged).rstrip(b'=').decode()}.{mac}"


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param(None, "missing_token", marks=bad_input(19)),
        pytest.param("", "missing_token", marks=bad_input(19)),
        pytest.param("nonsense", "bad_token", marks=bad_input(21)),
        pytest.param("r1.k1.AAAA.BBBB", "bad_token", marks=bad_input(21)),
        pytest.param("x" * 5000, "bad_token", marks=bad_input(21)),
        pytest.param(GOOD.rpartition(".")[0] + ".", "bad_token", marks=bad_input(21), id="empty mac"),
        pytest.param(GOOD.rpartition(".")[0], "bad_token", marks=bad_input(21), id="no mac"),
        pytest.param("none" + GOOD[2:], "bad_token", marks=bad_input(21), id="algorithm none"),
        pytest.param("r0" + GOOD[2:], "bad_token", marks=bad_input(21, 25), id="format 0"),
        pytest.param("r99" + GOOD[2:], "bad_token", marks=bad_input(21, 25), id="format 99"),
        pytest.param(bytearray(b"\xff\xfe"), "bad_headers", marks=bad_input(20)),
        pytest.param(7, "bad_headers", marks=bad_input(20)),
        pytest.param({"a": 1}, "bad_headers", marks=bad_input(20)),
        pytest.param(flipped(GOOD), "bad_token", marks=bad_input(21), id="flipped"),
        pytest.param(OTHERS.sign(PLACE), "bad_token", marks=bad_input(21, 23), id="another installation's"),
        pytest.param(TokenKeys((("k9", TOKEN_KEYS[0][1]),)).sign(PLACE), "bad_token", marks=bad_input(21)),
        pytest.param(GOOD, "unknown_workflow", marks=bad_input(26), id="an unknown version"),
    ],
)
async def test_a_result_without_a_good_token_is_a_dead_letter_and_changes_nothing(
    house: House, token: Any, reason: str
) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    before = await house.run(run_of(event_id))
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    assert header_of((await out.dead()), "resistor-reason") == reason
    assert await house.run(run_of(event_id)) == before
    assert house.telemetry.counters.rejected["resistor.results", reason] == 1


@bad_input(23)
@pytest.mark.parametrize(
    "changes",
    [
        {"namespace": "bank"},
        {"workflow": "order.paid"},
        {"module": "parcel"},
        {"step": "ship"},
        {"attempt": 2},
        {"run": "z" * 20},
        {"expires_at": 5_000_000_000},
    ],
)
async def test_a_token_cannot_be_turned_to_another_place(house: House, changes: dict[str, Any]) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    before = await house.run(run_of(event_id))
    token = moved(header_of(charge, "resistor-token"), **changes)
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    assert header_of(await out.dead(), "resistor-reason") == "bad_token"
    assert await house.run(run_of(event_id)) == before


@bad_input(23)
async def test_a_token_moves_its_own_run_whatever_else_the_result_says(house: House) -> None:
    out = house.outside
    first, second = await out.event("shop.order.placed", {}), await out.event("shop.order.placed", {})
    actions = {message.correlation_id: message for message in [await out.action("payments") for _ in "12"]}
    mine, other = actions[run_of(first)], actions[run_of(second)]
    token = {"resistor-token": header_of(mine, "resistor-token")}
    await out.answer(other, {"status": "completed", "output": {"receipt": "r"}}, headers=token)
    assert (await out.action("parcel")).correlation_id == run_of(first)
    left = await house.run(run_of(second))
    assert left is not None
    assert left.steps["charge"].status == "scheduled"


@bad_input(24)
@pytest.mark.parametrize("user", [None, "guest"])
async def test_a_good_token_of_another_user_of_the_broker_is_a_dead_letter(
    empty_house: House, user: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon(users={"payments": "payments-user", "parcel": "guest"}):
        await out.event("shop.order.placed", {})
        charge = await out.action("payments")
        await out.answer(charge, {"status": "completed", "output": {"receipt": 1}}, user_id=user)
        letter = await out.dead()
        assert header_of(letter, "resistor-reason") == "wrong_user"
        assert "module payments answers as user 'payments-user'" in header_of(letter, "resistor-detail")
    assert [record.levelname for record in caplog.records if "payments-user" in record.message] == ["ERROR"]


@bad_input(24)
async def test_a_good_token_of_the_module_s_own_user_counts(empty_house: House) -> None:
    house, out = empty_house, empty_house.outside
    async with house.daemon(users={"payments": "guest"}):
        await out.event("shop.order.placed", {})
        charge = await out.action("payments")
        await out.answer(charge, {"status": "completed", "output": {"receipt": 1}}, user_id="guest")
        await out.complete(await out.action("parcel"))  # of a module that has no user of its own


@bad_input(33)
async def test_a_good_token_for_a_run_that_is_not_there_is_a_dead_letter_and_an_alarm(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    out = house.outside
    await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    place = KEYS.read(header_of(charge, "resistor-token"))
    token = KEYS.sign(msgspec.structs.replace(place, run="z" * 20))
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    assert header_of((await out.dead()), "resistor-reason") == "unknown_run"
    assert house.telemetry.counters.rejected["resistor.results", "unknown_run"] == 1
    assert "ERROR" in {record.levelname for record in caplog.records if "no such run" in record.message}


@bad_input(22)
async def test_an_expired_token_is_late_and_the_history_says_so_once(house: House) -> None:
    out = house.outside
    event_id = await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    place = KEYS.read(header_of(charge, "resistor-token"))
    old = {"resistor-token": KEYS.sign(msgspec.structs.replace(place, expires_at=1))}
    for _ in range(3):
        await out.answer(charge, {"status": "completed", "output": 1}, headers=old)
    await house.counted("messages", ("resistor.results", "late"), 3)
    history = await house.history(run_of(event_id))
    facts = [(fact.name.value, fact.step, fact.attempt) for fact in history]
    assert facts == [
        ("run_started", None, None),
        ("step_scheduled", "charge", 1),
        ("step_answered_late", "charge", 1),
    ]
    assert history[-1].details["seconds"] > 1_000_000
    assert await out.depth("resistor.dead") == 0
    await out.complete(charge, {"receipt": "r"})  # the run itself goes on as if nothing had come
    await out.complete(await out.action("parcel"))
    assert (await house.ended(run_of(event_id))).state.status is RunStatus.COMPLETED
    await out.answer(charge, {"status": "completed"}, headers=old)
    await house.counted("messages", ("resistor.results", "late"), 4)
    assert (await house.history(run_of(event_id)))[-1].name == "run_completed"


@bad_input(22)
async def test_an_expired_token_for_a_run_that_is_forgotten_is_late_too(house: House) -> None:
    out = house.outside
    await out.event("shop.order.placed", {})
    charge = await out.action("payments")
    place = KEYS.read(header_of(charge, "resistor-token"))
    token = KEYS.sign(msgspec.structs.replace(place, run="z" * 20, expires_at=1))
    await out.answer(charge, {"status": "completed"}, headers={"resistor-token": token})
    await house.counted("messages", ("resistor.results", "late"), 1)
    assert await out.depth("resistor.dead") == 0
