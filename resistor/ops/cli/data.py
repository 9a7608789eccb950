"""`--data JSON|@FILE|-`: what several commands are given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from resistor.errors import OperatorMistake, RejectedMessage

Command = TypeVar("Command", bound=Callable[..., Any])


def data_option(what: str, *, default: str | None = None) -> Callable[[Command], Command]:
    """Return the option `--data`; `what` says what it is."""
    return click.option("--data", default=default, show_default=True, metavar="JSON|@FILE|-", help=what)


def read_object(data: str, *, limit: int) -> bytes:
    """Return a JSON object as it was given. Raises `OperatorMistake`."""
    from resistor.messages import json

    given = _read(data)
    try:
        json.decode_object(given, limit=limit)
    except RejectedMessage as why:
        raise OperatorMistake(f"--data: {why.detail}") from None
    return given


def read_value(data: str, *, limit: int) -> bytes:
    """Return any JSON value as it was given. Raises `OperatorMistake`."""
    from resistor.messages import json

    given = _read(data)
    try:
        json.decode_strict(given, limit=limit)
    except RejectedMessage as why:
        raise OperatorMistake(f"--data: {why.detail}") from None
    return given


def _read(data: str) -> bytes:
    try:
        if data == "-":
            return sys.stdin.buffer.read().strip()
        if data.startswith("@"):
            return Path(data[1:]).read_bytes().strip()
    except OSError as error:
        raise OperatorMistake(f"--data: {data[1:]} cannot be read: {error.strerror}") from None
    except ValueError:  # a NUL, or what no file system can spell
        raise OperatorMistake(f"--data: {data[1:]!r} is not a file's name") from None
    return data.strip().encode(errors="surrogatepass")  # not UTF-8 then: the reader says so
