"""`resistor workflow test`, as a person and as a program see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from resistor.__main__ import TESTS
from resistor.ops.cli.root import command_line
from resistor.testing.scenarios.schema import scenario_schema

SHOP = """
shop:
  order:
    version: 1
    steps:
      - {id: pay, module: bank, action: charge}
      - {id: gift, if: input.gift, module: stock, action: wrap}
"""
GOOD = """\
scenario: An order is paid
event: shop.order
data: {gift: false}
answers: {bank.charge: {}}
expect: {status: completed}
"""
BAD = GOOD.replace("An order is paid", "An order fails <&>").replace("completed", "failed")
BROKEN = GOOD.replace("An order is paid", "An order is wrong").replace("status", "statsu")
SLOW = GOOD.replace("An order is paid", "An order takes a day").replace(
    "bank.charge: {}", "bank.charge: {takes: 1d}"
)
UNSOUND = """
shop:
  order:
    version: 1
    steps: [{module: bank, action: charge}, {set: {at: "${now()}"}}]
    output: "${vars.at}"
"""

Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Give what calls the command in a folder with definitions and one good scenario."""
    monkeypatch.chdir(tmp_path)
    for name in ("RESISTOR_CONFIG", "RESISTOR_DEFINITIONS"):
        monkeypatch.delenv(name, raising=False)
    write("definitions/shop.yaml", SHOP)
    write("definitions/good.yaml", GOOD)

    def invoke(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(command_line(inner=TESTS), ("workflow", "test", *arguments))
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return invoke


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    Path(name).write_text(text)


# ------------------------------------------------------------------------------------ what it says


def test_what_is_good_is_a_line_each_and_the_exit_code_is_0(call: Call) -> None:
    write("definitions/slow.yaml", SLOW)
    result = call("definitions")
    assert result.stdout.splitlines() == [
        "✓ definitions/good.yaml  An order is paid",
        "✓ definitions/slow.yaml  An order takes a day  1d00h",
    ]
    assert result.stderr.startswith("2 scenarios, all good, in ")
    assert result.stderr.endswith("; 1d00h of virtual time\n")


def test_what_differs_is_told_with_the_run_and_the_exit_code_is_1(call: Call) -> None:
    write("definitions/bad.yaml", BAD)
    lines = call("definitions", code=1).stdout.splitlines()
    assert lines[0] == "✗ definitions/bad.yaml  An order fails <&>"
    assert lines[1] == '    status is "completed", expected "failed"'
    assert lines[2].startswith("      shop/order@1")
    assert lines[-1] == "✓ definitions/good.yaml  An order is paid"


def test_a_broken_scenario_is_told_as_a_problem_and_the_others_are_played(call: Call) -> None:
    write("definitions/broken.yaml", BROKEN)
    result = call("definitions", code=1)
    assert result.stdout.startswith("definitions/broken.yaml:5:10: `statsu` is not a key of `expect`")
    assert "did you mean `status`?" in result.stdout
    assert "✓ definitions/good.yaml" in result.stdout
    assert result.stderr.splitlines()[-1] == "1 problem"


def test_a_broken_definition_is_told_and_nothing_is_played(call: Call) -> None:
    write("definitions/wrong.yaml", "shop: {other: {version: 1, stepz: []}}")
    result = call("definitions", code=1)
    assert result.stdout == ""
    assert "definitions/wrong.yaml:1:28: `stepz` is not a key of a workflow" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "there is no file or directory 'nowhere'"),
        (
            ("definitions", "-k", "nothing like it"),
            "there is no scenario in definitions: one begins with `scenario:`",
        ),
        (("definitions/shop.yaml",), "there is no scenario in definitions/shop.yaml"),
        (("definitions", "--junit", "definitions/good.yaml/x.xml"), "x.xml cannot be written: "),
        (("definitions", "--fail-under", "101"), "101.0 is not in the range"),
        (("definitions", "--faults", "many"), "'many' is not a seed like 7, nor 1..20 or 4,7"),
        (("definitions", "--faults", "20..1"), "'20..1' is not a seed like 7"),
        (("definitions", "--faults", ""), "'' is not a seed like 7"),
        (("definitions", "--faults", "1..x"), "'1..x' is not a seed like 7"),
        (("definitions", "--faults", "1,,2"), "'1,,2' is not a seed like 7"),
    ],
)
def test_what_cannot_be_done_is_the_callers_mistake(
    call: Call, arguments: tuple[str, ...], told: str
) -> None:
    result = call(*arguments, code=2)
    assert told in result.stderr
    assert "Traceback" not in result.output


def test_quiet_says_only_what_is_wrong(call: Call) -> None:
    assert call("definitions", "-q").stdout == ""
    write("definitions/bad.yaml", BAD)
    assert call("definitions", "-q", code=1).stdout.startswith("✗ definitions/bad.yaml")
    assert "good.yaml" not in call("definitions", "-q", code=1).stdout


