"""Where the files of `deploy/` are, and how their judges are called.

Every judge is a program or a package that carries its own schemas: none of them goes to the network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the root of the checkout."""
    return Path(__file__).parents[3]


@pytest.fixture(scope="session")
def deploy(root: Path) -> Path:
    """Give the folder under test."""
    return root / "deploy"


@pytest.fixture(scope="session")
def find() -> Callable[[str, str], str]:
    """Find a program in this environment or on PATH; `hint` says how to install one that is missing.

    Without it a test skips on a laptop and fails in CI, where everything must be checked.
    """

    def find_program(name: str, hint: str) -> str:
        found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        if found is not None:
            return found
        missing = f"{name} is not installed: {hint}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)

    return find_program


@pytest.fixture(scope="session")
def judge() -> Callable[..., tuple[int, str]]:
    """Run a judge and give its exit code and everything it said."""

    def run(*command: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30, check=False
        )
        return done.returncode, done.stdout.strip()

    return run
