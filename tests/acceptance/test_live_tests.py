"""Scenarios and pytest's tests on real servers: the same tests, and nothing left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.servers import RabbitMQ

pytestmark = pytest.mark.rabbitmq

DEFINITION = """
n:
  w:
    version: 1
    steps:
      - {module: m, action: a, timeout: 20s}
      - {module: m, action: b, retry: {limit: 3, delay: 100ms}}
      - {emit: {event: e, data: {q: 1}}, id: told}
      - {listen: {event: go, key: {event: event.data.k, run: input.k}}, id: gone}
"""
GOOD = """
scenario: All of it
event: n.w
id: one
data: {k: 1}
answers:
  m.a: [crash, {output: {v: 1}, twice: true}]
  m.b: [{retry: busy}, {output: 5, takes: 300ms}]
then:
  - after: 2s
  - {event: n.go, data: {k: 1}}
expect:
  status: completed
  path: [a, b, told, gone]
  attempts: {b: 2}
  emitted: [{n.e: {q: 1}}]
"""
LONG = GOOD.replace("All of it", "Too long").replace("after: 2s", "after: 2d")
WAITING = """
scenario: It waits for ever
event: n.w
data: {k: 1}
answers: {"m.*": {takes: 300ms}}
then: [{after: 1500ms}, {expect: {waiting: [gone], attempts: {a: 1}}}]
expect: {status: running}
"""
REFUSED = """
scenario: Nobody knows it
event: n.nothing
expect: {refused: unknown_workflow, runs: 0}
"""
TEST = """
from resistor.testing import CRASH


def test_on_real_servers(workflows):
    workflows.load("definitions")
    workflows.stub("m.a", CRASH, {"v": 1})
    workflows.stub("m.b", 5)
    run = workflows.start("n.w", {"k": 2})
    assert run.path == ["a", "b", "told", "gone"]
    assert run.calls("m.a")[0].deliveries == 2
    workflows.publish("n.go", {"k": 2})
    assert run.status == "completed"


def test_that_takes_a_month(workflows):
    workflows.load("definitions")
    workflows.advance("30d")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder."""
    files = {
        "w.yaml": DEFINITION,
        "w.good.yaml": GOOD,
        "w.long.yaml": LONG,
        "w.refused.yaml": REFUSED,
        "w.waiting.yaml": WAITING,
    }
    (tmp_path / "definitions").mkdir()
    for name, content in files.items():
        (tmp_path / "definitions" / name).write_text(content.lstrip())
    (tmp_path / "test_live.py").write_text(TEST)
    return tmp_path


def ran(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """What a command in the folder said."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=100, check=False
    )


def left(rabbitmq: RabbitMQ, rabbitmq_url: str, redis_url: str) -> tuple[list[str], list[str]]:
    """What of a test is still on the servers."""
    vhost = rabbitmq_url.rpartition("/")[2] or "/"
    queues = rabbitmq.ctl("--silent", "list_queues", "-p", vhost, "name").split()
    keys = redis.Redis.from_url(redis_url).keys("test-*")
    assert isinstance(keys, list)
    return [queue for queue in queues if queue.startswith("test-")], [str(key) for key in keys]


def test_scenarios_play_on_real_servers_and_leave_nothing_behind(
    folder: Path, rabbitmq: RabbitMQ, rabbitmq_url: str, redis_url: str
) -> None:
    servers = ("--amqp-url", rabbitmq_url, "--redis-url", redis_url)
    done = ran(folder, "resistor", "workflow", "test", "definitions", "--longest", "3s", *servers)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[0].startswith("✓ definitions/w.good.yaml  All of it")
    assert "left out: it takes 2d00h, more than 3.000s" in done.stdout.splitlines()[1]
    assert done.stdout.splitlines()[2].startswith("✓ definitions/w.refused.yaml")
    assert done.stdout.splitlines()[3].startswith("✓ definitions/w.waiting.yaml  It waits for ever")
    assert left(rabbitmq, rabbitmq_url, redis_url) == ([], [])


def test_pytest_plays_on_real_servers(
    folder: Path, rabbitmq: RabbitMQ, rabbitmq_url: str, redis_url: str
) -> None:
    bare = ("-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", ".")
    servers = ("--resistor-amqp-url", rabbitmq_url, "--resistor-redis-url", redis_url)
    done = ran(folder, "pytest", "-q", "-rs", *bare, *servers)
    assert "1 passed, 1 skipped" in done.stdout, done.stdout + done.stderr
    assert "30d00h are too long for real servers" in done.stdout
    assert left(rabbitmq, rabbitmq_url, redis_url) == ([], [])


def test_servers_that_are_away_are_one_line_and_exit_code_3(folder: Path, redis_url: str) -> None:
    away = ("--amqp-url", "amqp://guest:guest@127.0.0.1:1/", "--redis-url", redis_url)
    done = ran(folder, "resistor", "workflow", "test", "definitions", *away)
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert done.stderr.startswith("Error: the broker at amqp://guest:***@127.0.0.1:1/ cannot be reached")
