"""The one reader of YAML: a file's bytes to values that know their place.

Called by loading for every file. Built on the parser's events and not on its loader, because everything
that makes YAML dangerous or surprising happens later: anchors that grow a few bytes into gigabytes, tags,
duplicate keys of which the last wins, keys that are not text, `no` that is false. Never raises for what
stands in a file: each problem is returned with its place.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Any

import yaml

from resistor.catalog.json_text import NotJson, as_yaml
from resistor.catalog.places import Node, Source
from resistor.catalog.scalars import BadScalar, resolve
from resistor.catalog.syntax import explain
from resistor.catalog.wording import quote
from resistor.errors import Problem

MAX_BYTES = 256 * 1024
"""Of one file."""

MAX_DEPTH = 50
"""Levels of mappings and lists inside each other."""

# Only their events are used. libyaml's are several times faster, and not in every build of PyYAML.
_Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_IN_FULL = "every workflow is written out in full"


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: the tree where there is one (None: nothing, or nothing usable), and what is wrong."""

    source: Source
    problems: tuple[Problem, ...] = ()


class _Refused(Exception):
    """The rest of the file cannot be read: a jump out of the reading, caught in this file."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read. `key` is the key whose value comes next."""

    node: Node
    key: str | None = None
    dropped: bool = False  # the key is no good: its value is read and forgotten


def read(raw: bytes, file: str) -> Document:
    """Read one file. `.json` is held to JSON, anything else to strict YAML."""
    if len(raw) > MAX_BYTES:
        message = f"the file has more than {MAX_BYTES // 1024} KiB: split it, namespaces may span files"
        return _refusal(Source(file), 1, 1, message)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return _not_utf8(raw, file, error)
    text = text.removeprefix("\ufeff")
    if file.lower().endswith(".json") and text.strip():
        try:
            text = as_yaml(text)
        except NotJson as error:
            return _refusal(Source(file, tuple(text.split("\n"))), error.line, error.column, str(error))
    source = Source(file, tuple(text.splitlines()))  # breaks lines where YAML does
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        before = (text[: unprintable.start()] + "x").splitlines()
        message = f"a control character, U+{ord(unprintable[0]):04X}: is this a text file?"
        return _refusal(source, len(before), len(before[-1]), message)
    return _Reading(source).read(text)


def _not_utf8(raw: bytes, file: str, error: UnicodeDecodeError) -> Document:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _refusal(Source(file), 1, 1, "the file is UTF-16: save it as UTF-8")
    before = raw[: error.start]
    line, column = before.count(b"\n") + 1, len(before[before.rfind(b"\n") + 1 :].decode()) + 1
    message = f"the byte 0x{raw[error.start]:02x} is not UTF-8: is this a text file?"
    return _refusal(Source(file), line, column, message)


def _refusal(source: Source, line: int, column: int, message: str) -> Document:
    return Document(source, (source.problem(line, column, message),))


class _Reading:
    """Builds the tree from the parser's events."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._usable = True

    def read(self, text: str) -> Document:
        parser = _Parser(text)
        try:
            while parser.check_event():
                self._take(parser.get_event())
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # the latter two: without libyaml
            self._usable = False
            fault = explain(error, self._source.lines)
            self._problems.append(self._source.problem(*fault))
        except _Refused:
            self._usable = False
        finally:
            parser.dispose()
        root = self._root if self._usable else None
        return Document(Source(self._source.file, self._source.lines, root), tuple(self._problems))

    def _take(self, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        match event:
            case yaml.ScalarEvent():
                self._refuse_extras(event, line, column)
                self._add(Node(self._value(event, line, column), line, column))
            case yaml.MappingStartEvent():
                self._open(event, Node({}, line, column, inner={}))
            case yaml.SequenceStartEvent():
                self._open(event, Node([], line, column, inner=[]))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._add(self._stack.pop().node)
            case yaml.AliasEvent():
                self._say(line, column, f"{quote(f'*{event.anchor}')}: aliases are not allowed: {_IN_FULL}")
                self._usable = False
                self._add(Node(None, line, column))
            case yaml.DocumentStartEvent():
                self._begin_document(event, line, column)

    def _begin_document(self, event: Any, line: int, column: int) -> None:
        self._documents += 1
        if self._documents > 1:
            self._refuse(line, column, "a second document begins here: a file holds one")
        if event.version not in (None, (1, 2)) or event.tags:
            self._say(line, column, "directives are not allowed: definitions are YAML 1.2")

    def _open(self, event: Any, node: Node) -> None:
        self._refuse_extras(event, node.line, node.column)
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(node.line, node.column, f"nested deeper than {MAX_DEPTH} levels")
        self._stack.append(_Open(node))

    def _refuse_extras(self, event: Any, line: int, column: int) -> None:
        if event.anchor is not None:
            self._say(line, column, f"{quote(f'&{event.anchor}')}: anchors are not allowed: {_IN_FULL}")
        if event.tag is not None:
            shown = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._say(line, column, f"{quote(shown)}: tags are not allowed: a value is what it looks like")

    def _value(self, event: Any, line: int, column: int) -> Any:
        if event.style:  # quoted, or a block
            if _SURROGATE.search(event.value):  # libyaml refuses them, PyYAML's own parser does not
                self._say(line, column, "half of a surrogate pair is no text", "write the character itself")
                return ""
            return event.value
        try:
            return resolve(event.value)
        except BadScalar as error:
            self._say(line, column, str(error), "put it in quotes if it is text")
            return event.value

    def _add(self, node: Node) -> None:
        """Put a finished node where it belongs: the root, a list, a mapping's key or its value."""
        if not self._stack:
            self._root = node
            return
        into = self._stack[-1]
        if isinstance(into.node.inner, list):
            into.node.inner.append(node)
            into.node.value.append(node.value)
        elif into.key is None:
            self._add_key(into, node)
        else:
            if not into.dropped and into.node.inner is not None:
                into.node.inner[into.key] = node
                into.node.value[into.key] = node.value
            into.key = None

    def _add_key(self, into: _Open, node: Node) -> None:
        key = node.value
        into.dropped = True
        into.key = key if isinstance(key, str) else ""
        if not isinstance(key, str):
            self._bad_key(node)
        elif key in into.node.keys:
            first, _ = into.node.keys[key]
            self._say(
                node.line, node.column, f"the key {quote(key)} stands here twice, first on line {first}"
            )
        elif key == "<<" and self._written(node).startswith("<<"):
            self._say(node.line, node.column, f"`<<` is not allowed: {_IN_FULL}")
        else:
            into.dropped = False
            into.node.keys[key] = (node.line, node.column)

    def _bad_key(self, node: Node) -> None:
        if node.inner is not None:
            self._say(node.line, node.column, "a key must be text, not a mapping or a list")
            return
        written = re.split(r"[\s:,}]", self._written(node), maxsplit=1)[0]
        hint = f'put it in quotes: "{written}"' if written else None
        self._say(node.line, node.column, "a key must be text, and this is not", hint)

    def _written(self, node: Node) -> str:
        """Return the line from where the node begins."""
        line = self._source.lines[node.line - 1] if node.line <= len(self._source.lines) else ""
        return line[node.column - 1 :]

    def _say(self, line: int, column: int, message: str, hint: str | None = None) -> None:
        self._problems.append(self._source.problem(line, column, message, hint))

    def _refuse(self, line: int, column: int, message: str) -> None:
        self._say(line, column, message)
        raise _Refused
