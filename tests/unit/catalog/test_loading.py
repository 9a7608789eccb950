"""Directories and files: what is read, in which order, and that one bad file does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from resistor.catalog import load, load_or_raise
from resistor.errors import DefinitionError, OperatorMistake

Write = dict[str, str]


def write(directory: Path, files: Write) -> Path:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory


def workflow(namespace: str, version: int = 1) -> str:
    return f"{namespace}:\n  event: {{version: {version}, steps: []}}\n"


def test_a_directory_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": workflow("b"), "a/x.yml": workflow("a"), "a/c/y.JSON": '{"c": {"e": []}}'})
    write(tmp_path, {"a/c/y.JSON": '{"c": {"event": {"version": 1, "steps": []}}}'})
    catalog = load_or_raise(tmp_path)
    assert [each.namespace for each in catalog.workflows] == ["c", "a", "b"]  # by path: a/c, a/x, b


def test_what_is_no_definition_is_left_alone(tmp_path: Path) -> None:
    files = dict.fromkeys(
        ["schema.json", ".hidden.yaml", ".git/x.yaml", "README.md", "a.yaml~", "x.txt"], "["
    )
    assert load(write(tmp_path, files)).problems == ()


def test_a_single_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    write(tmp_path, {"order": workflow("a"), "schema.json": '{"b": {"e": {"version": 1, "steps": []}}}'})
    assert load_or_raise(tmp_path / "order").namespaces == ("a",)
    assert load_or_raise([tmp_path / "schema.json", tmp_path / "order"]).namespaces == ("a", "b")


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": workflow("a")})
    assert len(load_or_raise([tmp_path, tmp_path / "a.yaml", tmp_path]).workflows) == 1


def test_a_path_that_is_not_there_is_the_operators_mistake(tmp_path: Path) -> None:
    with pytest.raises(OperatorMistake, match="there is no file or directory"):
        load(tmp_path / "nowhere")


@pytest.mark.bad_input(39)
def test_good_files_load_beside_bad_ones(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": "a: [", "b.yaml": workflow("b"), "c.yaml": workflow("c") + "d:\n  x: {}\n"})
    loaded = load(tmp_path)
    assert loaded.catalog.namespaces == ("b", "c")
    assert [Path(problem.file).name for problem in loaded.problems] == ["a.yaml", "c.yaml"]
    with pytest.raises(DefinitionError) as caught:
        load_or_raise(tmp_path)
    assert caught.value.problems == loaded.problems


def test_a_namespace_may_span_files_and_a_version_may_not(tmp_path: Path) -> None:
    write(
        tmp_path, {"1.yaml": workflow("a", 1), "2.yaml": workflow("a", 2), "3.yaml": "\n" + workflow("a", 1)}
    )
    loaded = load(tmp_path)
    assert loaded.catalog.workflows == ()  # nobody knows which of them is meant
    assert loaded.broken == {("a", "event")}
    (problem,) = loaded.problems
    assert (Path(problem.file).name, problem.line, problem.column) == ("3.yaml", 3, 20)
    assert problem.message == f"version 1 of `a/event` is defined already, at {tmp_path / '1.yaml'}:2"
    assert problem.hint == "a changed workflow takes the next version"


def test_a_version_may_not_stand_twice_in_a_list(tmp_path: Path) -> None:
    one = "    - {version: 1, steps: []}\n"
    loaded = load(write(tmp_path, {"a.yaml": f"a:\n  e:\n{one}{one}"}))
    assert loaded.catalog.workflows == ()
    assert loaded.problems[0].message == f"version 1 of `a/e` is defined already, at {tmp_path / 'a.yaml'}:3"


def test_a_workflow_loads_with_all_its_versions_or_not_at_all(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": workflow("a", 1) + workflow("b", 1), "c.yaml": "a:\n  event: {version: 2}\n"})
    loaded = load(tmp_path)
    assert loaded.catalog.namespaces == ("b",)
    assert loaded.broken == {("a", "event")}
    assert loaded.broken_files == frozenset()  # all that the files define is known


@pytest.mark.parametrize(
    "text", ["a: [", "a: {}\na: {}\n", "a: 3\n", "a:\n  'b/c': {version: 1, steps: []}\n", "modules: 3\n"]
)
def test_a_file_that_may_define_more_than_can_be_seen_is_said_to_be_broken(text: str, tmp_path: Path) -> None:
    loaded = load(write(tmp_path, {"a.yaml": text, "b.yaml": workflow("b")}))
    assert loaded.broken_files == {str(tmp_path / "a.yaml")}
    assert loaded.catalog.namespaces == ("b",)


@pytest.mark.bad_input(39)
def test_links_are_followed_and_never_round_in_circles(tmp_path: Path) -> None:
    # A Kubernetes ConfigMap: the files are links into a hidden directory, which is a link itself.
    write(tmp_path, {"..2026/a.yaml": workflow("a"), "sub/b.yaml": workflow("b")})
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.yaml").symlink_to("..data/a.yaml")
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "twin").symlink_to("sub")
    assert load_or_raise(tmp_path).namespaces == ("a", "b")


def test_a_link_that_leads_nowhere_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"b.yaml": workflow("b")})
    (tmp_path / "a.yaml").symlink_to("gone.yaml")
    (tmp_path / "c.yaml").symlink_to("c.yaml")
    loaded = load(tmp_path)
    assert loaded.catalog.namespaces == ("b",)
    assert [problem.message for problem in loaded.problems] == [
        "the file cannot be read: No such file or directory",
        "the file cannot be read: Too many levels of symbolic links",
    ]


@pytest.mark.bad_input(39)
def test_a_pipe_is_a_problem_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    (problem,) = load(tmp_path).problems
    assert problem.message == "this is not a file with text in it"


def refusing(honest: Callable[..., Any]) -> Callable[..., Any]:
    def refuse(path: Path, *rest: object) -> Any:
        if path.name in ("a.yaml", "c"):
            raise PermissionError(13, "Permission denied")
        return honest(path, *rest)

    return refuse


@pytest.mark.bad_input(39)
def test_what_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"a.yaml": workflow("a"), "b.yaml": workflow("b"), "c/c.yaml": workflow("c")})
    # As root everything can be read.
    monkeypatch.setattr(Path, "open", refusing(Path.open))
    monkeypatch.setattr(os, "scandir", refusing(os.scandir))
    loaded = load(tmp_path)
    assert loaded.catalog.namespaces == ("b",)
    assert [problem.message for problem in loaded.problems] == [
        "the file cannot be read: Permission denied",
        "the directory cannot be read: Permission denied",
    ]


@pytest.mark.parametrize(
    "raw", [b"\x89PNG\r\n\x1a\n\x00", b"\x7fELF\x02\x01\x01\x00", b"#" * (10 * 1024 * 1024)]
)
@pytest.mark.bad_input(39)
def test_a_binary_or_huge_file_is_a_problem(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    assert len(load(tmp_path).problems) == 1


def test_a_thousand_workflows_load_in_one_go(tmp_path: Path) -> None:
    step = "      - {{module: m{0}, action: act, with: {{id: '${{input.id}}'}}, metadata: {{n: {0}}}}}\n"
    one = "ns{0}:\n  event:\n    version: 1\n    input: {{type: object}}\n    steps:\n" + step * 5
    write(tmp_path, {f"{n}.yaml": "".join(one.format(n * 20 + k) for k in range(20)) for n in range(50)})
    catalog = load_or_raise(tmp_path)
    assert len(catalog.workflows) == 1000
    assert len(catalog.modules) == 1000
