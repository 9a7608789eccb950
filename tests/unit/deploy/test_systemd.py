"""The systemd units: understood by systemd to the last line, and well confined."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Judge = Callable[..., tuple[int, str]]
Find = Callable[[str, str], str]
Opinion = Callable[[Path], tuple[int, str]]

MOST_EXPOSED = 20  # of 100; systemd calls anything up to 29 «OK», and a unit that says nothing gets 96


@pytest.fixture
def analyze(find: Find) -> str:
    return find("systemd-analyze", "apt-get install systemd")


@pytest.fixture
def verify(analyze: str, judge: Judge) -> Opinion:
    """Give systemd's reading of a unit. Much of what it reports leaves its exit code at 0."""
    return lambda unit: judge(analyze, "verify", "--man=no", unit)


@pytest.fixture
def security(analyze: str, judge: Judge) -> Opinion:
    """Give systemd's opinion of how much a unit leaves open."""
    return lambda unit: judge(analyze, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", unit)


@pytest.fixture(params=["resistor.service", "resistor-module@.service"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def unit(name: str, deploy: Path, tmp_path: Path) -> Path:
    """Give a copy of a unit, with a program that exists in the place of the one that it starts."""
    stub = tmp_path / "resistor"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    text = (deploy / "systemd" / name).read_text()
    assert "=/opt/resistor/bin/resistor " in text
    copy = tmp_path / name
    copy.write_text(text.replace("=/opt/resistor/bin/resistor ", f"={stub} "))
    return copy


def change(unit: Path, right: str, wrong: str) -> None:
    text = unit.read_text()
    assert right in text
    unit.write_text(text.replace(right, wrong))


def test_systemd_understands_every_line(verify: Opinion, unit: Path) -> None:
    assert verify(unit) == (0, "")


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("ProtectSystem=strict", "ProtectSystm=strict", "Unknown key 'ProtectSystm'"),
        ("TimeoutStopSec=", "TimeoutStopSec=q", "Failed to parse"),
        ("=@system-service", "=@system-srvice", "@system-srvice"),
        ("/resistor ", "/no-resistor ", "is not executable"),
    ],
)
def test_systemd_complains_about_a_broken_copy(
    verify: Opinion, unit: Path, right: str, wrong: str, complaint: str
) -> None:
    change(unit, right, wrong)
    _, said = verify(unit)
    assert complaint in said


def test_the_service_is_well_confined(security: Opinion, unit: Path) -> None:
    code, said = security(unit)
    assert code == 0, said


def test_a_service_that_keeps_its_capabilities_is_not(security: Opinion, unit: Path) -> None:
    change(unit, "CapabilityBoundingSet=\n", "")
    code, said = security(unit)
    assert code != 0, said


def test_a_wrong_setting_is_not_tried_for_ever(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    assert "Restart=always" in lines
    assert "RestartPreventExitStatus=2" in lines  # the exit code of a wrong setting


def test_every_secret_that_is_named_is_loaded(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    loaded = {line.split("=")[1].split(":")[0] for line in lines if line.startswith("LoadCredential=")}
    named = {line.rpartition("%d/")[2] for line in lines if line.startswith("Environment=")}
    assert loaded
    assert named == loaded
