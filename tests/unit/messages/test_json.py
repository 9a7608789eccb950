"""What the door lets in."""

from __future__ import annotations

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def _is_encodable(value: object) -> bool:
    try:
        standard.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(ANY_JSON.filter(_is_encodable))
def test_what_is_json_is_read_as_it_is(value: object) -> None:
    body = standard.dumps(value).encode()
    assert json.decode_strict(body, limit=1_000_000) == standard.loads(body)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    reasons = set()
    try:
        json.decode_strict(body, limit=1000)
    except RejectedMessage as refused:
        reasons.add(refused.reason)
    assert reasons <= {Reason.MALFORMED}


@given(st.text(alphabet='{}[]":,\\ abc123\n', max_size=60))
def test_json_alike_text_is_read_as_the_standard_reader_does_or_refused(text: str) -> None:
    try:
        value = json.decode_strict(text.encode(), limit=1000)
    except RejectedMessage:
        return
    assert value == standard.loads(text)


@pytest.mark.parametrize("depth", [65, 500, 5_000, 100_000])
@pytest.mark.parametrize(("before", "after"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_what_is_nested_too_deep_is_refused(depth: int, before: bytes, after: bytes) -> None:
    with pytest.raises(RejectedMessage, match="nested deeper than 64 levels"):
        json.decode_strict(before * depth + b"1" + after * depth, limit=10_000_000)


def test_64_levels_are_read() -> None:
    json.decode_strict(b"[" * 64 + b"]" * 64, limit=1000)


@pytest.mark.parametrize(
    "body", [b'{"a":1,"a":1}', b'{"a":1 , "a" :2}', b'[{"x":{"y":1,"z":2,"y":3}}]', b'{"a\\u0062":1,"ab":2}']
)
def test_a_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedMessage, match="stands twice"):
        json.decode_strict(body, limit=1000)


def test_text_that_looks_like_keys_is_read() -> None:
    assert json.decode_strict(b'{"a":"\\":","b":"x\\" : y"}', limit=1000) == {"a": '":', "b": 'x" : y'}


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"null", "null"), (b"true", "a boolean"), (b'"x"', "text"), (b"[]", "an array"), (b"1.5", "a number")],
)
def test_what_is_no_object_is_called_by_its_kind(body: bytes, kind: str) -> None:
    with pytest.raises(RejectedMessage, match=f"a JSON object is expected, not {kind}"):
        json.decode_object(body, limit=1000)


def test_the_limit_is_said() -> None:
    with pytest.raises(RejectedMessage, match="the body has 5 bytes, 4 at most") as refused:
        json.decode_strict(b"12345", limit=4)
    assert refused.value.reason is Reason.TOO_LARGE
