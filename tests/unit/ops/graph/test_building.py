"""A definition becomes a graph: nodes by their paths, and edges that say why."""

from __future__ import annotations

import json
from typing import Any

from resistor.catalog import load_text
from resistor.ops.graph import graph_of
from resistor.ops.graph.model import Cluster, EdgeKind, Graph
from tests.unit.ops.graph.definitions import EVERY_KIND


def drawn(*steps: dict[str, Any], **more: Any) -> Graph:
    return graph_of("shop/order@1", {"version": 1, "steps": list(steps), **more})


def edges(graph: Graph) -> set[str]:
    """Return the edges as `source -label-> target`; a kind other than the usual in front."""
    return {
        f"{'' if edge.kind is EdgeKind.FLOW else f'{edge.kind}: '}{edge.source} -{edge.label}-> {edge.target}"
        for edge in graph.edges
    }


def act(step_id: str, **more: Any) -> dict[str, Any]:
    return {"id": step_id, "module": "m", "action": "a", **more}


def test_the_definition_of_these_tests_is_a_good_one() -> None:
    child = {"version": 2, "steps": []}
    file = {"shop": {"every": EVERY_KIND, "papers.print": child}}
    assert load_text(json.dumps(file).encode(), "every.json").problems == ()


def test_every_step_is_a_node_with_its_path() -> None:
    paths = {node.id for node in graph_of("shop/every@3", EVERY_KIND).nodes()}
    assert paths >= {
        *("charge", "charge/compensate", "route", "route/0/ask", "emit", "pack", "pack/goods/reserve"),
        *("pack/goods/wait", "pack/papers/run", "for", "for/*/set", "poll", "poll/*/ask", "rest/*/look"),
        *("guard/try/send", "guard/catch-0/note", "guard/finally/close", "done", "refuse"),
        *("on_failure/apologise", "finally/close"),
    }


def test_nodes_have_different_ids_and_edges_join_nodes() -> None:
    graph = graph_of("shop/every@3", EVERY_KIND)
    ids = [node.id for node in graph.nodes()]
    assert len(ids) == len(set(ids))
    assert {end for edge in graph.edges for end in (edge.source, edge.target)} <= set(ids)


def test_steps_follow_each_other() -> None:
    assert edges(drawn(act("a"), act("b"))) == {"(start) --> a", "a --> b", "b --> (end)"}


def test_a_run_without_steps_starts_and_ends() -> None:
    assert edges(drawn()) == {"(start) --> (end)"}


def test_conditions_of_a_switch_are_on_its_edges_and_all_ways_meet_behind_it() -> None:
    choice = {
        "id": "s",
        "switch": [{"when": "${input.x > 1}", "do": [act("a")]}, {"do": [act("b"), act("c")]}],
    }
    assert edges(drawn(choice, act("d"))) == {
        *("(start) --> s", "s -input.x > 1-> s/0/a", "s -else-> s/1/b", "s/1/b --> s/1/c"),
        *("s/0/a --> d", "s/1/c --> d", "d --> (end)"),
    }


def test_a_switch_without_a_default_may_be_passed_by() -> None:
    choice = {"id": "s", "switch": [{"when": "input.x", "then": "end"}]}
    assert "s -else-> (end)" in edges(drawn(choice))


def test_a_jump_goes_to_the_step_it_names_and_not_to_the_next() -> None:
    found = edges(drawn(act("a"), act("b", then="a")))
    assert found == {"(start) --> a", "a --> b", "jump: b --> a"}


def test_a_step_that_is_skipped_goes_on_in_place_of_jumping() -> None:
    found = edges(drawn(act("a", then="c", **{"if": "input.x"}), act("b"), act("c")))
    assert {"jump: a --> c", "a -skipped-> b"} <= found


def test_leaving_a_list_goes_on_behind_the_step_that_holds_it() -> None:
    guard = {"id": "g", "try": [act("a", then="exit"), act("b")]}
    assert {"exit: g/try/a --> c", "g/try/b --> c"} <= edges(drawn(guard, act("c")))


def test_branches_meet_in_a_join_that_says_for_how_many_it_waits() -> None:
    graph = drawn({"id": "f", "fork": {"branches": {"x": [act("a")], "y": [act("b")]}, "join": 1}})
    assert {"f --> f/x/a", "f --> f/y/b", "f/x/a --> f/(join)", "f/y/b --> f/(join)"} <= edges(graph)
    assert "1 of 2" in [node.title for node in graph.nodes()]


def test_a_loop_goes_back() -> None:
    assert {"again: w/*/a -again-> w", "w -done-> (end)"} <= edges(
        drawn({"id": "w", "while": "vars.x", "do": [act("a")]})
    )
    assert {"again: u/*/a -again-> u", "u/*/a -done-> (end)"} <= edges(
        drawn({"id": "u", "until": "vars.x", "do": [act("a")]})
    )


def test_errors_go_to_what_catches_them() -> None:
    found = edges(drawn(act("a", catch=[{"errors": ["busy"], "do": [act("b")]}]), act("c")))
    assert {"error: a --> a/catch-0/(catch)", "a/catch-0/(catch) --> a/catch-0/b"} <= found
    assert {"a --> c", "a/catch-0/b --> c"} <= found


def test_compensations_are_undone_last_first_before_on_failure() -> None:
    undo = {"module": "m", "action": "undo"}
    found = edges(drawn(act("a", compensate=undo), act("b", compensate=undo), on_failure=[act("c")]))
    assert found >= {
        *("undo: a --> a/compensate", "(failure) --> b/compensate", "b/compensate --> a/compensate"),
        *("a/compensate --> on_failure/c", "on_failure/c --> (end)"),
    }


def test_finally_comes_after_success_and_failure() -> None:
    found = edges(drawn(act("a"), on_failure=[act("b")], **{"finally": [act("c")]}))
    assert {"a --> finally/c", "on_failure/b --> finally/c", "finally/c --> (end)"} <= found


def test_a_kind_of_a_newer_language_is_a_plain_box() -> None:
    graph = drawn({"id": "x", "teleport": {"to": "mars"}}, act("b"))
    assert [node.kind for node in graph.nodes() if node.id == "x"] == ["unknown"]
    assert "x --> b" in edges(graph)


def test_blocks_are_framed_and_parts_of_a_step_are_not() -> None:
    titles = [cluster.title for cluster in clusters(graph_of("shop/every@3", EVERY_KIND).root)]
    assert [title for title in titles if title] == [
        *("catch", "catch", "goods", "papers", "for each", "while", "until", "try", "catch", "finally"),
        *("when the run fails", "compensations, last first", "on_failure", "finally"),
    ]


def clusters(cluster: Cluster) -> list[Cluster]:
    inner = [each for each in cluster.members if isinstance(each, Cluster)]
    return [cluster, *(found for each in inner for found in clusters(each))]
