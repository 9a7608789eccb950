"""Every list of steps is found, with what can be read in it."""

from __future__ import annotations

from typing import Any

from resistor.catalog.blocks import MAX_DEPTH, blocks_of

STEP = {"module": "m", "action": "a"}


def labels(definition: Any) -> dict[str, str]:
    return {"/".join(map(str, block.path)): block.label for block in blocks_of(definition).all}


def test_every_kind_of_block_is_found_with_its_label() -> None:
    definition = {
        "steps": [
            {"switch": [{"when": "true", "do": [STEP]}, {"then": "exit"}, {"do": [STEP]}]},
            {"fork": {"branches": {"left": [STEP], "right": []}}},
            {"for": {"in": []}, "do": [STEP]},
            {"while": "true", "do": [STEP]},
            {"until": "true", "do": [STEP]},
            {"try": [STEP], "catch": [{"retry": 2}, {"do": [STEP]}], "finally": [STEP]},
            {**STEP, "catch": [{"do": [STEP]}]},
            {"run": {"workflow": "w"}, "catch": [{"do": [STEP]}]},
        ],
        "on_failure": [STEP],
        "finally": [STEP],
    }
    assert labels(definition) == {
        "steps": "",
        "steps/0/switch/0/do": "0",
        "steps/0/switch/2/do": "2",
        "steps/1/fork/branches/left": "left",
        "steps/1/fork/branches/right": "right",
        "steps/2/do": "*",
        "steps/3/do": "*",
        "steps/4/do": "*",
        "steps/5/try": "try",
        "steps/5/catch/1/do": "catch-1",
        "steps/5/finally": "finally",
        "steps/6/catch/0/do": "catch-0",
        "steps/7/catch/0/do": "catch-0",
        "on_failure": "on_failure",
        "finally": "finally",
    }


def test_a_block_knows_the_lists_around_it_and_who_holds_it() -> None:
    definition = {"steps": [{"id": "outer", "try": [{"id": "inner", "while": "true", "do": [STEP]}]}]}
    body, guarded, rounds = blocks_of(definition).all
    assert list(rounds.chain()) == [rounds, guarded, body]
    assert (body.owner, guarded.owner, rounds.owner) == (None, body.steps[0], guarded.steps[0])
    assert (body.depth, guarded.depth, rounds.depth) == (0, 1, 2)
    assert [step_id in rounds for step_id in ("outer", "inner", "a", "b")] == [True, True, True, False]
    assert "inner" not in body


def test_variables_are_those_of_all_loops_around() -> None:
    inner = {"while": "true", "do": [STEP]}
    loop = {"for": {"in": [], "each": "line", "at": "number"}, "do": [inner]}
    definition = {"steps": [{"try": [loop], "catch": [{"do": [loop]}]}], "on_failure": [STEP]}
    found = {block.path: block.variables for block in blocks_of(definition).all}
    assert found["steps",] == frozenset()
    assert found["steps", 0, "try", 0, "do"] == {"line", "number"}
    assert found["steps", 0, "try", 0, "do", 0, "do"] == {"line", "number", "index"}
    assert found["steps", 0, "catch", 0, "do", 0, "do"] == {"line", "number", "error"}
    assert found["on_failure",] == {"error"}


def test_default_ids_avoid_those_of_the_lists_around_and_not_those_beside() -> None:
    definition = {"steps": [STEP, {"try": [STEP]}, {"try": [STEP]}], "finally": [STEP]}
    ids = {block.path: list(block.by_id) for block in blocks_of(definition).all}
    assert ids["steps",] == ["a", "try", "try_2"]
    assert ids["steps", 1, "try"] == ids["steps", 2, "try"] == ids["finally",] == ["a_2"]


def test_a_list_with_an_entry_that_has_no_id_is_not_whole() -> None:
    assert blocks_of({"steps": [STEP]}).all[0].is_whole
    block = blocks_of({"steps": [STEP, None, {**STEP, "id": 3}]}).all[0]
    assert not block.is_whole
    assert [(step.index, step.path, step.id) for step in block.steps] == [
        (0, ("steps", 0), "a"),
        (1, ("steps", 2), None),
    ]


def test_what_is_malformed_is_left_out() -> None:
    steps = [
        {"switch": {"do": []}},
        {"switch": [3, {"do": {}}]},
        {"fork": [STEP]},
        {"fork": {"branches": [STEP]}},
        {"for": 3, "do": "x"},
        {"try": None, "catch": {"do": []}},
    ]
    assert list(labels({"steps": steps})) == ["steps"]
    malformed: list[Any] = [None, 3, "steps", [], {}, {"steps": {}}, {"steps": None, "finally": 3}]
    for anything in malformed:
        assert blocks_of(anything).all == ()
    assert blocks_of({"finally": [STEP]}).body is None


def test_what_is_nested_too_deep_is_not_looked_into() -> None:
    steps: list[Any] = [STEP]
    for _ in range(400):
        steps = [{"try": steps}]
    assert len(blocks_of({"steps": steps}).all) == MAX_DEPTH + 2
