"""Log lines: one JSON object a line for machines, readable and coloured on a terminal.

Configured once by whoever starts a process. Every room logs through `logging` with
`extra={"action": <fixed verb>, …fields}`; facts come here from `recording.py`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import msgspec

from resistor.config.sections import Log

_LOWER = {level: logging.getLevelName(level).lower() for level in range(0, 51, 10)}
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "fields"}
_encode = msgspec.json.Encoder(enc_hook=str).encode
_COLOURS = {logging.DEBUG: "2", logging.WARNING: "33", logging.ERROR: "31", logging.CRITICAL: "31"}
_FACT_COLOUR = "36"


def configure_logging(settings: Log, stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream`, standard error by default. Idempotent."""
    stream = stream or sys.stderr
    is_terminal = stream.isatty()
    is_text = settings.format == "text" or (settings.format == "auto" and is_terminal)
    handler = Lines(stream)
    is_coloured = is_terminal and settings.is_coloured
    handler.setFormatter(TextLines(is_coloured=is_coloured) if is_text else JsonLines())
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each.formatter, TextLines | JsonLines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # what libraries say below that is for their authors
    logging.getLogger("resistor").setLevel(settings.level.upper())
    logging.captureWarnings(True)


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines: facts with all others of a turn of the loop in one go, everything else at once.

    Whatever else is said goes behind the facts that came before it. A process that is killed may owe the
    facts of its last turn; they are in the runs' histories.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to `stream`."""
        super().__init__(stream)
        self._facts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, or keep it until the end of the turn."""
        try:
            loop = asyncio.get_running_loop() if isinstance(record, FactRecord) else None
        except RuntimeError:
            loop = None
        if loop is None:
            self._write()
            super().emit(record)
            return
        if not self._facts:
            loop.call_soon(self._turn)
        self._facts.append(self.format(record))

    def close(self) -> None:
        """Write what is left."""
        self._turn()
        super().close()

    def _turn(self) -> None:
        with self.lock or nullcontext():
            self._write()

    def _write(self) -> None:
        facts, self._facts = self._facts, []
        if facts:
            try:
                self.stream.write("\n".join(facts) + "\n")
                self.flush()
            except Exception:
                self.handleError(_NO_RECORD)


class FactRecord(logging.LogRecord):
    """A log record for a fact: its fields come as one dict.

    The base class's constructor asks for threads, processes and paths, which would cost more than all the
    rest of a fact; what formatters and handlers read is set here.
    """

    action: str
    fields: dict[str, Any]

    def __init__(self, name: str, level: int, at: float, action: str, fields: dict[str, Any]) -> None:
        """Say `action` with `fields`; `at` is in seconds since the epoch."""
        self.__dict__ = {
            **_TEMPLATE,
            "name": name,
            "levelno": level,
            "levelname": logging.getLevelName(level),
            "created": at,
            "msecs": at % 1 * 1000,
            "msg": action,
            "action": action,
            "fields": fields,
        }


_NO_RECORD = logging.makeLogRecord({"msg": "facts could not be written"})
_TEMPLATE = vars(_NO_RECORD)


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a record says beside its message."""
    own: dict[str, Any] | None = record.__dict__.get("fields")
    if own is not None:
        return own
    return {name: value for name, value in vars(record).items() if name not in _STANDARD and name != "action"}


class JsonLines(logging.Formatter):
    """One JSON object a line: `at`, `level`, `action`, the fields, `message`, `logger`."""

    def format(self, record: logging.LogRecord) -> str:
        """Write `record`."""
        if isinstance(record, FactRecord):
            head = {"at": _rfc3339(record.created), "level": _LOWER[record.levelno], "action": record.action}
            head.update(record.fields)
            return _encode(head).decode()
        line: dict[str, Any] = {"at": _rfc3339(record.created), "level": record.levelname.lower()}
        action = getattr(record, "action", None)
        line["action"] = action or "log"
        line.update(fields_of(record))
        if record.msg is not action:
            line["message"] = record.getMessage()
            line["logger"] = record.name
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line).decode()


class TextLines(logging.Formatter):
    """`14:05:00.123 WARNING store_away Redis cannot be reached run=…`, in local time."""

    def __init__(self, *, is_coloured: bool) -> None:
        """Use colours, or none."""
        super().__init__()
        self._is_coloured = is_coloured

    def format(self, record: logging.LogRecord) -> str:
        """Write `record`."""
        at = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S.%f")[:-3]
        action = getattr(record, "action", None)
        parts = [self._paint(at, "2"), self._paint(f"{record.levelname:<7}", _COLOURS.get(record.levelno))]
        if action:
            parts.append(self._paint(f"{action:<15}", _FACT_COLOUR))
        if record.msg is not action:
            parts.append(_one_line(record.getMessage()))
        parts += [f"{self._paint(name, '2')}={_plain(value)}" for name, value in fields_of(record).items()]
        line = " ".join(parts)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line

    def _paint(self, text: str, colour: str | None) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._is_coloured and colour else text


def _plain(value: Any) -> str:
    """Write a field so that it stays one word and one line, whatever a sender put into it."""
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return text if text.isprintable() and " " not in text and '"' not in text else _encode(text).decode()


def _one_line(text: str) -> str:
    """Escape what a sender could forge lines or move a terminal's cursor with."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@lru_cache(maxsize=16)  # a batch's facts have one time
def _rfc3339(seconds: float) -> str:
    """Write a time in UTC with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[: -len("+00:00")] + "Z"
