"""The mistakes that authors make: each is named, placed, and answered with what was probably meant."""

from __future__ import annotations

import pytest

from resistor.catalog import load_text

WORKFLOW = "shop:\n  order.placed:\n    version: 1\n"
STEPS = WORKFLOW + "    steps:\n      - module: payments\n        action: charge\n"
WORD = "a letter, then letters, digits, `_` or `-`, 64 characters at most"
DOTTED = "a letter, then letters, digits, `_`, `-` or `.`, 128 characters at most"
STEP_ID = "a letter or `_`, then letters, digits or `_`, 64 characters at most"
MODULE_KEYS = (
    "`id`, `name`, `if`, `then`, `on_error`, `module`, `action`, `metadata`, `with`, `output`, `timeout`,"
    " `heartbeat`, `retry`, `catch`, `compensate` and `priority`"
)
KINDS = (
    "`switch`, `fork`, `for`, `while`, `until`, `try`, `emit`, `set`, `run`, `raise`, `end`, `wait`, `listen`"
    " and `ask`"
)
OUTLINE = "a file maps namespaces to events, and events to workflows"
SECOND = STEPS + "      - module: mail\n        action: send\n"


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        pytest.param(
            "shop:\n  order.placed:\n    verzion: 1\n    steps: []\n",
            "3:5",
            "`verzion` is not a key of a workflow",
            "did you mean `version`?",
            id="a workflow's key",
        ),
        pytest.param(
            WORKFLOW + "    step: []\n",
            "4:5",
            "`step` is not a key of a workflow",
            "did you mean `steps`?",
            id="steps",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - modul: payments\n        action: charge\n",
            "5:9",
            "`modul` is not a key of a step",
            "did you mean `module`?",
            id="a step's module",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - module: payments\n        Action: charge\n",
            "6:9",
            "`Action` is not a key of a step",
            "did you mean `action`?",
            id="a step's action",
        ),
        pytest.param(
            STEPS + "        metdata: {}\n",
            "7:9",
            "`metdata` is not a key of a step",
            "did you mean `metadata`?",
            id="a step's metadata",
        ),
        pytest.param(
            STEPS + "        retyr: 3\n",
            "7:9",
            "`retyr` is not a key of a step",
            "did you mean `retry`?",
            id="a step's retry",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - swich: []\n",
            "5:9",
            "`swich` is not a key of a `switch` step",
            "did you mean `switch`?",
            id="a kind",
        ),
        pytest.param(
            STEPS + "        colour: red\n",
            "7:9",
            "`colour` is not a key of a step",
            f"there are {MODULE_KEYS}",
            id="nothing near",
        ),
        pytest.param(
            STEPS + "        with: everything\n",
            "7:15",
            "`with` must be a mapping, or one `${…}` and nothing around it, not the text `everything`",
            None,
            id="with",
        ),
        pytest.param(
            STEPS + "        with:\n",
            "7:14",
            "`with` has no value",
            "give it one, or leave the key out",
            id="no value",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    version: 1\n",
            "3:5",
            "a workflow needs `steps`",
            "a workflow that does nothing has `steps: []`",
            id="no steps",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    steps: []\n",
            "3:5",
            "a workflow needs `version`",
            "a first version is `version: 1`; give every change the next number",
            id="no version",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - name: pay\n",
            "5:9",
            "a step needs `module` and `action`, or the key of another kind",
            f"there are {KINDS}",
            id="neither module nor action",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - pay\n",
            "5:9",
            "a step must be a mapping with `module` and `action`, not the text `pay`",
            None,
            id="a step of text",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    version: '1'\n    steps: []\n",
            "3:14",
            "`version` must be a whole number, not the text `1`",
            "without quotes, and without leading zeros",
            id="a version in quotes",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    version: 0\n    steps: []\n",
            "3:14",
            "`version` must be 1 or more, not the number 0",
            None,
            id="version 0",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    version: yes\n    steps: []\n",
            "3:14",
            "`version` must be a whole number, not the text `yes`",
            None,
            id="version yes",
        ),
        pytest.param(
            "shop:\n  order.placed:\n    version: true\n    steps: []\n",
            "3:14",
            "`version` must be a whole number, not true",
            None,
            id="version true",
        ),
        pytest.param(
            WORKFLOW + "    steps: {}\n",
            "4:12",
            "`steps` must be a list, not a mapping",
            None,
            id="steps of the wrong type",
        ),
        pytest.param(
            STEPS + "        metadata: fast\n",
            "7:19",
            "`metadata` must be a mapping, not the text `fast`",
            None,
            id="metadata of the wrong type",
        ),
        pytest.param(
            STEPS + "        name: 3\n",
            "7:15",
            "`name` must be text, not the number 3",
            "put it in quotes",
            id="text of the wrong type",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - module: pay.ments\n        action: charge\n",
            "5:17",
            f"`pay.ments` is not the name of a module: {WORD}",
            None,
            id="a module's name",
        ),
        pytest.param(
            WORKFLOW + "    steps:\n      - module: payments\n        action: charge card\n",
            "6:17",
            f"`charge card` is not the name of an action: {DOTTED}",
            None,
            id="an action's name",
        ),
        pytest.param(
            STEPS + "        id: pay-now\n",
            "7:13",
            f"`pay-now` is not the id of a step: {STEP_ID}",
            None,
            id="a step's id",
        ),
        pytest.param(
            STEPS + "        id: pay\n      - {module: mail, action: send, id: pay}\n",
            "8:42",
            "another step, the 1st, has the id `pay` already",
            None,
            id="an id twice",
        ),
        pytest.param(
            "my.shop:\n  order.placed: {version: 1, steps: []}\n",
            "1:1",
            f"`my.shop` is not the name of a namespace: {WORD}",
            None,
            id="a namespace's name",
        ),
        pytest.param(
            "shop:\n  order/placed: {version: 1, steps: []}\n",
            "2:3",
            f"`order/placed` is not the name of an event: {DOTTED}",
            None,
            id="an event's name",
        ),
        pytest.param(
            "order.placed:\n  version: 1\n  steps: []\n",
            "1:1",
            f"a workflow stands here in place of a namespace: {OUTLINE}",
            "is the namespace missing above `order.placed`?",
            id="the namespace left out",
        ),
        pytest.param(
            "version: 1\nsteps: []\n",
            "1:1",
            f"`version` belongs in a workflow: {OUTLINE}",
            None,
            id="namespace and event left out",
        ),
        pytest.param(
            "- shop\n", "1:1", f"a mapping is expected here, not a list: {OUTLINE}", None, id="a list"
        ),
        pytest.param(
            "shop: order.placed\n",
            "1:7",
            "the namespace `shop` must be a mapping of events, not the text `order.placed`",
            None,
            id="a namespace of text",
        ),
        pytest.param(
            "shop:\n  order.placed:\n",
            "2:16",
            "a workflow must be a mapping with `version` and `steps`, not an empty value",
            None,
            id="a workflow of nothing",
        ),
        pytest.param(
            "shop:\n  order.placed: []\n",
            "2:17",
            "the event `order.placed` has an empty list in place of its workflows",
            None,
            id="a list of no workflows",
        ),
        pytest.param(
            "modules:\n  payments: {rate: 100}\n",
            "2:20",
            "`rate` must be a rate such as 100/s, 10/m or 5/30s, not the number 100",
            "with its time: 100/s",
            id="a rate without its time",
        ),
        pytest.param(
            WORKFLOW + "    steps: []\n    input: {type: objct}\n",
            "5:19",
            "`objct` is not a type of JSON Schema",
            "did you mean `object`?",
            id="a schema's type",
        ),
        pytest.param(
            WORKFLOW + "    steps: []\n    input:\n      properties:\n        id: string\n",
            "7:13",
            "a schema must be a mapping, not the text `string`",
            "write {type: string}",
            id="a schema in short",
        ),
        pytest.param(
            WORKFLOW + "    steps: []\n    input: {properties: {id: {required: true}}}\n",
            "5:41",
            'this is not JSON Schema: `required`: true is not of type "array"',
            None,
            id="required in the wrong place",
        ),
    ],
)
@pytest.mark.bad_input(40)
def test_a_mistake_is_named_placed_and_answered(
    text: str, place: str, message: str, hint: str | None
) -> None:
    loaded = load_text(text.encode(), "orders.yaml")
    assert loaded.catalog.workflows == ()
    (problem,) = loaded.problems
    assert (problem.message, problem.hint) == (message, hint)
    assert f"{problem.file}:{problem.line}:{problem.column}" == f"orders.yaml:{place}"
    assert problem.source == text.splitlines()[problem.line - 1]


