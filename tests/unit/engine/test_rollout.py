"""Which version a new run gets."""

from __future__ import annotations

from resistor.catalog import Catalog, load_text
from resistor.engine.rollout import chosen, share_of
from resistor.messages import json
from resistor.messages.event import Event


def catalog(rollout: str) -> Catalog:
    return load_text(
        f"""
n:
  w:
    - {{version: 1, steps: []}}
    - {{version: 2, steps: [], rollout: {rollout}}}
""".encode()
    ).or_raise()


def version(catalog: Catalog, data: dict[str, object], run: str = "r") -> int | None:
    event = Event(namespace="n", name="w", data=json.encode(data), id="e")
    found = chosen(catalog.candidates("n", "w"), event, run)
    return None if found is None else found.version


def test_a_share_is_spread_evenly_and_is_the_same_each_time() -> None:
    ten = catalog("{percent: 10, key: '${input.who}'}")
    got = [version(ten, {"who": n}) for n in range(4000)]
    assert 300 < got.count(2) < 500
    assert got == [version(ten, {"who": n}, run=f"another-{n}") for n in range(4000)]
    assert 0.0 <= share_of("n/w@2", "x") < 100.0


def test_a_condition_chooses_and_one_that_cannot_be_evaluated_does_not() -> None:
    german = catalog("{when: \"input.country == 'DE'\"}")
    assert version(german, {"country": "DE"}) == 2
    assert version(german, {"country": "FR"}) == 1
    assert version(german, {}) == 1


def test_both_must_hold() -> None:
    none = catalog("{percent: 0, when: \"input.country == 'DE'\"}")
    assert version(none, {"country": "DE"}) == 1
    everyone = catalog("{percent: 100, when: \"input.country == 'DE'\"}")
    assert [version(everyone, {"country": each}) for each in ("DE", "FR")] == [2, 1]


def test_without_a_version_for_everybody_else_there_may_be_none() -> None:
    only = load_text(b"n: {w: {version: 1, steps: [], rollout: {percent: 0}}}").or_raise()
    assert version(only, {}) is None
