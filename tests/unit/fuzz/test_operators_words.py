"""What operators write is taken, or is one clear line: settings, `--data`, definitions, times."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resistor.catalog import load_text
from resistor.config import ENVIRONMENT, Settings
from resistor.config import load as load_settings
from resistor.errors import OperatorMistake
from resistor.messages import json as strict
from resistor.ops.cli.data import read_object, read_value
from tests.fuzzing import JSON, as_bytes, fuzzed, fuzzed_slowly, mutated

SETTINGS = sorted(name for name, setting in ENVIRONMENT.items() if setting and not name.endswith("_FILE"))
VALUES = st.text(max_size=40) | st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "1e400",
        "9" * 5000,
        "amqp://[",
        "amqp://host:99999999/",
        "redis://a:b@c:d/e",
        "k1:" + "x" * 16,
        "a:b,a:c",
        "off",
        "127.0.0.1:\u00b2",
        ":0",
        "\0",
        "1h30m",
        "\ud800",
        "[::1]:80",
    ]
)


def one_line(mistake: OperatorMistake) -> None:
    assert str(mistake)
    assert "Traceback" not in str(mistake)


@given(st.dictionaries(st.sampled_from(SETTINGS), VALUES, max_size=4))
@fuzzed
def test_any_environment_is_settings_or_one_mistake(environment: dict[str, str]) -> None:
    try:
        assert isinstance(load_settings(environment=environment), Settings)
    except OperatorMistake as mistake:
        one_line(mistake)


FILE = b"""
broker: {url: 'amqp://a:b@c/', module_users: {m: u}}
store: {partitions: 4}
tokens: {keys: ['k1:a secret that is long']}
"""
HOSTILE = [
    b"a: &a [*a]",
    b"a: 2026-99-99",
    b"? [a]: b",
    b"a: !!python/object:os.system x",
    b"[" * 2000,
    b"a: " + b"9" * 5000,
]


@given(mutated([FILE]) | st.binary(max_size=60) | JSON.map(as_bytes) | st.sampled_from(HOSTILE))
@fuzzed
def test_any_settings_file_is_settings_or_one_mistake(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "resistor.yaml"
    file.write_bytes(content)
    try:
        assert isinstance(load_settings(file=file, environment={}), Settings)
    except OperatorMistake as mistake:
        one_line(mistake)


TEXTS = st.text(max_size=40) | JSON.map(lambda value: as_bytes(value).decode())


@pytest.mark.parametrize("read", [read_object, read_value])
@given(data=TEXTS.filter(lambda text: text != "-"))
@fuzzed
def test_any_data_is_strict_json_or_one_mistake(read: Any, data: str) -> None:
    try:
        taken = read(data, limit=500)
    except OperatorMistake as mistake:
        one_line(mistake)
    else:
        strict.decode_strict(taken, limit=500)


@pytest.mark.parametrize(
    "data", ["@\0", "@" + "x" * 5000, "@/", "@~", "\udcff", '{"a":"\udcff"}', "@\udcff", ""]
)
def test_odd_data_is_one_mistake(data: str) -> None:
    with pytest.raises(OperatorMistake, match="--data: "):
        read_object(data, limit=500)


DEFINITION = b"""
shop:
  job:
    version: 1
    input: {type: object, properties: {n: {type: integer}}}
    triggers: [{event: paid, if: input.n > 1, input: {"n": "${input.n}"}}]
    schedule: {cron: "0 0 * * 1-5", timezone: Europe/Berlin, overlap: queue}
    concurrency: {key: "${input.n}", limit: 2}
    timeout: 1h
    steps:
      - {id: a, module: m, action: x, retry: {limit: 3, delay: 1s, factor: 2}, timeout: 30s}
      - switch: [{if: "steps.a.output.b == 1", do: [{wait: 1h30m}]}, {do: [{end: failed}]}]
      - {for: {in: "${input.list}", concurrency: 2}, do: [{set: {n: "${item}"}}]}
      - {fork: {one: [{emit: paid}], two: [{listen: {event: paid, key: "${input.n}"}}]}, join: any}
      - {while: "vars.n < 3", do: [{run: other}]}
      - {try: [{raise: {type: t}}], catch: [{errors: [t], do: []}]}
"""


@given(mutated([DEFINITION]))
@fuzzed_slowly
def test_any_change_of_a_definition_is_a_catalog_or_problems_and_soon(text: bytes) -> None:
    began = time.process_time()
    loaded = load_text(text, "a.yaml")
    assert time.process_time() - began < 10, "seconds of the processor, of which it takes hundredths"
    for problem in loaded.problems:
        assert problem.message
        assert "\n" not in problem.message
        assert problem.line >= 1


CRON = st.lists(st.text(st.sampled_from("0123456789*/-,LW#?MONJAN "), max_size=6), max_size=7).map(" ".join)


@given(
    CRON | st.text(max_size=20),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]) | st.text(max_size=12),
)
@fuzzed_slowly
def test_any_cron_is_a_schedule_or_problems(cron: str, timezone: str) -> None:
    workflow = {"version": 1, "steps": [], "schedule": {"cron": cron, "timezone": timezone}}
    loaded = load_text(as_bytes({"shop": {"job": workflow}}), "a.json")
    assert bool(loaded.problems) is not bool(loaded.catalog.workflows)
