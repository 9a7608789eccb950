"""Queues, topology, tokens, settings and the doctor on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from resistor import __version__
from resistor.bus.bus import QueueInfo
from resistor.config import Settings
from resistor.daemon import main
from resistor.ops.cli.root import COMMANDS
from resistor.tokens import Place, TokenKeys
from tests.unit.ops.conftest import HEALTHY, Call, FakeBus, FakeStore, lines_of
from tests.unit.ops.samples import DEFINITION, RUN

TOKEN_KEYS = "k1:0123456789abcdef"


@pytest.fixture
def definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a directory with one good definition, which the settings name."""
    (tmp_path / "shop.yaml").write_bytes(DEFINITION)
    monkeypatch.setenv("RESISTOR_DEFINITIONS", str(tmp_path))
    return tmp_path


# ------------------------------------------------------------------------------------------ the frame


def test_help_lists_every_command(call: Call) -> None:
    said = call("--help").stdout
    for name, lazy in COMMANDS.items():
        assert f"  {name} " in said
        assert lazy.help in said


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_an_example_of_use(call: Call, name: str) -> None:
    assert call(name, "--help").stdout.startswith(f"Usage: resistor {name}")


def test_the_version_is_told(call: Call) -> None:
    assert call("--version").stdout == f"resistor {__version__}\n"


def test_help_needs_no_heavy_import() -> None:
    heavy = "{'pydantic', 'redis', 'aiormq', 'rich', 'opentelemetry', 'uvicorn', 'prometheus_client', 'yaml'}"
    code = (
        "import sys, contextlib, io\n"
        "from resistor.__main__ import TESTS\n"
        "from resistor.ops.cli.root import command_line\n"
        "asked = (['--help'], ['serve', '--help'], ['run', 'list', '--help'], ['workflow', '--help'],\n"
        "         ['workflow', 'list', '--help'], ['module', '--help'], ['module', 'run', '--help'])\n"
        "for arguments in asked:\n"
        "    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "        command_line(inner=TESTS)(arguments)\n"
        f"print(*sorted({heavy} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_wrong_setting_is_one_line_and_exit_code_2(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESISTOR_BATCH", "many")
    result = call("config", "show", code=2)
    assert result.stderr == "Error: RESISTOR_BATCH: a whole number is expected, not 'many'\n"