def test_some_are_chosen_by_file_and_by_title(call: Call) -> None:
    write("definitions/bad.yaml", BAD)
    assert call("definitions", "-k", "is paid").stdout == "✓ definitions/good.yaml  An order is paid\n"
    assert "1 failed" in call("definitions", "-k", "bad.yaml", code=1).stderr


# ------------------------------------------------------------------------------------ where it looks


def test_without_a_path_the_settings_definitions_are_meant(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "An order is paid" in call().stdout
    write("elsewhere/shop.yaml", SHOP)
    write("elsewhere/good.yaml", GOOD.replace("is paid", "is elsewhere"))
    monkeypatch.setenv("RESISTOR_DEFINITIONS", "elsewhere")
    assert "An order is elsewhere" in call().stdout


def test_a_single_scenario_is_played_with_the_definitions_around_it(call: Call) -> None:
    write("definitions/deeper/paid.yaml", GOOD)
    assert call("definitions/deeper/paid.yaml").stdout.startswith("✓ definitions/deeper/paid.yaml")
    write("other/shop.yaml", SHOP.replace("shop:", "store:"))
    write("other/paid.yaml", GOOD.replace("shop.order", "store.order"))
    assert call("other/paid.yaml").stdout.startswith("✓ other/paid.yaml")


def test_the_workflows_may_be_elsewhere(call: Call) -> None:
    write("scenarios/paid.yaml", GOOD)
    assert "no workflow here is started by `shop.order`" in call("scenarios", code=1).stdout
    assert call("scenarios", "--definitions", "definitions").stdout.startswith("✓ scenarios/paid.yaml")


def test_validating_passes_scenarios_over_even_broken_ones(call: Call) -> None:
    write("definitions/broken.yaml", "scenario: s\nevent: [")
    result = CliRunner().invoke(command_line(inner=TESTS), ["workflow", "validate", "definitions"])
    assert (result.exit_code, result.stdout) == (0, "")
    assert "broken.yaml:2:8: the file ends where a value is" in call("definitions", code=1).stdout


# ------------------------------------------------------------------------------------ for programs


def test_json_is_one_object_with_the_coverage(call: Call) -> None:
    write("definitions/bad.yaml", BAD)
    result = call("definitions", "-o", "json", code=1)
    whole: dict[str, Any] = json.loads(result.stdout)
    bad, good = whole["scenarios"]
    assert (good["outcome"], good["difference"], good["runs"]) == ("passed", None, [])
    assert (bad["outcome"], bad["difference"]) == ("failed", 'status is "completed", expected "failed"')
    assert bad["runs"][0].startswith("shop/order@1")
    assert whole["coverage"]["percent"] == 50.0
    missed = whole["coverage"]["workflows"]["shop/order@1"]["missed"]
    assert missed == [
        {"what": "step", "path": "gift", "detail": None},
        {"what": "branch", "path": "gift", "detail": "taken"},
    ]


def test_json_lines_are_one_a_scenario(call: Call) -> None:
    write("definitions/slow.yaml", SLOW)
    write("definitions/broken.yaml", BROKEN)
    result = call("definitions", "-o", "jsonl", code=1)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["file"] for line in lines] == ["definitions/good.yaml", "definitions/slow.yaml"]
    assert [line["virtual_seconds"] for line in lines] == [0.0, 86400.0]
    assert "`statsu` is not a key" in result.stderr  # for people


def test_junit_has_a_case_for_each_and_the_counts_of_them(call: Call) -> None:
    write("definitions/bad.yaml", BAD)
    write("definitions/broken.yaml", BROKEN)
    call("definitions", "--junit", "out/results.xml", code=1)
    root = ElementTree.parse("out/results.xml").getroot()
    assert root.tag == "testsuites"
    [suite] = root
    for each in (root, suite):
        assert {key: each.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
            "tests": "3",
            "failures": "1",
            "errors": "1",
            "skipped": "0",
        }
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == ["An order fails <&>", "An order is paid", "line 5"]
    assert cases["An order is paid"].get("classname") == "definitions.good"
    assert len(cases["An order is paid"]) == 0
    [failure] = cases["An order fails <&>"]
    assert (failure.tag, failure.get("message")) == ("failure", 'status is "completed", expected "failed"')
    assert "shop/order@1" in str(failure.text)
    [error] = cases["line 5"]
    assert (error.tag, cases["line 5"].get("file")) == ("error", "definitions/broken.yaml")
    assert "did you mean `status`?" in str(error.text)


def test_junit_names_a_class_by_the_path_wherever_that_begins(call: Call, tmp_path: Path) -> None:
    call(str(tmp_path / "definitions"), "--junit", "results.xml")
    [suite] = ElementTree.parse("results.xml").getroot()
    assert suite[0].get("classname") == ".".join((*tmp_path.parts[1:], "definitions", "good"))