def test_all_mistakes_of_a_file_are_found_in_order() -> None:
    text = (
        "shop:\n"
        "  order.placed:\n"
        "    version: x\n"
        "    steps:\n"
        "      - {module: payments, action: charge, retry: 0}\n"
        "      - module: mail\n"
        "        action: send\n"
        "        wiht: {}\n"
        "        with: everything\n"
        "    input: {type: objct}\n"
        "  order/gone: {version: 1, steps: []}\n"
    )
    assert [(p.line, p.column) for p in load_text(text.encode()).problems] == [
        *((3, 14), (5, 51), (8, 9), (9, 15), (10, 19), (11, 3))
    ]


def test_duplicate_keys_do_not_hide_what_else_is_wrong() -> None:
    loaded = load_text((STEPS + "        action: pay\n        retyr: 3\n").encode())
    assert [problem.line for problem in loaded.problems] == [7, 8]
    assert loaded.catalog.workflows == ()


def test_a_message_is_one_line_whatever_a_key_is_called() -> None:
    (problem,) = load_text((STEPS + '        "a\\n\\e[31mb": 1\n').encode()).problems
    assert problem.message == "`a\\n\\x1b[31mb` is not a key of a step"


@pytest.mark.bad_input(38)
def test_the_longest_names_fit_a_routing_key() -> None:
    namespace, event = "n" * 64, "e" * 128
    text = f"{namespace}:\n  {event}: {{version: 1, steps: []}}\n"
    (workflow,) = load_text(text.encode()).catalog.workflows
    assert len(f"{workflow.namespace}.{workflow.name}.{'f' * 32}") <= 255  # with room for a fact's name
    for longer in (f"n{text}", text.replace("  e", "  ee")):
        assert "is not the name of" in load_text(longer.encode()).problems[0].message
