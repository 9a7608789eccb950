"""Which files are definitions, and their bytes.

Called by loading. Goes through directories in order of names, follows links (a Kubernetes ConfigMap is
nothing but links) without ever going round in circles, and leaves out hidden files and the generated
schemas.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from resistor.errors import OperatorMistake, Problem

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_NOT_DEFINITIONS = frozenset({"schema.json", "scenario.schema.json"})


def find(paths: Iterable[Path]) -> Iterator[Path | Problem]:
    """Yield the definition files at these paths, each once, and what is wrong with a directory.

    Raises `OperatorMistake` for a path that is not there.
    """
    seen: set[Path] = set()
    for path in paths:
        # lexists: a link that leads nowhere is there, and is reported as a file that cannot be read.
        if not os.path.lexists(path):
            raise OperatorMistake(f"there is no file or directory {str(path)!r} to load definitions from")
        for found in _below(path, seen) if os.path.isdir(path) else [(path, _real(path))]:
            if isinstance(found, Problem):
                yield found
                continue
            file, real = found
            if real not in seen:
                seen.add(real)
                yield file


def read_bytes(file: Path, limit: int) -> bytes | Problem:
    """Return the file's bytes, one more than `limit` at most, or why it cannot be read."""
    try:
        if file.exists() and not file.is_file():  # opening a pipe would wait for its writer
            return Problem("this is not a file with text in it", str(file), 1, 1)
        with file.open("rb") as stream:
            return stream.read(limit + 1)
    except OSError as error:
        return Problem(f"the file cannot be read: {error.strerror or error}", str(file), 1, 1)


def _below(directory: Path, seen: set[Path]) -> Iterator[tuple[Path, Path] | Problem]:
    """Yield the files below, each with what it really is: looked up for links only, as that takes a while."""
    real = _real(directory)
    if real in seen:  # a link back up, or the same directory given twice
        return
    seen.add(real)
    try:
        with os.scandir(directory) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield Problem(f"the directory cannot be read: {error.strerror or error}", str(directory), 1, 1)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        path = directory / entry.name
        if _is_directory(entry):
            yield from _below(path, seen)
        elif path.suffix.lower() in SUFFIXES and entry.name not in _NOT_DEFINITIONS:
            yield path, _real(path) if entry.is_symlink() else real / entry.name


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # no permission, or a link to itself
        return False


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link to itself: Python 3.11 says RuntimeError, later ones OSError
        return path.absolute()