def test_junit_can_hold_what_xml_cannot(call: Call) -> None:
    write(
        "definitions/bad.yaml",
        BAD.replace("{}", '{output: "\\e[31m\\0"}').replace("status: failed", "output: 1"),
    )
    call("definitions", "--junit", "results.xml", code=1)
    [suite] = ElementTree.parse("results.xml").getroot()
    assert suite.get("failures") == "1"


def test_the_schema_is_printed_and_nothing_is_played(call: Call) -> None:
    assert json.loads(call("nowhere", "--schema").stdout) == scenario_schema()


# ---------------------------------------------------------------------------------------- coverage


def test_coverage_shows_what_was_never_taken(call: Call) -> None:
    out = call("definitions", "--coverage").stdout
    assert "shop/order@1  1/2    1/2" in out
    assert (
        "never taken:\n  shop/order@1  step gift\n  shop/order@1  branch gift: taken\n50.0 % covered\n" in out
    )
    assert "covered" not in call("definitions").stdout


def test_too_little_coverage_fails(call: Call) -> None:
    call("definitions", "--fail-under", "50")
    result = call("definitions", "--fail-under", "50.1", code=1)
    assert result.stderr.splitlines()[-1] == "50.0 % covered is less than 50.1 %"


def test_scenarios_that_are_left_out_cover_nothing(call: Call) -> None:
    write("definitions/gift.yaml", GOOD.replace("gift: false", "gift: true").replace("bank.charge", "'*'"))
    call("definitions", "--fail-under", "100")
    call("definitions", "-k", "good.yaml", "--fail-under", "100", code=1)


# ------------------------------------------------------------------------------------------ faults


@pytest.mark.parametrize(("seeds", "storms"), [(["1..3"], 3), (["4,7"], 2), (["5", "6"], 2), (["1 2"], 2)])
def test_under_faults_each_is_played_after_every_crash_and_in_every_storm(
    call: Call, seeds: list[str], storms: int
) -> None:
    result = call("definitions", *(word for seed in seeds for word in ("--faults", seed)))
    times = 3 + storms  # two commits, and an action that is published
    assert f"under faults: 1 scenario {times} times, the same ending each time" in result.stderr


def test_what_ends_otherwise_under_faults_fails_and_is_in_junit(call: Call) -> None:
    write("definitions/shop.yaml", UNSOUND)
    result = call("definitions", "--faults", "1..40", "--junit", "results.xml", code=1)
    assert "✗ definitions/good.yaml  An order is paid: " in result.stdout
    assert "shop/order@1.output is " in result.stdout
    assert "1 did not always end as in calm" in result.stderr
    root = ElementTree.parse("results.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")


def test_what_is_bad_already_is_not_played_under_faults(call: Call) -> None:
    write("definitions/good.yaml", BAD)
    assert "under faults: 0 scenarios 0 times" in call("definitions", "--faults", "1", code=1).stderr


def test_a_scenario_that_needs_every_second_is_no_traceback_under_faults(call: Call) -> None:
    write(
        "definitions/shop.yaml", "shop: {order: {version: 1, steps: [{ask: {prompt: Sure?, timeout: 1s}}]}}"
    )
    write(
        "definitions/good.yaml", "scenario: s\nevent: shop.order\nthen: [{answer: 1}]\nexpect: {output: 1}\n"
    )
    result = call("definitions", "--faults", "1")
    assert "- definitions/good.yaml  s  left out under faults: then[0].answer: run " in result.stdout
    assert "0 times, 1 left out" in result.stderr


def test_a_path_that_is_not_there_is_said_before_anything_is_read(call: Call) -> None:
    result = call("nowhere/s.yaml", code=2)
    assert "there is no file or directory 'nowhere/s.yaml' to play scenarios from" in result.stderr


# ------------------------------------------------------------------------------------------- watch


def test_watching_plays_again_when_a_file_changes_and_ends_quietly(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter([None, BAD, None, BROKEN, "scenario", KeyboardInterrupt])

    def sleep(seconds: float) -> None:
        assert seconds > 0
        change = next(looks)
        if change is KeyboardInterrupt:
            raise KeyboardInterrupt
        if change == "scenario":
            write("definitions/shop.yaml", "shop: [")
        elif isinstance(change, str):
            write("definitions/good.yaml", change)

    monkeypatch.setattr("resistor.testing.cli.workflow_test.time.sleep", sleep)
    result = call("definitions", "--watch")
    assert result.stderr.count("all good") == 1
    assert result.stdout.count("✗ definitions/good.yaml") == 1
    assert result.stdout.count("`statsu` is not a key of `expect`") == 1
    assert "no scenario was played\n1 problem" in result.stderr
    assert "definitions/shop.yaml:1:7: the file ends where a value is expected" in result.stderr
    assert next(looks, "no more") == "no more"
