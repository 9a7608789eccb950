"""Functions on mappings, optionals and JSON: `merge`, `entries`, `json`, `text`, `optional.…` and such."""

from __future__ import annotations

from typing import Any

from resistor.engine.expressions.evaluation import Evaluation
from resistor.engine.expressions.library.function import ANY, LIST, MAPPING, OPTIONAL, TEXT, Function
from resistor.engine.expressions.mistakes import Fault, Missing
from resistor.engine.expressions.outcome import RESULT_BYTES, as_text
from resistor.engine.expressions.values import NOTHING, Maybe, UInt, do_not_go
from resistor.errors import RejectedMessage
from resistor.messages import json


def _merge(ev: Evaluation, left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    ev.spend(len(left) + len(right))
    return {**left, **right}


def _entries(ev: Evaluation, value: dict[Any, Any]) -> list[dict[str, Any]]:
    ev.spend(3 * len(value))
    return [{"key": key, "value": each} for key, each in value.items()]


def _from_entries(ev: Evaluation, values: list[Any]) -> dict[Any, Any]:
    ev.spend(len(values))
    made: dict[Any, Any] = {}
    for position, value in enumerate(values):
        if value.__class__ is not dict:
            raise do_not_go("from_entries", value)
        if "key" not in value or "value" not in value:
            raise Missing(f"from_entries: element {position} has no key and value")
        key = value["key"]
        if key.__class__ not in (str, int, UInt, bool):
            raise do_not_go("from_entries", key)
        made[key] = value["value"]
    return made


def _json(ev: Evaluation, text: str) -> Any:
    ev.spend_text(4 * len(text))
    try:
        return json.decode_strict(text.encode(), limit=RESULT_BYTES)
    except RejectedMessage as rejected:
        raise Fault(f"json: {rejected.detail}") from None


def _text(ev: Evaluation, value: Any) -> str:
    text = as_text(ev, value)
    ev.spend_text(len(text))
    return text


def _of(_: Evaluation, value: Any) -> Maybe:
    return Maybe(value, is_there=True)


def _of_non_zero(_: Evaluation, value: Any) -> Maybe:
    """CEL's zero values: null, false, 0, and all that is empty."""
    return Maybe(value, is_there=True) if value or value.__class__ not in _HAVE_ZERO else NOTHING


_HAVE_ZERO = (type(None), bool, int, UInt, float, str, bytes, list, dict)


def _none(_: Evaluation) -> Maybe:
    return NOTHING


def _value(_: Evaluation, optional: Maybe) -> Any:
    if not optional.is_there:
        raise Missing("the optional has no value")
    return optional.value


def _unwrap(ev: Evaluation, values: list[Any]) -> list[Any]:
    ev.spend(len(values))
    for value in values:
        if value.__class__ is not Maybe:
            raise do_not_go("unwrap", value)
    return [value.value for value in values if value.is_there]


FUNCTIONS = {
    "merge": Function((MAPPING, MAPPING), _merge),
    "entries": Function((MAPPING,), _entries),
    "from_entries": Function((LIST,), _from_entries),
    "json": Function((TEXT,), _json),
    "text": Function((ANY,), _text),
    "optional.of": Function((ANY,), _of),
    "optional.ofNonZeroValue": Function((ANY,), _of_non_zero),
    "optional.none": Function((), _none),
    "optional.unwrap": Function((LIST,), _unwrap),
    "unwrapOpt": Function((LIST,), _unwrap),
    "hasValue": Function((OPTIONAL,), lambda _, optional: optional.is_there),
    "value": Function((OPTIONAL,), _value),
}
