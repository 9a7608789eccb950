"""Private RabbitMQ and Redis servers for the tests: own ports, own data, own processes.

Called by `tests/conftest.py` only; tests get them as fixtures. Everything is synchronous, so that any test
can use it; inside a running loop, wrap what takes long (`start` of RabbitMQ: some five seconds) in
`asyncio.to_thread`.

Must never touch a server that the tests did not start.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import redis

from resistor.dev import valkey
from resistor.dev.child import Child, free_port
from tests.certificates import Authority

_BOOT_TIMEOUT_S = 90.0
_MOST_VHOSTS = 80
_VHOST_BATCH = 20  # one `rabbitmqctl` costs a second, whatever it does: virtual hosts are made by the batch
_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_LOOPBACK = "-kernel inet_dist_use_interface {127,0,0,1}"


class ServerMissing(Exception):
    """The program of a server is not installed."""


def _wait_until(up: Callable[[], bool], child: Child, what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not up():
        if not child.running or time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not come up:\n{child.last_words()}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1.0).close()
    except OSError:
        return False
    return True


def _speaks_amqp(port: int) -> bool:
    """Tell whether a server on `port` answers the protocol header with Connection.Start (a method frame)."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as connection:
            connection.settimeout(5.0)
            connection.sendall(_AMQP_HEADER)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False


def find_rabbitmq() -> Path:
    """Give the path of the `rabbitmq-server` program.

    Debian's own place comes first: what it puts on PATH is a wrapper that insists on its own user.
    """
    packaged = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    found = str(packaged) if packaged.exists() else shutil.which("rabbitmq-server")
    if found is None:
        raise ServerMissing("rabbitmq-server is not installed: tests that need it are skipped")
    return Path(found)


