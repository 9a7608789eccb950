"""What a list's flow says is what trying out every way through it says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from resistor.catalog.blocks import blocks_of
from resistor.catalog.checks.control_flow.flow import Flow, flows_of

SIZE = 5
IDS = [f"s{number}" for number in range(SIZE)]
THEN = st.sampled_from([*IDS, "exit", "end"])
ACTION = st.fixed_dictionaries(
    {"module": st.just("m"), "action": st.just("a")},
    optional={"if": st.just("input.x"), "then": THEN, "on_error": st.just("continue")},
)
SWITCH = st.fixed_dictionaries(
    {
        "switch": st.lists(
            st.fixed_dictionaries(
                {"when": st.just("input.x")}, optional={"then": THEN, "do": st.just([{"wait": "1s"}])}
            ),
            min_size=1,
            max_size=2,
        )
    },
    optional={"then": THEN},
)
RAISE = st.just({"raise": {"type": "x"}})
LISTS = st.lists(st.one_of(ACTION, ACTION, SWITCH, RAISE), min_size=SIZE, max_size=SIZE)


def flow_of(steps: list[dict[str, Any]]) -> Flow:
    steps = [{**step, "id": step_id} for step_id, step in zip(IDS, steps, strict=True)]
    return flows_of(blocks_of({"steps": steps}))[("steps",)]


def states(flow: Flow) -> Iterator[tuple[int, frozenset[int], frozenset[int]]]:
    """Yield every position together with the steps that ran and that gave an output on a way to it."""
    begin = (0, frozenset[int](), frozenset[int]())
    seen = {begin}
    waiting = [begin]
    while waiting:
        position, ran, gave = waiting.pop()
        yield position, ran, gave
        for edge in flow.graph.leaving(position):
            now = gave | {position} if edge.outcome.gives else gave - {position}
            state = (edge.target, ran | {position}, now)
            if state not in seen:
                seen.add(state)
                waiting.append(state)


@given(steps=LISTS)
@settings(max_examples=300, deadline=None)
def test_what_is_certain_holds_on_every_way(steps: list[dict[str, Any]]) -> None:
    flow = flow_of(steps)
    by_position: dict[int, list[tuple[frozenset[int], frozenset[int]]]] = {}
    for position, ran, gave in states(flow):
        by_position.setdefault(position, []).append((ran, gave))
    for position in range(flow.graph.end + 1):
        ways = by_position.get(position, [])
        assert flow.is_reached(position) == bool(ways)
        for step in range(SIZE if ways else 0):
            assert flow.can_have_run(step, position) == any(step in ran for ran, _ in ways)
            if step != position:
                assert flow.surely_ran(step, position) == all(step in ran for ran, _ in ways)
            assert flow.surely_gave(step, position) == all(step in gave for _, gave in ways)


@given(steps=LISTS)
@settings(max_examples=200, deadline=None)
def test_a_way_without_a_step_is_one(steps: list[dict[str, Any]]) -> None:
    flow = flow_of(steps)
    for position in range(1, flow.graph.end + 1):
        for step in range(SIZE):
            if not flow.is_reached(position) or step == position:
                continue
            way = flow.way_without(step, position, output=True)
            assert bool(way) != flow.surely_gave(step, position)
            if way:
                assert (way[0].source, way[-1].target) == (0, position)
                assert all(a.target == b.source for a, b in pairwise(way))
                assert not any(edge.source == step and edge.outcome.gives for edge in way)
