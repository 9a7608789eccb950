"""The peers' packages, in `.bench/` of the checkout: made on first use, and when the list of them changes.

Called by the contenders, in a thread: the first call may take a minute. Raises `CannotStart`, with one line
that says why, where something cannot be had. Must not change anything outside `.bench/`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.flow.contender import CannotStart
from bench.flow.stage import ROOT

RESTATE = "@restatedev/restate-server@1.7.12"

_TOOLS = ROOT / ".bench"
_VENV = _TOOLS / "venv"
_NODE = _TOOLS / "node"
_REQUIREMENTS = Path(__file__).parent / "requirements.txt"


def python() -> Path:
    """Return the Python that has the peers' packages."""
    program, wanted = _VENV / "bin" / "python", _REQUIREMENTS.read_text()
    made = _VENV / ".made-from"
    if not made.exists() or made.read_text() != wanted:
        _TOOLS.mkdir(exist_ok=True)
        _run(["sh", str(ROOT / ".ci" / "make-venv"), str(_VENV)], PYTHON=sys.executable)
        pip = (str(program), "-m", "pip", "--disable-pip-version-check", "--no-input")
        _run([*pip, "install", "--quiet", "--requirement", str(_REQUIREMENTS)])
        made.write_text(wanted)
    return program


def restate_server() -> Path:
    """Return Restate's server: its npm package has the program in it."""
    made = _NODE / ".made-from"
    if not made.exists() or made.read_text() != RESTATE:
        npm = shutil.which("npm")
        if npm is None:
            raise CannotStart("npm is not installed, and Restate's server comes from there")
        _NODE.mkdir(parents=True, exist_ok=True)
        quiet = ("--no-fund", "--no-audit", "--ignore-scripts", "--loglevel", "error")
        _run([npm, "install", "--prefix", str(_NODE), *quiet, RESTATE])
        made.write_text(RESTATE)
    for program in _NODE.glob("node_modules/@restatedev/restate-server-*/bin/restate-server"):
        return program
    raise CannotStart(f"{RESTATE} has no program for this machine")


def postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    found = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    for folder in sorted(found, key=lambda path: int(path.split("/")[-2]), reverse=True):
        if shutil.which("postgres", path=folder) and shutil.which("initdb", path=folder):
            return Path(folder)
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


def _run(command: Sequence[str], **environment: str) -> None:
    sys.stderr.write(f"once: {' '.join(command)}\n")
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise CannotStart(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise CannotStart(f"{Path(command[0]).name} failed: {last}")