def test_an_option_goes_before_the_environment(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESISTOR_PREFIX", "of-variable")
    settings = lines_of(call("--prefix", "of-option", "config", "show", "-o", "jsonl").stdout)
    [prefix] = [each for each in settings if each["name"] == "broker.prefix"]
    assert (prefix["value"], prefix["source"]) == ("of-option", "--prefix")


def test_the_settings_are_shown_without_secrets(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESISTOR_AMQP_URL", "amqp://me:hidden@rabbit:5672/")
    monkeypatch.setenv("RESISTOR_TOKEN_KEYS", "k1:hidden-hidden-hidden")
    said = call("config", "show").stdout
    assert "hidden" not in said
    heading, url, *_ = said.splitlines()
    assert heading.split() == ["SETTING", "VALUE", "FROM", "VARIABLE"]
    assert url.split() == [
        *("broker.url", "amqp://me:********@rabbit:5672/", "RESISTOR_AMQP_URL", "RESISTOR_AMQP_URL")
    ]


def test_serving_goes_by_the_options(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Settings] = []

    async def serve(settings: Settings) -> None:
        served.append(settings)

    monkeypatch.setattr(main, "serve", serve)
    call("serve", "--http", "off", "--drain", "5s", "--definitions", "elsewhere")
    [settings] = served
    assert (settings.http.bind, settings.daemon.drain_seconds) == ("off", 5.0)
    assert settings.definitions.paths == (Path("elsewhere"),)


# ----------------------------------------------------------------------------- queues, topology, tokens


@pytest.mark.usefixtures("definitions")
def test_queues_are_listed_with_those_of_the_modules(call: Call, bus: FakeBus) -> None:
    bus.queues = {
        "resistor.module.payments": QueueInfo(messages=12, consumers=0),
        "resistor.module.warehouse": None,
    }
    lines = {line["queue"]: line for line in lines_of(call("queue", "list", "-o", "jsonl").stdout)}
    assert lines["resistor.module.payments"]["messages"] == 12
    assert not lines["resistor.module.warehouse"]["exists"]
    assert not any("retry" in name for name in lines)
    assert "resistor.retry.1h" in call("queue", "list", "--all").stdout


def test_modules_are_those_of_the_workflows(call: Call, bus: FakeBus) -> None:
    bus.queues = {"resistor.module.payments": QueueInfo(messages=3, consumers=2)}
    said = call("module", "list").stdout.splitlines()
    assert [line.split() for line in said] == [
        ["MODULE", "RUNNING", "WAITING", "LIMITED", "HELD", "PAUSED"],
        ["payments", "2", "3", "0", "0", "-"],
        ["warehouse", "1", "0", "0", "0", "-"],
    ]


def test_the_topology_is_shown_without_a_server(call: Call, bus: FakeBus) -> None:
    bus.is_away = True
    rows = lines_of(call("topology", "show", "--module", "payments", "-o", "jsonl").stdout)
    queues = {row["name"]: row["details"] for row in rows if row["kind"] == "queue"}
    assert queues["resistor.module.payments"]["x-queue-type"] == "quorum"


def test_the_topology_is_declared(call: Call, bus: FakeBus) -> None:
    result = call("topology", "apply", "--module", "payments")
    [declared] = bus.declared
    assert "resistor.module.payments" in {queue.name for queue in declared.queues}
    counts = tuple(map(len, (declared.exchanges, declared.queues, declared.bindings)))
    assert result.stderr == "{} exchanges, {} queues, {} bindings are there\n".format(*counts)


def test_a_queue_of_another_kind_is_exit_code_2(call: Call, bus: FakeBus) -> None:
    bus.mismatch = "queue 'resistor.events' exists with another x-queue-type"
    assert call("topology", "apply", code=2).stderr.endswith(f"Error: {bus.mismatch}\n")


def token(keys: TokenKeys, *, expires_at: float) -> str:
    """Return a token of a step."""
    return keys.sign(
        Place("shop", "order.placed", 3, "a" * 12, RUN, "charge", 1, "payments", int(expires_at))
    )


def test_a_token_of_ours_says_what_it_names(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESISTOR_TOKEN_KEYS", TOKEN_KEYS)
    ours = token(TokenKeys((("k1", b"0123456789abcdef"),)), expires_at=time.time() + 60)
    said = call("token", "verify", "-", typed=f"{ours}\n").stdout.splitlines()
    assert said[0].split() == ["namespace", "shop"]
    assert json.loads(call("token", "verify", ours, "-o", "json").stdout)["step"] == "charge"


def test_a_token_of_the_generated_key_is_ours_too(call: Call) -> None:
    ours = token(TokenKeys((("generated", b"generated-generated"),)), expires_at=time.time() + 60)
    assert call("token", "verify", ours).exit_code == 0


def test_a_forged_or_expired_token_is_exit_code_1(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESISTOR_TOKEN_KEYS", TOKEN_KEYS)
    keys = TokenKeys((("k1", b"0123456789abcdef"),))
    assert call("token", "verify", "r1.k1.x.y", code=1).stderr == (
        "Error: bad_token: the token was not signed with a key of this installation\n"
    )
    assert call("token", "verify", token(keys, expires_at=1), code=1).stderr == (
        "Error: expired_token: the token is one of ours, and has expired\n"
    )


# ------------------------------------------------------------------------------------------ the doctor


@pytest.fixture
def healthy(definitions: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let everything be as it should be."""
    monkeypatch.setenv("RESISTOR_TOKEN_KEYS", TOKEN_KEYS)
    return definitions


@pytest.mark.usefixtures("healthy")
def test_where_all_is_well_the_doctor_says_so(call: Call, bus: FakeBus) -> None:
    bus.queues = {"resistor.dead": QueueInfo(messages=0, consumers=0)}
    assert call("doctor").stdout.splitlines() == [
        "ok    definitions: 1 workflow",
        "ok    token keys: 1 key configured",
        "ok    redis: version 8.1",
        "ok    redis safety: append-only file (everysec), no eviction",
        "ok    rabbitmq: reached",
        "ok    queues: 21 queues, of the right type",
        "ok    daemon: events and results are taken",
        "ok    modules: 2 modules running",
    ]


@pytest.mark.usefixtures("healthy")
def test_what_fails_comes_with_its_remedy_and_exit_code_1(
    call: Call, store: FakeStore, bus: FakeBus, healthy: Path
) -> None:
    store.state = msgspec.structs.replace(HEALTHY, is_persistent=False, eviction="allkeys-lru")
    bus.queues = {
        "resistor.events": QueueInfo(messages=4, consumers=0),
        "resistor.results": QueueInfo(messages=0, consumers=1),
        "resistor.results.1": QueueInfo(messages=4, consumers=0),
        "resistor.module.payments": QueueInfo(messages=4, consumers=0),
        "resistor.retry.1h": None,
        "resistor.dead": QueueInfo(messages=2, consumers=0),
    }
    bus.mismatch = "queue 'resistor.events' exists with another x-queue-type: delete it when it is empty"
    (healthy / "wrong.yaml").write_text("shop: 1")
    said = call("doctor", code=1).stdout
    assert "fail  definitions: 1 problem, the first: " in said
    assert (
        "fail  redis safety: Redis has no append-only file: a crash loses every run\n      → Set `app" in said
    )
    assert (
        "fail  redis safety: Redis may evict keys (allkeys-lru): runs can vanish\n      → Set `maxme" in said
    )
    assert (
        "fail  queues: 1 of 22 missing: resistor.retry.1h\n      → start a daemon, or `resistor topo" in said
    )
    assert "fail  queues: queue 'resistor.events' exists with another x-queue-type" in said
    assert (
        "warn  daemon: nobody takes messages from resistor.events, resistor.results.1\n      → `resistor se"
        in said
    )
    assert "warn  modules: nobody runs payments: steps of theirs wait" in said
    assert "warn  dead letters: 2 in resistor.dead" in said


@pytest.mark.usefixtures("healthy")
def test_nobody_is_said_to_run_where_there_is_no_queue(call: Call, bus: FakeBus) -> None:
    bus.queues = dict.fromkeys(
        f"resistor.{name}" for name in ("events", "results", "module.payments", "module.warehouse")
    )
    said = call("doctor", code=1).stdout
    assert "modules:" not in said
    assert "daemon:" not in said


@pytest.mark.usefixtures("healthy")
def test_the_doctor_declares_nothing_that_is_not_there(call: Call, bus: FakeBus) -> None:
    bus.queues = {"resistor.events": None}
    call("doctor", code=1)
    [declared] = bus.declared
    assert declared.exchanges == ()
    assert declared.bindings == ()
    assert "resistor.events" not in {queue.name for queue in declared.queues}


@pytest.mark.usefixtures("healthy")
def test_servers_that_are_away_are_exit_code_3(call: Call, store: FakeStore, bus: FakeBus) -> None:
    store.is_away = bus.is_away = True
    checks = json.loads(call("doctor", "-o", "json", code=3).stdout)
    assert [check["name"] for check in checks if check["grade"] == "unreachable"] == ["redis", "rabbitmq"]
