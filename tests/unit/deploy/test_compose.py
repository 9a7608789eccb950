"""The Compose file: valid against the specification's schema, and whole: nothing it names is missing."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Judge = Callable[..., tuple[int, str]]
Find = Callable[[str, str], str]
Specification = Callable[[Path], tuple[int, str]]


@pytest.fixture
def specification(find: Find, judge: Judge) -> Specification:
    """Hold a file against the schema of the Compose specification, which check-jsonschema carries."""
    program = find("check-jsonschema", "pip install check-jsonschema")
    return lambda file: judge(program, "--builtin-schema", "vendor.compose-spec", file)


@pytest.fixture
def compose(deploy: Path) -> dict[str, Any]:
    loaded = yaml.safe_load((deploy / "compose.yaml").read_text())
    assert isinstance(loaded, dict)
    return loaded


def draw_secrets(deploy: Path, folder: Path) -> dict[str, str]:
    """Draw the secrets into a folder and give what is in it."""
    subprocess.run([deploy / "draw-secrets.sh", folder], check=True, timeout=10)
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_the_specification_accepts_it(specification: Specification, deploy: Path) -> None:
    code, said = specification(deploy / "compose.yaml")
    assert code == 0, said


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("    image: redis:7.4", "    imge: redis:7.4"),
        ("condition: service_healthy", "condition: service_well"),
        ("    restart: unless-stopped", "    restart: [always]"),
    ],
)
def test_the_specification_refuses_a_broken_copy(
    specification: Specification, deploy: Path, tmp_path: Path, right: str, wrong: str
) -> None:
    text = (deploy / "compose.yaml").read_text()
    assert right in text
    broken = tmp_path / "compose.yaml"
    broken.write_text(text.replace(right, wrong))
    code, said = specification(broken)
    assert code == 1, said


def test_everything_that_is_mounted_or_built_from_exists(compose: dict[str, Any], deploy: Path) -> None:
    for service in compose["services"].values():
        mounts = [volume.split(":")[0] for volume in service.get("volumes", [])]
        for source in (mount for mount in mounts if mount.startswith(".")):
            assert (deploy / source).exists(), source
        assert {mount for mount in mounts if not mount.startswith(".")} <= compose["volumes"].keys()
        if build := service.get("build"):
            assert (deploy / build["context"] / build["dockerfile"]).is_file()


def test_every_name_that_a_service_uses_is_declared(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        secrets = {
            secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", [])
        }
        assert secrets <= compose["secrets"].keys()
        assert set(service["networks"]) <= compose["networks"].keys()
        assert service.get("depends_on", {}).keys() <= compose["services"].keys()
        for variable, value in service.get("environment", {}).items():
            if variable.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in secrets


def test_a_service_that_is_waited_for_says_when_it_is_healthy(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name in service.get("depends_on", {}):
            assert "test" in compose["services"][name]["healthcheck"]


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8080:8080", "127.0.0.1:8081:8080"]


def test_the_drawn_secrets_are_the_ones_that_are_mounted(
    compose: dict[str, Any], deploy: Path, tmp_path: Path
) -> None:
    drawn = draw_secrets(deploy, tmp_path / "secrets")
    assert {f"./secrets/{name}" for name in drawn} == {
        secret["file"] for secret in compose["secrets"].values()
    }
    (password,) = re.findall(r"^default_pass = ([0-9a-f]{64})$", drawn["rabbitmq-user.conf"], re.MULTILINE)
    assert drawn["amqp-url"] == f"amqp://resistor:{password}@rabbitmq:5672/\n"
    assert re.fullmatch(r"k1:[0-9a-f]{64}\n", drawn["token-keys"])
    assert re.fullmatch(r"[0-9a-f]{64}\n", drawn["http-token"])


def test_the_drawn_secrets_are_for_nobody_else_on_the_machine(deploy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    draw_secrets(deploy, folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    # Mounted as they are, and the container's user must read them: it is the folder that keeps others out.
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o644}


def test_drawing_again_keeps_what_is_there(deploy: Path, tmp_path: Path) -> None:
    assert draw_secrets(deploy, tmp_path) == draw_secrets(deploy, tmp_path)


def test_git_never_sees_the_secrets(deploy: Path) -> None:
    assert "secrets/" in (deploy / ".gitignore").read_text().splitlines()