class RabbitMQ:
    """A RabbitMQ node of our own, with an epmd of its own. `close` leaves nothing behind."""

    def __init__(self, program: Path) -> None:
        """Prepare ports, cookie and configuration; nothing runs before `start`."""
        self._program = program
        self._home = Path(tempfile.mkdtemp(prefix="resistor-rabbitmq-"))
        self.port = free_port()
        self.tls_port = free_port()
        self.authority = Authority(self._home) if shutil.which("openssl") else None
        self._epmd_port = free_port()
        self._environment = self._prepare()
        self._node: Child | None = None
        self._epmd: Child | None = None
        self._vhosts: list[str] = []
        self._vhost_count = 0

    @property
    def amqp_url(self) -> str:
        """The URL of the default virtual host, shared by all tests: prefer `new_vhost`."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int | None:
        """The process id of the Erlang VM; None while it is down."""
        return self._node.pid if self.running and self._node else None

    @property
    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._node is not None and self._node.running

    def start(self) -> None:
        """Boot the node (some five seconds) until it speaks AMQP; a frozen one continues. Idempotent."""
        if self.running:
            self.resume()
            return
        self._start_epmd()
        # With RABBITMQ_ALLOW_INPUT the script ends in `exec erl`: the child's pid is the Erlang VM's own.
        self._node = Child(
            [str(self._program), "-noinput"], log=self._home / "node.log", environment=self._environment
        )
        _wait_until(lambda: _speaks_amqp(self.port), self._node, "RabbitMQ", _BOOT_TIMEOUT_S)

    def stop(self) -> None:
        """Shut the node down in order; its data stays. Idempotent."""
        if self._node is not None:
            self.resume()
            self._node.stop(patience_s=30.0)

    def kill(self) -> None:
        """Kill -9 the node, as a power cut would; its data stays. Idempotent."""
        if self._node is not None:
            self._node.kill()

    def restart(self) -> None:
        """Shut down in order and boot again, with the same data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze the node (SIGSTOP): connections stay open and nothing answers."""
        if self._node is not None:
            self._node.freeze()

    def resume(self) -> None:
        """Let a frozen node continue (SIGCONT)."""
        if self._node is not None:
            self._node.signal(signal.SIGCONT)

    def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` with `arguments` on this node and give what it printed (a second or two)."""
        program = self._program.with_name("rabbitmqctl")
        done = subprocess.run(
            [str(program), "-q", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {arguments[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def new_vhost(self) -> str:
        """Give the URL of a virtual host that nobody has used. Starts the node if it is down."""
        self.start()
        if not self._vhosts:
            self._make_vhosts()
        return f"{self.amqp_url}{quote(self._vhosts.pop(), safe='')}"

    def renew_if_worn(self, most: int = _MOST_VHOSTS) -> None:
        """Begin anew, without data, after so many virtual hosts: a node with thousands of queues is slow."""
        if self._vhost_count - len(self._vhosts) >= most:
            self.kill()
            shutil.rmtree(self._home / "data")
            self._vhosts, self._vhost_count = [], 0
            self.start()

    def close(self) -> None:
        """End everything and remove the data. Idempotent."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start_epmd(self) -> None:
        # Started here and in the foreground: the one that `erl` would start on its own is nobody's child.
        if self._epmd is not None and self._epmd.running:
            return
        self._epmd = Child(
            [shutil.which("epmd") or "epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            log=self._home / "epmd.log",
            environment=self._environment,
        )
        _wait_until(lambda: _listens(self._epmd_port), self._epmd, "epmd", 10.0)

    def _make_vhosts(self) -> None:
        names = [f"test-{self._vhost_count + number}" for number in range(_VHOST_BATCH)]
        everything = {"user": "guest", "configure": ".*", "write": ".*", "read": ".*"}
        definitions = {
            "vhosts": [{"name": name} for name in names],
            "permissions": [{"vhost": name, **everything} for name in names],
        }
        file = self._home / "vhosts.json"
        file.write_text(json.dumps(definitions))
        self.ctl("import_definitions", str(file))
        self._vhost_count += _VHOST_BATCH
        self._vhosts = names[::-1]

    def _tls_listener(self) -> str:
        if self.authority is None:
            return ""
        certificate, key = self.authority.server()
        return (
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}\n"
            f"ssl_options.cacertfile = {self.authority.certificate}\n"
            f"ssl_options.certfile = {certificate}\n"
            f"ssl_options.keyfile = {key}\n"
        )

    def _prepare(self) -> dict[str, str]:
        home = self._home
        cookie = home / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (home / "enabled_plugins").write_text("[].")
        (home / "environment").touch()
        (home / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"{self._tls_listener()}"
            "loopback_users = none\n"
            "log.console = false\n"
            "log.file.level = warning\n"
            "disk_free_limit.absolute = 50MB\n"
            "raft.wal_max_size_bytes = 32000000\n"
        )
        # Each queue says every so often what is in it: thousands of queues would fill a core with that.
        advanced = home / "advanced.config"
        advanced.write_text("[{rabbit, [{quorum_tick_interval, 60000}]}].\n")
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("RABBITMQ_")}
        return inherited | {
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"resistor-{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CTL_DIST_PORT_MIN": "32100",
            "RABBITMQ_CTL_DIST_PORT_MAX": "32700",
            "RABBITMQ_CONF_ENV_FILE": str(home / "environment"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(advanced),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_ALLOW_INPUT": "true",
            # No busy waiting: the machine is shared with the tests themselves.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{_LOOPBACK} +sbwt none +sbwtdcpu none +sbwtdio none",
            "RABBITMQ_CTL_ERL_ARGS": _LOOPBACK,
        }


class RedisServer:
    """A Valkey or Redis process of our own: durable, so that killing and starting it keeps the data."""

    def __init__(self, binary: str) -> None:
        """Prepare a port and a directory; nothing runs before `start`."""
        self._binary = binary
        self._home = Path(tempfile.mkdtemp(prefix="resistor-redis-"))
        self._asides: list[Path] = []
        self.port = free_port()
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The `redis://` URL of database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """The process id; None while it is down."""
        return self._child.pid if self._child and self._child.running else None

    def start(self) -> None:
        """Start the server and return when it answers. A frozen one continues. Idempotent."""
        if self._child is not None and self._child.running:
            self.resume()
            return
        words = valkey.command(self._binary, self.port, self._home)
        child = self._child = Child(words, log=self._home / "redis.log")
        _wait_until(lambda: valkey.answers(self.port, child.pid), child, "Redis", 30.0)

    def stop(self) -> None:
        """Shut down in order; the data stays. Idempotent."""
        if self._child is not None:
            self.resume()
            self._child.stop()

    def kill(self) -> None:
        """Kill -9; the data stays, as far as it was written. Idempotent."""
        if self._child is not None:
            self._child.kill()

    def pause(self) -> None:
        """Freeze the server (SIGSTOP): connections stay open and nothing answers."""
        if self._child is not None:
            self._child.freeze()

    def resume(self) -> None:
        """Let a frozen server continue (SIGCONT)."""
        if self._child is not None:
            self._child.signal(signal.SIGCONT)

    def ask(self, *words: str) -> object:
        """Send one command as an operator would."""
        with redis.Redis.from_url(self.url) as client:
            return client.execute_command(*words)

    def follow(self, primary: RedisServer | None) -> None:
        """Become a replica of `primary` and return when in step with it; of None: a primary again."""
        if primary is None:
            self.ask("REPLICAOF", "NO", "ONE")
            return
        self.ask("REPLICAOF", "127.0.0.1", str(primary.port))
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + 30.0
            while client.info("replication").get("master_link_status") != "up":
                if time.monotonic() > deadline:
                    raise RuntimeError("the replica does not get in step")
                time.sleep(0.02)

    def save_aside(self) -> Path:
        """Copy the data as it is now, as a backup would; returns where."""
        self.ask("BGREWRITEAOF")
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + 30.0
            while client.info("persistence")["aof_rewrite_in_progress"]:
                if time.monotonic() > deadline:
                    raise RuntimeError("the append-only file is not rewritten")
                time.sleep(0.02)
        aside = self._home.with_name(f"{self._home.name}-aside-{secrets.token_hex(4)}")
        shutil.copytree(self._home, aside)
        self._asides.append(aside)
        return aside

    def restore(self, aside: Path) -> None:
        """Put a copy back, as an operator does who has only a backup: kill -9, the older data, start."""
        self.kill()
        shutil.rmtree(self._home)
        shutil.copytree(aside, self._home)
        self.start()

    def close(self) -> None:
        """End the server and remove its data. Idempotent."""
        self.kill()
        for directory in (self._home, *self._asides):
            shutil.rmtree(directory, ignore_errors=True)
