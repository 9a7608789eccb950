"""A result's body ⇄ an answer."""

from __future__ import annotations

import pytest

from resistor.errors import Reason, RejectedMessage
from resistor.messages import json
from resistor.messages.envelope import Envelope
from resistor.messages.result import (
    Answer,
    Completed,
    Failed,
    Failure,
    Later,
    Progress,
    answer_from_envelope,
    answer_to_envelope,
)


@pytest.mark.parametrize(
    "answer",
    [
        Completed(b'{"a":[],"n":12345678901234567890}'),
        Completed(b"null"),
        Failed(Failure("card_declined", "no", retryable=False, retry_after=3.5, details={"code": [51]})),
        Progress(b'{"percent":50}'),
        Later(30.0),
    ],
)
def test_what_is_written_is_read(answer: Answer) -> None:
    envelope = answer_to_envelope(answer, token="t", correlation_id="run")
    assert envelope.headers == {"resistor-token": "t"}
    assert answer_from_envelope(envelope, limit=1000) == answer


def read(body: bytes, limit: int = 100_000) -> Answer:
    return answer_from_envelope(Envelope(body=body), limit=limit)


def test_an_output_may_be_left_out() -> None:
    assert read(b'{"status":"completed"}') == Completed(b"null")


def test_an_output_is_kept_byte_for_byte() -> None:
    assert read(b'{"status":"completed","output": {"b" : 1.0, "a":[ ]} }') == Completed(
        b'{"b" : 1.0, "a":[ ]}'
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"output":1}',
        b'{"status":"failed"}',
        b'{"status":"failed","error":"no"}',
        b'{"status":"failed","error":{"message":"no type"}}',
        b'{"status":"completed","error":{"type":"x"}}',
        b'{"status":"later","after":"soon"}',
        b'{"status":null}',
    ],
)
def test_what_is_no_result_is_refused(body: bytes) -> None:
    with pytest.raises(RejectedMessage) as refused:
        read(body)
    assert refused.value.reason is Reason.MALFORMED


def test_a_status_that_does_not_exist_is_a_failure_that_says_so() -> None:
    answer = read(b'{"status":"done"}')
    assert answer == Failed(Failure("validation", "the module answered with status 'done'", retryable=False))


@pytest.mark.bad_input(35)
def test_an_error_is_cut_to_what_a_run_can_hold() -> None:
    error = {"type": "t" * 500, "message": "m" * 10_000, "details": ["d" * 20_000]}
    answer = read(json.encode({"status": "failed", "error": error}))
    assert isinstance(answer, Failed)
    failure = answer.failure
    assert (len(failure.type), len(failure.message)) == (128, 4096)
    assert failure.details == "left out: larger than 16 KiB"


@pytest.mark.parametrize(("after", "seconds"), [(-5, 0.0), (0, 0.0), (1.5, 1.5), (1e15, 366 * 86400.0)])
@pytest.mark.bad_input(43)
def test_a_module_cannot_ask_for_a_time_that_cannot_be(after: float, seconds: float) -> None:
    assert read(json.encode({"status": "later", "after": after})) == Later(seconds)
