"""The three ways to run it say the same: settings that exist, one user, one time to drain, one demo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from resistor.config import ENVIRONMENT
from resistor.config import Daemon as DaemonSettings
from resistor.sdk.runner import DRAIN_SECONDS

MODULE = re.compile(r"\bworkers\.\w+:\w+")
VARIABLE = re.compile(r"\bRESISTOR_[A-Z_]*[A-Z]\b")


def files(deploy: Path) -> Iterator[Path]:
    """Give every file of `deploy/` but the secrets that somebody made here."""
    for path in sorted(deploy.rglob("*")):
        if path.is_file() and path.parent.name != "secrets" and path.name != "secret.yaml":
            yield path


@pytest.fixture
def compose(deploy: Path) -> dict[str, Any]:
    """Give the services of the Compose file."""
    services = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]
    assert isinstance(services, dict)
    return services


def pod(deploy: Path, file: str) -> dict[str, Any]:
    """Give the pod of the first Deployment in a manifest."""
    deployment = next(yaml.safe_load_all((deploy / "kubernetes" / file).read_text()))
    spec = deployment["spec"]["template"]["spec"]
    assert isinstance(spec, dict)
    return spec


def container(deploy: Path, file: str) -> tuple[list[str], dict[str, str]]:
    """Give the arguments and the environment of a pod's only container."""
    (only,) = pod(deploy, file)["containers"]
    return only["args"], {entry["name"]: entry["value"] for entry in only["env"]}


def systemd(deploy: Path, name: str) -> str:
    """Give the text of a file for systemd."""
    return (deploy / "systemd" / name).read_text()


def test_the_demo_has_the_same_modules_everywhere(deploy: Path, compose: dict[str, Any]) -> None:
    demo = MODULE.findall(systemd(deploy, "module-demo.env.example"))
    assert len(demo) == 6
    assert compose["modules"]["command"] == ["module", "run", *demo]
    assert container(deploy, "modules.yaml")[0] == ["module", "run", *demo]


def test_a_daemon_gets_the_same_time_to_drain_everywhere(deploy: Path, compose: dict[str, Any]) -> None:
    grace = pod(deploy, "daemon.yaml")["terminationGracePeriodSeconds"]
    assert f"\nTimeoutStopSec={grace}\n" in systemd(deploy, "resistor.service")
    assert compose["daemon-a"]["stop_grace_period"] == f"{grace}s"
    assert compose["daemon-b"]["stop_grace_period"] == f"{grace}s"


def test_modules_get_the_same_time_to_drain_everywhere(deploy: Path, compose: dict[str, Any]) -> None:
    grace = pod(deploy, "modules.yaml")["terminationGracePeriodSeconds"]
    assert f"\nTimeoutStopSec={grace}\n" in systemd(deploy, "resistor-module@.service")
    assert compose["modules"]["stop_grace_period"] == f"{grace}s"


def test_the_image_and_the_manifests_name_the_same_user(deploy: Path) -> None:
    (user,) = re.findall(r"^USER (\d+):\1$", (deploy / "Dockerfile").read_text(), re.MULTILINE)
    for file in ("daemon.yaml", "modules.yaml"):
        context = pod(deploy, file)["securityContext"]
        assert {context["runAsUser"], context["runAsGroup"], context["fsGroup"]} == {int(user)}


def test_a_module_never_gets_the_store_or_the_token_keys(deploy: Path, compose: dict[str, Any]) -> None:
    assert compose["modules"]["environment"].keys() == {"RESISTOR_AMQP_URL_FILE"}
    assert container(deploy, "modules.yaml")[1].keys() == {"RESISTOR_AMQP_URL_FILE"}
    assert set(VARIABLE.findall(systemd(deploy, "resistor-module@.service"))) == {"RESISTOR_AMQP_URL_FILE"}


def test_a_bind_that_others_can_reach_comes_with_an_api_token(deploy: Path, compose: dict[str, Any]) -> None:
    composed = [compose[name]["environment"] for name in ("daemon-a", "daemon-b")]
    for environment in [*composed, container(deploy, "daemon.yaml")[1]]:
        assert environment["RESISTOR_HTTP"] == "0.0.0.0:8080"
        assert "RESISTOR_HTTP_TOKEN_FILE" in environment
    assert "\nRESISTOR_HTTP=127.0.0.1:8080\n" in systemd(deploy, "resistor.env.example")


def test_no_secret_is_written_down(deploy: Path) -> None:
    for path in files(deploy):
        for password in re.findall(r"(?:amqp|redis)s?://\w*:([^@\s]+)@", path.read_text()):
            assert password in {"CHANGE-ME", "PASSWORD", "password", "%s"}, path


def test_every_file_that_the_runbook_names_exists(root: Path, deploy: Path) -> None:
    runbook = (deploy / "README.md").read_text()
    made_by_the_reader = {"deploy/secrets", "deploy/secrets/http-token", "deploy/kubernetes/secret.yaml"}
    made_by_the_reader.add("deploy/resistor-daemon")  # kubectl's word for a Deployment
    for name in set(re.findall(r"\bdeploy/[\w/.*-]+\w", runbook)) - made_by_the_reader:
        assert list(root.glob(name)), name
    for name in re.findall(r"`((?:rabbitmq|redis|kubernetes|systemd)/[\w/.-]*)`", runbook):
        assert (deploy / name).exists(), name


def test_every_module_of_the_demo_exists(root: Path, deploy: Path) -> None:
    for name in MODULE.findall(systemd(deploy, "module-demo.env.example")):
        file, _, variable = name.partition(":")
        text = root.joinpath(*file.split(".")).with_suffix(".py").read_text()
        assert re.search(rf"^{variable}\b.*=", text, re.MULTILINE), name


def test_every_setting_that_is_named_is_one_that_the_configuration_reads(deploy: Path) -> None:
    known = {*ENVIRONMENT, "RESISTOR_CONFIG"}
    injected = {"RESISTOR_PORT"}  # what Kubernetes would say of a Service of our name: named in a comment
    for path in files(deploy):
        for name in set(VARIABLE.findall(path.read_text())) - injected:
            assert name in known or name.removesuffix("_FILE") in known, f"{path}: {name}"


def test_a_daemon_has_time_to_drain_and_to_say_goodbye(deploy: Path) -> None:
    grace = pod(deploy, "daemon.yaml")["terminationGracePeriodSeconds"]
    assert grace >= DaemonSettings().drain_seconds + 5
    assert pod(deploy, "modules.yaml")["terminationGracePeriodSeconds"] >= DRAIN_SECONDS + 5
