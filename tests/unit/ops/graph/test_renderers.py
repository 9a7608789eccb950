"""Each way of writing a graph: as it is written down in `golden`, and whatever names there are.

The golden files were looked at: Mermaid's own parser and Graphviz take them.
"""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from resistor.ops.graph import RENDERERS, graph_of
from resistor.ops.graph.ascii import COLUMNS
from tests.unit.ops.graph.definitions import EVERY_KIND, HOSTILE, HOSTILE_NAMES

EVERY = graph_of("shop/every@3", EVERY_KIND)
BAD = graph_of("shop/hostile@1", HOSTILE)
GOLDEN = Path(__file__).parent / "golden"

MERMAID_LINE = re.compile(
    r"""  \s*(?:
        (?P<node>s_\w+)[\[({>]+"(?P<label>[^"]*)"[\])}]+        # a box
      | subgraph\ s_\w+\["(?P<title>[^"]*)"\] | direction\ TB | end
      | s_\w+\ (?:-->|==>|-\.->|-\.-)(?:\|"(?P<says>[^"]*)"\|)?\ s_\w+
      | classDef\ \w+\ [\w:#,]+ | class\ [\w,]+\ \w+
      | %%\ [\w ]+/[\w ]+
    )$""",
    re.VERBOSE,
)
DOT_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@pytest.mark.parametrize(("form", "suffix"), [("mermaid", "mmd"), ("dot", "dot"), ("ascii", "txt")])
def test_every_kind_is_drawn_as_it_was_looked_at(form: str, suffix: str) -> None:
    assert RENDERERS[form](EVERY) == (GOLDEN / f"every_kind.{suffix}").read_text()


@pytest.mark.parametrize("form", RENDERERS)
def test_a_workflow_without_steps_can_be_drawn(form: str) -> None:
    assert "start" in RENDERERS[form](graph_of("shop/empty@1", {"version": 1, "steps": []}))


@pytest.mark.parametrize("graph", [EVERY, BAD], ids=["every", "hostile"])
def test_no_name_becomes_mermaid_syntax(graph: object) -> None:
    heading, *lines = RENDERERS["mermaid"](graph).splitlines()  # type: ignore[arg-type]
    assert heading == "flowchart TB"
    for line in lines:
        found = MERMAID_LINE.match(line)
        assert found is not None, line
        texts = [text for text in found.group("label", "title", "says") if text]
        for text in texts:
            plain = re.sub(r"#\d+;", "", text.replace("<br/>", ""))
            assert not set(plain) & set('"#&<>`%;{}[]|\\\x00\x1b'), line
            assert "$$" not in plain
            assert "style" not in plain
    assert len({match["node"] for match in map(MERMAID_LINE.match, lines) if match and match["node"]}) == len(
        list(graph.nodes())  # type: ignore[attr-defined]
    )


def test_a_name_reads_the_same_in_mermaid() -> None:
    label = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), RENDERERS["mermaid"](BAD))
    for name in (HOSTILE_NAMES[0], HOSTILE_NAMES[1], HOSTILE_NAMES[2], HOSTILE_NAMES[6], HOSTILE_NAMES[12]):
        assert name in label


def test_no_name_becomes_dot_syntax() -> None:
    for line in RENDERERS["dot"](BAD).splitlines():
        rest = DOT_STRING.sub("", line)
        assert re.fullmatch(r"[\w\s={}\[\],;>-]*", rest), line


def test_no_name_moves_the_terminal_and_every_line_fits() -> None:
    for line in [*RENDERERS["ascii"](BAD).splitlines(), *RENDERERS["ascii"](EVERY).splitlines()]:
        assert line.isprintable()
        assert len(line) <= COLUMNS


def test_the_picture_holds_text_and_nothing_that_runs() -> None:
    svg = ElementTree.fromstring(RENDERERS["svg"](BAD))
    assert {each.tag.rpartition("}")[2] for each in svg.iter()} == {
        *("svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text")
    }
    texts = [each.text for each in svg.iter() if each.tag.endswith("}text")]
    assert HOSTILE_NAMES[1] in texts
    assert svg.findtext("{*}title") == "shop/hostile@1"
    assert svg.findtext("{*}desc") == HOSTILE_NAMES[1]


def boxes(svg: str, *classes: str) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of the rectangles of these classes."""
    found = []
    for each in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect"):
        if set(each.attrib["class"].split()) & set(classes):
            x, y, width, height = (float(each.attrib[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, x + width, y + height))
    return found


@pytest.mark.parametrize("graph", [EVERY, BAD], ids=["every", "hostile"])
def test_no_box_of_the_picture_lies_on_another_or_outside(graph: object) -> None:
    svg = RENDERERS["svg"](graph)  # type: ignore[arg-type]
    root = ElementTree.fromstring(svg)
    placed = boxes(svg, "box")
    assert len(placed) == len(list(graph.nodes()))  # type: ignore[attr-defined]
    for left, top, right, bottom in [*placed, *boxes(svg, "frame")]:
        assert 0 <= left < right <= float(root.attrib["width"])
        assert 0 <= top < bottom <= float(root.attrib["height"])
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart, (one, other)


def test_lines_of_the_picture_run_straight_and_stay_on_it() -> None:
    root = ElementTree.fromstring(RENDERERS["svg"](EVERY))
    ways = [each.attrib["d"] for each in root.iter() if each.attrib.get("class") in ("flow", "exit", "again")]
    assert ways
    for way in ways:
        points = [tuple(map(float, point.split())) for point in way[1:].split(" L")]
        for (x, y), (to_x, to_y) in pairwise(points):
            assert x == to_x or y == to_y, way
        assert all(0 <= x <= float(root.attrib["width"]) for x, _ in points)


@pytest.mark.parametrize("form", RENDERERS)
def test_a_step_may_jump_to_itself(form: str) -> None:
    step = {"id": "again", "wait": "1s", "if": "input.x", "then": "again"}
    guarded = {"id": "ask", "run": "shop/other", "catch": [{"errors": ["busy"]}], "then": "ask"}
    assert "again" in RENDERERS[form](graph_of("shop/a@1", {"version": 1, "steps": [step, guarded]}))


def test_a_graph_as_json_says_what_is_inside_what() -> None:
    found = json.loads(RENDERERS["json"](EVERY))
    [reserve] = [node for node in found["nodes"] if node["id"] == "pack/goods/reserve"]
    assert reserve == {
        "id": "pack/goods/reserve",
        "kind": "module",
        "title": "reserve",
        "lines": ["stock.reserve"],
        "inside": ["pack/goods"],
    }
    assert {"source": "charge", "target": "charge/compensate", "label": "", "kind": "undo"} in found["edges"]
