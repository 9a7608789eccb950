"""Whatever arrives is a value or a `RejectedMessage`: nothing else is ever raised at the door."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.bus.decoding import envelope_of
from resistor.bus.encoding import content_header
from resistor.bus.names import Names
from resistor.catalog import load_text
from resistor.daemon.dead_letters import dead_letter
from resistor.daemon.inbox import Inbox, Read
from resistor.daemon.starting import Starter
from resistor.engine.limits import Limits
from resistor.engine.workflow import Workflow
from resistor.errors import Reason, RejectedMessage
from resistor.messages.action import action_from_envelope
from resistor.messages.command import command_from_envelope
from resistor.messages.envelope import Envelope
from resistor.messages.event import event_from_envelope
from resistor.messages.result import answer_from_envelope
from resistor.ports import Delivery
from resistor.tokens import Place, TokenKeys
from tests.fuzzing import HEADER_VALUES, JSON, as_bytes, changed_fields, fuzzed, mutated

KEYS = TokenKeys((("k1", b"a secret of the tests, long enough"),))
RUN = "a" * 20
PLACE = Place("shop", "job", 1, "0" * 12, RUN, "charge", 1, "payments", 4_000_000_000)
TOKEN = KEYS.sign(PLACE)

RESULTS: list[dict[str, Any]] = [
    {"status": "completed", "output": {"a": [1, {}]}},
    {
        "status": "failed",
        "error": {"type": "x", "message": "m", "retryable": True, "retry_after": 3, "details": {}},
    },
    {"status": "progress", "details": {"done": 0.5}},
    {"status": "later", "after": 30},
]
START = {"verb": "start", "run": RUN, "namespace": "shop", "workflow": "job", "input": {}}
COMMANDS: list[dict[str, Any]] = [
    {
        "verb": "start",
        "run": RUN,
        "namespace": "shop",
        "workflow": "job",
        "input": {},
        "version": 1,
        "key": "k",
    },
    {
        "verb": "start",
        "run": RUN,
        "namespace": "shop",
        "workflow": "job",
        "input": {},
        "parent": RUN,
        "awaits": True,
    },
    {"verb": "ended", "run": RUN, "address": "a", "child": RUN, "status": "failed", "error": {"type": "x"}},
    {"verb": "cancel", "run": RUN, "why": "w", "by": "b", "parent": RUN, "address": "a", "tries": 1},
    {"verb": "terminate", "run": RUN, "why": "w"},
    {"verb": "answer", "run": RUN, "step": "a", "data": {"yes": True}, "by": "b"},
]
ACTION: dict[str, Any] = {
    "action": "charge",
    "input": {},
    "metadata": {},
    "run": RUN,
    "namespace": "shop",
    "workflow": "job",
    "version": 1,
    "step": "charge",
    "attempt": 1,
    "idempotency_key": "k",
    "deadline": "2026-11-22T14:05:00.000Z",
}
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "1",
    "source": "s",
    "type": "t",
    "data": {},
    "time": "2026-01-01",
}


def bodies(*good: dict[str, Any]) -> st.SearchStrategy[bytes]:
    seeds = [as_bytes(each) for each in good]
    changed = [changed_fields(each) for each in good]
    return st.one_of(st.binary(max_size=60), JSON.map(as_bytes), mutated(seeds), *changed)


HEADER_NAMES = st.sampled_from(
    [
        "resistor-token",
        "traceparent",
        "tracestate",
        "ce-id",
        "ce-source",
        "ce-time",
        "ce-specversion",
        "CC",
        "x-death",
    ]
)
HEADERS = st.dictionaries(HEADER_NAMES | st.text(max_size=10), HEADER_VALUES | st.just(TOKEN), max_size=4)
TEXTS = st.none() | st.text(max_size=30)
CONTENT = st.sampled_from([None, "application/json", "application/cloudevents+json", "A/b; c=d", ""]) | TEXTS


def envelopes(body: st.SearchStrategy[bytes]) -> st.SearchStrategy[Envelope]:
    return st.builds(
        Envelope,
        body=body,
        headers=HEADERS,
        message_id=TEXTS,
        correlation_id=TEXTS,
        reply_to=TEXTS,
        type=TEXTS,
        content_type=CONTENT,
        content_encoding=st.sampled_from([None, "gzip", "utf-8"]) | TEXTS,
        timestamp=st.none() | st.floats(),
        app_id=TEXTS,
        user_id=TEXTS,
    )


def read_or_refused(read: Any, *arguments: Any, **more: Any) -> None:
    with suppress(RejectedMessage):
        read(*arguments, **more)


@given(envelopes(bodies(*RESULTS)), st.integers(0, 200))
@fuzzed
def test_any_result(envelope: Envelope, limit: int) -> None:
    read_or_refused(answer_from_envelope, envelope, limit=limit)


@given(envelopes(bodies(*COMMANDS)), st.integers(0, 400))
@fuzzed
def test_any_command(envelope: Envelope, limit: int) -> None:
    read_or_refused(command_from_envelope, envelope, limit=limit)


@given(envelopes(bodies(ACTION)))
@fuzzed
def test_any_action(envelope: Envelope) -> None:
    read_or_refused(action_from_envelope, envelope, module="payments", limit=1000)


@given(envelopes(bodies(EVENT, {"a": 1})), st.text(max_size=40) | st.just("shop.job"))
@fuzzed
def test_any_event(envelope: Envelope, key: str) -> None:
    read_or_refused(event_from_envelope, envelope, key, limit=200)


class OneWorkflow:
    """What the inbox asks of the definitions, where there is one workflow."""

    def __init__(self) -> None:
        text = b"shop:\n  job:\n    version: 1\n    steps: [{module: payments, action: charge}]\n"
        [self.workflow] = load_text(text).or_raise().workflows

    async def refresh(self) -> bool:
        return False

    def listeners(self, *_: str) -> tuple[()]:
        return ()

    def triggered_by(self, *_: str) -> tuple[()]:
        return ()

    def starting(self, *_: object) -> Workflow:
        return self.workflow

    async def pinned(self, *_: object, **__: object) -> Workflow:
        return self.workflow

    async def wanted(self, *_: object) -> Workflow:
        return self.workflow


NAMES = Names()
QUEUES = [NAMES.events_queue, NAMES.commands_queue, NAMES.results_queue()]
ANYTHING = envelopes(bodies(*RESULTS, *COMMANDS, EVENT))


async def _no_run(_: str) -> None:
    return None


@given(ANYTHING, st.sampled_from(QUEUES), st.text(max_size=30) | st.just("shop.job"))
@fuzzed
def test_any_delivery_is_read_or_can_be_buried(envelope: Envelope, queue: str, key: str) -> None:
    """And the dead letter of whatever it was can be written."""
    definitions: Any = OneWorkflow()
    rules: Any = SimpleNamespace(
        names=NAMES, limits=Limits(), clock=lambda: 1_800_000_000.0, new_id=lambda: "p"
    )
    inbox = Inbox(rules, KEYS, definitions, Starter(definitions, _no_run), {"parcel": "parcel"})
    delivery = Delivery(envelope=envelope, exchange="e", routing_key=key, queue=queue, tag=1, generation=1)
    why = RejectedMessage(Reason.POISON, "as if")
    try:
        assert isinstance(asyncio.run(inbox.read(delivery)), Read)
    except RejectedMessage as refused:
        why = refused
    letter = dead_letter(NAMES, delivery, why, now=0.0)
    assert letter.envelope.body == envelope.body
    assert letter.envelope.headers["resistor-reason"] == why.reason


@given(HEADERS)
@fuzzed
def test_any_headers_can_be_written(headers: dict[str, Any]) -> None:
    written = content_header(Envelope(headers=headers), "id")
    assert envelope_of(written, b"").headers.keys() == {str(name)[:128] for name in headers}


@given(st.binary(max_size=100) | st.text(max_size=60).map(lambda text: text.encode(errors="replace")))
@fuzzed
def test_any_bytes_as_a_token(data: bytes) -> None:
    read_or_refused(KEYS.verify, data.decode("latin-1"), now=0.0)


@given(st.integers(0, len(TOKEN) * 8 - 1))
@fuzzed
def test_any_flipped_bit_of_a_token_is_noticed(bit: int) -> None:
    data = bytearray(TOKEN.encode())
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(RejectedMessage) as refused:
        KEYS.verify(data.decode("latin-1"), now=0.0)
    assert refused.value.reason is Reason.BAD_TOKEN
