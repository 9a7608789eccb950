"""What stands on every way is found, compared with taking each node away in turn."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from resistor.catalog.checks.control_flow.dominators import dominators

SIZE = 9
GRAPHS = st.lists(st.lists(st.integers(0, SIZE - 1), max_size=3, unique=True), min_size=SIZE, max_size=SIZE)


def reached(successors: list[list[int]], without: int | None = None) -> set[int]:
    seen = {0} - {without}
    waiting = list(seen)
    while waiting:
        for each in successors[waiting.pop()]:
            if each != without and each not in seen:
                seen.add(each)
                waiting.append(each)
    return seen


@given(successors=GRAPHS)
@settings(max_examples=400, deadline=None)
def test_a_node_dominates_what_is_out_of_reach_without_it(successors: list[list[int]]) -> None:
    found = dominators(successors, 0)
    everything = reached(successors)
    for node in range(SIZE):
        assert found.is_reached(node) == (node in everything)
        there = reached(successors, without=node)
        for other in range(SIZE):
            expected = node in everything and other in everything and other not in there
            assert found.dominates(node, other) == expected


def test_a_list_of_ten_thousand_with_jumps_out_of_it_takes_no_time() -> None:
    size = 10_000
    successors = [[each + 1, size - 1] for each in range(size - 1)]
    begin = time.perf_counter()
    found = dominators([*successors, []], 0)
    assert time.perf_counter() - begin < 2
    assert found.dominates(0, size - 1)
    assert not found.dominates(1, size - 1)
    assert found.dominates(size - 3, size - 2)
