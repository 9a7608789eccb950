"""What a duration, a server's URL, a list of keys, a bind may look like, and what is said of a wrong one.

Used by the sections. A `ValueError` here becomes the line that a person reads, so it says what is expected,
and never repeats a secret.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BeforeValidator, Field

from resistor.errors import OperatorMistake
from resistor.messages.names import WORD
from resistor.tokens import TokenKeys

MASK = "********"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+\Z")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_UNVERIFIED = re.compile(
    r"(no_verify_ssl=(?!0|false)|ssl_cert_reqs=(none|optional)|ssl_check_hostname=(0|false))"
)
"""What aiormq and redis-py let a URL say so that any server's certificate passes."""


def duration(value: Any) -> float:
    """Return the seconds of `30`, `0.5`, `30s`, `500ms`, `1h30m`, `7d`. Raises `ValueError` for others."""
    text = str(value).strip().lower()
    if _DURATION.match(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _DURATION_PART.findall(text))
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"a duration is expected, like 30s or 1h30m, not {text!r}") from None


def masked_url(url: str) -> str:
    """Return `url` with its password masked."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    if ":" in user:
        user = f"{user.partition(':')[0]}:{MASK}"
    query = re.sub(r"(?<=password=)[^&]+", MASK, parts.query)
    return urlunsplit(parts._replace(netloc=f"{user}{at}{host}", query=query))


def _server_url(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in schemes:
            raise ValueError(f"a URL that begins with {schemes[0]}:// or {schemes[1]}:// is expected")
        try:
            is_complete = bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_complete = False
        if not is_complete:
            raise ValueError(
                f"{schemes[0]}://HOST:PORT is expected (is a '/', '#' or '@' in the password? write it %2F,"
                " %23 or %40)"
            )
        if _UNVERIFIED.search(parts.query.lower()):
            raise ValueError(f"{parts.query} would trust any server: name the CA of its certificate instead")
        return url

    return AfterValidator(check)


def _token_keys(value: Any) -> Any:
    """Read `kid:secret,kid:secret`; a file may have one a line, YAML a list."""
    if isinstance(value, str):
        value = [entry.strip() for entry in re.split(r"[,\n]", value) if entry.strip()]
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        return value
    pairs = [entry.partition(":") for entry in value]
    if any(not colon for _, colon, _ in pairs):
        raise ValueError("KEYID:SECRET,KEYID:SECRET is expected, and one of them has no ':'")
    keys = tuple((key_id.strip(), secret.strip().encode()) for key_id, _, secret in pairs)
    if keys:
        try:
            TokenKeys(keys)
        except OperatorMistake as mistake:
            raise ValueError(str(mistake)) from None
    return keys


def _users(value: Any) -> Any:
    """Read `module:user,module:user`; YAML has a mapping."""
    if not isinstance(value, str):
        return value
    pairs = [entry.strip().partition(":") for entry in value.split(",") if entry.strip()]
    if any(not WORD.match(module) or not user.strip() for module, _, user in pairs):
        raise ValueError("MODULE:USER,MODULE:USER is expected")
    users = {module: user.strip() for module, _, user in pairs}
    if len(users) != len(pairs):
        raise ValueError("a module is named twice")
    return users


def _paths(value: Any) -> Any:
    return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value


def _bind(text: str) -> str:
    if text.lower() == "off":
        return "off"
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535 or (":" in host and not host.startswith("[")):
        raise ValueError(f"HOST:PORT is expected, like 127.0.0.1:8080, or off, not {text!r}")
    return f"{host or '0.0.0.0'}:{port}"  # noqa: S104 - as everywhere, ':8080' is every address


def lower(value: Any) -> Any:
    """Take a word in any case."""
    return value.lower() if isinstance(value, str) else value


def unless_set(value: Any) -> Any:
    """Take a variable that switches off by being there, whatever it says."""
    return False if isinstance(value, str) else value


def _off(value: Any) -> Any:
    return "off" if value is False else value  # YAML reads a plain `off` as false


Seconds = Annotated[float, BeforeValidator(duration), Field(gt=0, le=366 * 86400)]
Count = Annotated[int, Field(ge=1)]
AmqpUrl = Annotated[str, _server_url("amqp", "amqps"), Field(repr=False)]
RedisUrl = Annotated[str, _server_url("redis", "rediss"), Field(repr=False)]
HttpUrl = Annotated[str, _server_url("http", "https")]
Keys = Annotated[tuple[tuple[str, bytes], ...], BeforeValidator(_token_keys), Field(repr=False)]
Users = Annotated[Mapping[str, str], BeforeValidator(_users)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_paths)]
Bind = Annotated[str, BeforeValidator(_off), AfterValidator(_bind)]
