"""`resistor workflow …`, with files and a catalogue in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ops.workflows.conftest import ORDER, Call, FakeCatalogue

VARIATION = """\
vip:
  order.placed:
    version: 1
    extends: shop/order.placed@1
    changes:
      - {after: charge, insert: [{id: gift, module: gifts, action: wrap}]}
"""


def lines_of(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def table_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


# ----------------------------------------------------------------------------------------- list, show


def test_registered_workflows_are_listed_with_who_gets_which(call: Call, catalogue: FakeCatalogue) -> None:
    catalogue.keep(ORDER)
    heading, first, second = call("list").stdout.splitlines()
    assert heading.split("  ")[0] == "WORKFLOW"
    assert first.split()[:3] == ["shop/order.placed", "1", "none"]
    assert second.split()[:3] == ["shop/order.placed", "2", "all"]
    assert first.endswith("payments, stock          What happens to an order.")
    assert second.endswith("parcel, payments, stock  -")


def test_a_rollout_a_schedule_and_triggers_are_listed_in_short(call: Call, files: Path) -> None:
    (files / "report.yaml").write_text(
        "shop:\n  report:\n"
        "    - {version: 1, steps: [], schedule: {cron: '0 6 * * MON', timezone: Europe/Berlin}}\n"
        "    - {version: 2, steps: [], rollout: {percent: 10, key: '${input.id}'},"
        " triggers: [{event: order.paid}]}\n"
    )
    rows = lines_of(call("list", "--files", "-o", "jsonl").stdout)
    assert [row["new_runs"] for row in rows] == ["the rest", "10% by input.id"]
    assert rows[1]["triggers"] == [{"event": "order.paid"}]
    said = call("list", "--definitions", str(files)).stdout
    assert "0 6 * * MON Europe/Berlin" in said
    assert "order.paid" in said


def test_a_version_that_is_no_longer_offered_gets_no_new_runs(call: Call, catalogue: FakeCatalogue) -> None:
    catalogue.keep(ORDER)
    catalogue.offers["shop/order.placed"] = (1,)
    assert [row["new_runs"] for row in lines_of(call("list", "-o", "jsonl").stdout)] == ["all", "none"]


def test_a_workflow_is_shown_as_a_file_that_loads_again(call: Call, catalogue: FakeCatalogue) -> None:
    catalogue.keep(ORDER)
    said = call("show", "shop/order.placed@1").stdout
    assert said.splitlines()[:5] == [
        "# shop/order.placed@1, as registered",
        f"# {catalogue.sources['shop/order.placed@1'][0]}",
        "shop:",
        "  order.placed:",
        "    version: 1",
    ]
    Path("shown.yaml").write_text(said)
    call("validate", "shown.yaml")
    row = json.loads(call("show", "shop.order.placed@1", "--definitions", "shown.yaml", "-o", "json").stdout)
    assert row["digest"] == catalogue.sources["shop/order.placed@1"][0]
    charge = {"id": "charge", "path": "charge", "kind": "module", "module": "payments", "action": "take"}
    assert row["steps"][1] == charge
    assert row["definition"]["version"] == 1


def test_files_are_looked_at_first_and_the_store_after(
    call: Call, catalogue: FakeCatalogue, files: Path
) -> None:
    catalogue.keep(ORDER)
    (files / "order.yaml").write_text("shop:\n  order.placed: {version: 3, steps: []}\n")
    assert "version: 3" in call("show", "shop/order.placed").stdout
    assert "version: 2" in call("show", "shop/order.placed@2").stdout
    assert "version: 2" in call("show", "shop/order.placed", "--registered").stdout
    catalogue.is_away = True
    assert "version: 3" in call("show", "shop/order.placed").stdout
    call("show", "shop/order.placed@2", code=3)


def test_a_variation_is_shown_resolved(call: Call, files: Path) -> None:
    (files / "order.yaml").write_text(ORDER + VARIATION)
    said = call("show", "vip/order.placed").stdout
    assert said.splitlines()[1:3] == [
        "# a variation, resolved: extends shop/order.placed@1",
        f"# {json.loads(call('show', 'vip/order.placed', '-o', 'json').stdout)['digest']}",
    ]
    assert "extends:" not in said
    assert "id: gift" in said


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("shop/order.placed@4", "there are versions 1, 2"),
        ("shop/order.place", "did you mean shop/order.placed?"),
        ("far/away", "`resistor workflow list` shows those there are"),
    ],
)
def test_a_workflow_that_is_not_there_is_exit_code_1(
    call: Call, catalogue: FakeCatalogue, name: str, hint: str
) -> None:
    catalogue.keep(ORDER)
    for command in ("show", "graph"):
        assert call(command, name, code=1).stderr == f"Error: there is no workflow {name}: {hint}\n"


# -------------------------------------------------------------------------------------- validate, schema


def test_good_definitions_are_valid(call: Call, files: Path) -> None:
    (files / "order.yaml").write_text(ORDER)
    result = call("validate")
    assert (result.stdout, result.stderr) == ("", "2 workflows, no problems\n")
    assert call("validate", "--quiet").output == ""
    assert call("validate", "-o", "json").stdout == "[]\n"


def test_a_wrong_definition_is_shown_with_its_place_and_exit_code_1(call: Call, files: Path) -> None:
    file = files / "wrong.yaml"
    file.write_text("shop:\n  order:\n    version: 1\n    step: []\n")
    result = call("validate", code=1)
    assert result.stdout.startswith(f"{file}:")
    assert "  |     step: []\n  |     ^\n" in result.stdout
    assert result.stderr.endswith("; 0 workflows without\n")
    problems = lines_of(call("validate", "-o", "jsonl", code=1).stdout)
    assert list(problems[0]) == ["file", "line", "column", "severity", "message", "hint"]
    assert {problem["file"] for problem in problems} == {str(file)}
    assert json.loads(call("validate", str(file), "-o", "json", code=1).stdout) == problems


def test_a_directory_without_definitions_is_a_slip_of_the_pen(call: Call, files: Path) -> None:
    (files / "notes.txt").write_text("nothing")
    assert call("validate", code=2).stderr == (
        f"Error: there is no definition file (*.yaml, *.yml, *.json) in '{files}'\n"
    )
    assert "there is no file or directory 'gone'" in call("validate", "gone", code=2).stderr


def test_the_schema_for_editors_is_printed_or_written(call: Call) -> None:
    said = call("schema").stdout
    assert json.loads(said)["$schema"].startswith("https://json-schema.org/")
    call("schema", "--output", "schema.json")
    assert Path("schema.json").read_text() == said
    assert "cannot be written" in call("schema", "--output", "gone/schema.json", code=2).stderr


# ---------------------------------------------------------------------------------------------- register


def test_registering_says_what_is_new(call: Call, catalogue: FakeCatalogue, files: Path) -> None:
    (files / "order.yaml").write_text(ORDER)
    result = call("register")
    assert [row[:2] for row in table_of(result.stdout)[1:]] == [
        ["shop/order.placed@1", "registered"],
        ["shop/order.placed@2", "registered"],
    ]
    assert result.stderr == "2 registered, 0 known already\n"
    assert catalogue.offers == {"shop/order.placed": (1, 2)}
    assert [row["outcome"] for row in lines_of(call("register", "-o", "jsonl").stdout)] == ["known"] * 2


def test_nothing_is_registered_where_one_version_has_other_content(
    call: Call, catalogue: FakeCatalogue, files: Path
) -> None:
    catalogue.keep("shop:\n  order.placed: {version: 2, steps: []}\n")
    (files / "order.yaml").write_text(ORDER)
    result = call("register", code=1)
    assert [row[:2] for row in table_of(result.stdout)[1:]] == [
        ["shop/order.placed@1", "held"],
        ["shop/order.placed@2", "refused"],
    ]
    assert result.stderr.startswith(
        "Error: shop/order.placed@2: registered with other content, so nothing was written."
    )
    assert list(catalogue.sources) == ["shop/order.placed@2"]


def test_a_variation_of_what_only_the_store_has_can_be_registered(
    call: Call, catalogue: FakeCatalogue, files: Path
) -> None:
    catalogue.keep(ORDER)
    (files / "vip.yaml").write_text(VARIATION)
    call("register")
    assert b"gift" in catalogue.sources["vip/order.placed@1"][1]


def test_a_wrong_file_keeps_all_from_being_registered(
    call: Call, catalogue: FakeCatalogue, files: Path
) -> None:
    (files / "order.yaml").write_text(ORDER)
    (files / "wrong.yaml").write_text("shop:\n  other: {version: 1}\n")
    assert "wrong.yaml" in call("register", code=1).stderr
    assert catalogue.sources == {}


# ----------------------------------------------------------------------------------------- graph, diff


@pytest.mark.parametrize(
    ("file", "beginning"),
    [("a.mmd", "flowchart"), ("a.dot", "digraph"), ("a.svg", "<svg"), ("a.txt", "shop/"), ("a.json", "{")],
)
def test_a_graph_is_written_as_the_file_s_name_says(
    call: Call, files: Path, file: str, beginning: str
) -> None:
    (files / "order.yaml").write_text(ORDER)
    assert call("graph", "shop/order.placed", "-o", file).output == ""
    assert Path(file).read_text().startswith(beginning)


def test_a_graph_is_mermaid_behind_a_pipe_and_whatever_is_asked_for(call: Call, files: Path) -> None:
    (files / "order.yaml").write_text(ORDER)
    assert call("graph", "shop/order.placed@1").stdout.startswith("flowchart TB\n")
    assert call("graph", "shop/order.placed@1", "--format", "ascii").stdout == (
        "shop/order.placed@1\n"
        "What happens to an order.\n"
        "\n"
        "├─ ● start\n"
        "├─ reserve ─ stock.reserve\n"
        "├─ charge ─ payments.take · 3 attempts\n"
        "└─ ● end\n"
    )


def test_what_a_version_changed_is_a_table(call: Call, catalogue: FakeCatalogue) -> None:
    catalogue.keep(ORDER)
    result = call("diff", "shop/order.placed@1", "shop/order.placed@2")
    assert result.stdout.splitlines() == [
        "CHANGE   WHERE       WHAT",
        "removed  (workflow)  description: What happens to an order.",
        "moved    charge      after reserve → first",
        "changed  charge      retry.limit: 3 → 5",
        "added    ship        module parcel.ship",
    ]
    assert result.stderr.splitlines() == [
        "shop/order.placed@1 (store) → shop/order.placed@2 (store)",
        "1 removed, 1 moved, 1 changed, 1 added",
    ]
    changes = lines_of(call("diff", "shop/order.placed@1", "shop/order.placed@2", "-o", "jsonl").stdout)
    assert changes[2] == {"what": "changed", "path": "charge", "key": "retry.limit", "old": 3, "new": 5}


def test_a_difference_is_an_exit_code_only_where_that_is_asked_for(
    call: Call, catalogue: FakeCatalogue
) -> None:
    catalogue.keep(ORDER)
    one, two = "shop/order.placed@1", "shop/order.placed@2"
    call("diff", one, two, "--exit-code", code=1)
    same = call("diff", one, one, "--exit-code")
    assert (same.stdout, same.stderr.splitlines()[-1]) == ("", "no difference")
    assert call("diff", one, one, "-o", "json").stdout == "[]\n"


def test_one_name_compares_what_is_registered_with_the_files(
    call: Call, catalogue: FakeCatalogue, files: Path
) -> None:
    catalogue.keep(ORDER)
    (files / "order.yaml").write_text(ORDER.replace("action: ship", "action: send"))
    result = call("diff", "shop/order.placed")
    assert result.stdout.splitlines()[1:] == ["changed  ship   action: ship → send"]
    assert result.stderr.startswith("shop/order.placed@2 (store) → shop/order.placed@2 (files)\n")


def test_a_file_can_stand_for_its_workflow(call: Call, catalogue: FakeCatalogue) -> None:
    catalogue.keep(ORDER)
    Path("order.yaml").write_text(ORDER.replace("action: ship", "action: send"))
    assert "action: ship → send" in call("diff", "shop/order.placed", "order.yaml").stdout
    Path("two.yaml").write_text(ORDER + VARIATION)
    assert "several workflows" in call("diff", "two.yaml", "two.yaml", code=2).stderr


def test_values_in_the_table_are_short_and_on_one_line(call: Call, files: Path) -> None:
    (files / "a.yaml").write_text(
        'a:\n  x: {version: 1, steps: []}\n  y: {version: 1, steps: [], description: "x\\n\\e[2J'
        f'{"y" * 90}"}}\n'
    )
    line = call("diff", "a/x", "a/y").stdout.splitlines()[1]
    assert line.isprintable()
    assert len(line) < 100


def test_help_of_the_group_needs_no_heavy_import() -> None:
    code = (
        "import sys, contextlib, io\n"
        "from resistor.ops.cli.root import command_line\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    command_line()(['workflow', 'graph', '--help'])\n"
        "print(*sorted({'pydantic', 'redis', 'yaml', 'rich', 'resistor.catalog'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
