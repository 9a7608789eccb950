"""The pytest plugin, as a user's own tests have it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

PLUGIN = (
    ()
    if any(each.name == "resistor" for each in entry_points(group="pytest11"))
    else (
        "-p",
        "resistor.pytest_plugin",
    )
)
"""What loads the plugin where it is not installed. Twice it cannot be."""

DEFINITION = "shop: {order: {version: 1, steps: [{id: pay, module: bank, action: charge}]}}"


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """Give a folder with a definition and an empty configuration."""
    pytester.makefile(".ini", pytest="[pytest]\nresistor_definitions = definitions\n")
    pytester.mkdir("definitions")
    (pytester.path / "definitions" / "shop.yaml").write_text(DEFINITION)
    return pytester


def play(pytester: pytest.Pytester, code: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(code)
    return pytester.runpytest_inprocess(*PLUGIN, "-p", "no:cacheprovider", "-p", "no:asyncio", *options)


def test_the_fixture_has_the_definitions_that_the_settings_name(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        def test_one(workflows):
            workflows.stub("bank.charge", "paid")
            assert workflows.start("shop.order").output == "paid"

        def test_two(workflows):
            assert workflows.runs == []  # what another test did is not here
        """,
    )
    result.assert_outcomes(passed=2)


def test_without_the_setting_there_are_none(pytester: pytest.Pytester) -> None:
    result = play(
        pytester,
        """
        import pytest
        from resistor.testing import Refused

        def test_one(workflows):
            with pytest.raises(Refused, match="there is no workflow"):
                workflows.start("shop.order")
        """,
    )
    result.assert_outcomes(passed=1)


def test_definitions_that_are_wrong_fail_the_test_with_each_problem(run: pytest.Pytester) -> None:
    (run.path / "definitions" / "wrong.yaml").write_text("shop: {other: {version: 1, stepz: []}}")
    result = play(run, "def test_one(workflows): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*`stepz` is not a key of a workflow*"])


def test_a_failing_test_shows_each_run_and_the_first_difference(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        def test_one(workflows):
            workflows.stub("bank.charge", {"receipt": [1, 2]})
            run = workflows.start("shop.order")
            workflows.start("shop.order")
            assert run.output == {"receipt": [1, 3]}
        """,
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * assert {'receipt': ?1, 2?} == {'receipt': ?1, 3?}",
            "E * the first difference: left.receipt?1? is 2, expected 3",
            "E * Differing items:*",
            "*- workflow runs -*",
            "shop/order@1 *completed*",
            "*pay * bank.charge *",
            "shop/order@1 *completed*",
        ]
    )


def test_a_test_that_passes_shows_nothing(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        def test_one(workflows):
            workflows.stub("*", 1)
            workflows.start("shop.order")
        """,
        "-rA",
    )
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*workflow runs*")


def test_comparisons_in_other_tests_stay_as_they_are(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        def test_before(workflows): pass

        def test_one():
            assert [1] == [2]

        def test_two(workflows):
            assert "a" == "b"
        """,
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.no_fnmatch_line("*the first difference*")
    result.stdout.no_fnmatch_line("*workflow runs*")


def test_values_that_compare_equal_piece_by_piece_are_left_to_pytest(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        def test_one(workflows):
            assert [1, 2] == (1, 2)

        def test_two(workflows):
            assert {1: 1, "a": 2} == {"b": 1}
        """,
    )
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["E * assert ?1, 2? == (1, 2)", "E * the first difference: left has no 'b'*"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_a_step_that_nobody_stubbed_fails_the_test(run: pytest.Pytester) -> None:
    result = play(run, "def test_one(workflows): workflows.start('shop.order')")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *Unanswered: nothing answers bank.charge, which step pay calls:*"])
    result.stdout.fnmatch_lines(["shop/order@1 *running*"])


def test_an_async_test_is_told_to_be_none(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        import asyncio

        def test_one(workflows):
            async def test():
                workflows.start("shop.order")
            asyncio.run(test())
        """,
    )
    result.stdout.fnmatch_lines(["E *RuntimeError: * write the test with def, not async def"])


def test_a_test_that_ends_in_the_middle_leaves_no_warnings(run: pytest.Pytester) -> None:
    result = play(
        run,
        """
        from resistor.testing import takes

        def test_one(workflows):
            workflows.stub("*", takes("1h"))
            workflows.start("shop.order")

        def test_two():
            import gc
            gc.collect()
        """,
        "-W",
        "error",
    )
    result.assert_outcomes(passed=2)
    result.stderr.no_fnmatch_line("*Task was destroyed*")


def test_importing_the_plugin_imports_nothing_that_is_heavy() -> None:
    heavy = ["resistor.testing", "resistor.engine", "resistor.catalog", "pydantic", "msgspec", "rich", "yaml"]
    code = f"import sys, resistor.pytest_plugin; print([each for each in {heavy!r} if each in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
