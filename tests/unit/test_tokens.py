"""Continue tokens: what they carry, and what is not one."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.errors import OperatorMistake, Reason, RejectedMessage
from resistor.tokens import Place, TokenKeys

PLACE = Place("shop", "order.placed", 3, "abcdef012345", "a" * 20, "charge", 2, "payments", 2_000_000_000)
OLD, NEW = ("k1", b"an old secret, long enough"), ("k2", b"a new secret, long enough")
KEYS = TokenKeys((OLD,))


def test_a_token_names_its_place_and_is_safe_in_a_url() -> None:
    token = KEYS.sign(PLACE)
    assert KEYS.verify(token, now=0) == PLACE
    assert token.startswith("r1.k1.")
    assert token.count(".") == 3
    assert all(letter.isalnum() or letter in "-_." for letter in token)


def test_the_same_place_has_the_same_token() -> None:
    assert KEYS.sign(PLACE) == TokenKeys((OLD, NEW)).sign(PLACE)


@pytest.mark.parametrize("field", PLACE.__struct_fields__)
def test_every_part_of_a_place_is_signed(field: str) -> None:
    value = getattr(PLACE, field)
    other = msgspec.structs.replace(PLACE, **{field: value + 1 if isinstance(value, int) else value + "x"})
    assert KEYS.sign(other).rpartition(".")[2] != KEYS.sign(PLACE).rpartition(".")[2]


def test_keys_rotate_without_a_stop() -> None:
    before, during, after = TokenKeys((OLD,)), TokenKeys((NEW, OLD)), TokenKeys((NEW,))
    token = before.sign(PLACE)
    assert during.verify(token, now=0) == PLACE
    assert after.verify(during.sign(PLACE), now=0) == PLACE
    with pytest.raises(RejectedMessage) as refused:
        after.verify(token, now=0)
    assert refused.value.reason is Reason.BAD_TOKEN


def test_an_expired_token_is_refused_and_can_still_be_read() -> None:
    token = KEYS.sign(PLACE)
    with pytest.raises(RejectedMessage, match="expired 5 s ago") as refused:
        KEYS.verify(token, now=2_000_000_005)
    assert refused.value.reason is Reason.EXPIRED_TOKEN
    assert KEYS.read(token) == PLACE


@given(st.data())
@pytest.mark.bad_input(21)
def test_a_changed_letter_anywhere_is_noticed(data: st.DataObject) -> None:
    token = KEYS.sign(PLACE)
    position = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters().filter(lambda each: each != token[position]))
    changed = token[:position] + letter + token[position + 1 :]
    with pytest.raises(RejectedMessage) as refused:
        KEYS.verify(changed, now=0)
    assert refused.value.reason is Reason.BAD_TOKEN


@given(st.text() | st.text(alphabet="r1.kAb-_=", max_size=60))
@pytest.mark.bad_input(21)
def test_whatever_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(RejectedMessage) as refused:
        KEYS.verify(text, now=0)
    assert refused.value.reason is Reason.BAD_TOKEN


@pytest.mark.bad_input(21)
def test_what_we_signed_but_did_not_write_is_refused() -> None:

    signed = "r1.k1." + urlsafe_b64encode(b"\xc1 not msgpack").rstrip(b"=").decode()
    mac = urlsafe_b64encode(hmac.digest(OLD[1], signed.encode(), "sha256")).rstrip(b"=").decode()
    with pytest.raises(RejectedMessage, match="torn"):
        KEYS.verify(f"{signed}.{mac}", now=0)


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ((), "no token key"),
        ((("k1", b"short"),), "5 bytes, 16 at least"),
        ((("k.1", b"x" * 16),), "only letters, digits"),
        ((("", b"x" * 16),), "only letters, digits"),
        ((("k1", b"x" * 16), ("k1", b"y" * 16)), "used twice"),
    ],
)
def test_keys_that_cannot_serve_are_refused(keys: tuple[tuple[str, bytes], ...], complaint: str) -> None:
    with pytest.raises(OperatorMistake, match=complaint):
        TokenKeys(keys)
