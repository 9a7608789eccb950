"""The fragments for Redis and RabbitMQ: taken by the server itself, or by the code it reads them with."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from resistor.dev import valkey
from tests.installing import install_rabbitmq

Judge = Callable[..., tuple[int, str]]
Find = Callable[[str, str], str]
Reading = Callable[[Path], tuple[int, str]]


@pytest.fixture
def redis_program() -> str:
    """Give a Redis from PATH, else the Valkey that `resistor dev` runs."""
    return shutil.which("redis-server") or valkey.find_binary()


@contextmanager
def running(redis_program: str, config: Path, folder: Path) -> Iterator[redis.Redis]:
    """Run a Redis with `config` on a socket in `folder`, give a client of it, and kill it."""
    socket = folder / "socket"
    command = [redis_program, str(config), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            for line in server.stdout:
                if "eady to accept connections" in line:
                    break
            else:
                pytest.fail("the server ended before it was ready")
            with redis.Redis(unix_socket_path=str(socket), decode_responses=True) as client:
                yield client
        finally:
            server.kill()


def test_redis_keeps_runs_on_disk_and_evicts_none(redis_program: str, deploy: Path, tmp_path: Path) -> None:
    with running(redis_program, deploy / "redis" / "redis.conf", tmp_path) as client:
        assert client.config_get("appendonly", "appendfsync", "maxmemory-policy") == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }


def test_what_redis_holds_survives_a_kill(redis_program: str, deploy: Path, tmp_path: Path) -> None:
    config = deploy / "redis" / "redis.conf"
    with running(redis_program, config, tmp_path) as client:
        client.set("run", "open")
    with running(redis_program, config, tmp_path) as client:
        assert client.get("run") == "open"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("appendonly yes", "apendonly yes"), ("maxmemory-policy noeviction", "maxmemory-policy none")],
)
def test_redis_refuses_a_broken_copy(
    redis_program: str, deploy: Path, tmp_path: Path, right: str, wrong: str
) -> None:
    text = (deploy / "redis" / "redis.conf").read_text()
    assert right in text
    broken = tmp_path / "redis.conf"
    broken.write_text(text.replace(right, wrong))
    command = [redis_program, str(broken), "--port", "0", "--dir", str(tmp_path)]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert refused.returncode == 1
    assert wrong.split(maxsplit=1)[0] in refused.stdout + refused.stderr


@pytest.fixture
def rabbitmq_reads(find: Find, judge: Judge, tmp_path: Path) -> Reading:
    """Give RabbitMQ's own reading of a rabbitmq.conf, without a boot: its schema and reader, cuttlefish."""
    if shutil.which("erl") is None:
        install_rabbitmq()
    erl = find("erl", "apt-get install rabbitmq-server")
    plugins = next(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/plugins"))
    (schema,) = plugins.glob("rabbit-*/priv/schema")
    code = [str(path) for path in plugins.glob("*/ebin")]

    def reads(config: Path) -> tuple[int, str]:
        arguments = ["-s", schema, "-c", config, "-d", tmp_path / "out", "-f", "read", "generate"]
        listed = ",".join(f'"{argument}"' for argument in arguments)
        evaluate = f"cuttlefish_escript:main([{listed}]), halt()."
        return judge(erl, "-noshell", "-noinput", "-boot", "no_dot_erlang", "-pa", *code, "-eval", evaluate)

    return reads


@pytest.mark.rabbitmq
def test_rabbitmq_understands_every_line(rabbitmq_reads: Reading, deploy: Path, tmp_path: Path) -> None:
    code, said = rabbitmq_reads(deploy / "rabbitmq" / "rabbitmq.conf")
    assert code == 0, said
    (read,) = (tmp_path / "out").glob("*.config")
    assert "{consumer_timeout,1800000}" in read.read_text()


@pytest.mark.rabbitmq
@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("consumer_timeout", "consumer_timeuot", "there is no setting with that name"),
        ("1800000", "half an hour", "half an hour"),
        ("16777216", "1677721600", "max_message_size invalid"),
    ],
)
def test_rabbitmq_refuses_a_broken_copy(
    rabbitmq_reads: Reading, deploy: Path, tmp_path: Path, right: str, wrong: str, complaint: str
) -> None:
    text = (deploy / "rabbitmq" / "rabbitmq.conf").read_text()
    assert right in text
    broken = tmp_path / "rabbitmq.conf"
    broken.write_text(text.replace(right, wrong))
    code, said = rabbitmq_reads(broken)
    assert code == 1
    assert complaint in said
