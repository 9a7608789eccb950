"""File, environment, flags → `Settings`.

The only place that reads the environment. Does no I/O but to read the YAML file and the files of secrets.
An empty variable is taken for one that is not set: that is how Compose and shells leave one out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml
from pydantic import ValidationError

from resistor.config.inventory import CONFIG_FILE, ENVIRONMENT, FLAGS, NAMED, SECTIONS
from resistor.config.sections import Section, Settings
from resistor.errors import OperatorMistake


class Given(NamedTuple):
    """A value, and what whoever gave it calls it."""

    value: Any
    source: str


def load(
    *,
    file: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] = MappingProxyType({}),
) -> Settings:
    """Return the settings.

    `file` is the YAML file (else RESISTOR_CONFIG names it); `environment` is the process's by default;
    `flags` are the command line's, `{"--http": "off"}`, where None means not given. Raises
    `OperatorMistake` for the first thing that is wrong.
    """
    environment = os.environ if environment is None else environment
    given = {
        **_from_file(file or environment.get(CONFIG_FILE) or None),
        **_from_environment(environment),
        **{FLAGS[flag]: Given(value, flag) for flag, value in flags.items() if value is not None},
    }
    sections: dict[str, Any] = {name: _section(name, kind, given) for name, kind in SECTIONS.items()}
    return Settings(**sections, sources={setting: each.source for setting, each in given.items()})


def _section(name: str, kind: type[Section], given: Mapping[str, Given]) -> Section:
    prefix = f"{name}."
    own = {
        setting.removeprefix(prefix): each for setting, each in given.items() if setting.startswith(prefix)
    }
    try:
        return kind.model_validate({field: each.value for field, each in own.items()})
    except ValidationError as invalid:
        error = invalid.errors()[0]
        field = str(error["loc"][0]) if error["loc"] else next(iter(own))
        setting = f"{name}.{field}"
        source = own[field].source if field in own else setting
        raise OperatorMistake(f"{source}: {_in_words(error, is_secret=NAMED[setting].is_secret)}") from None


_WORDS = {
    "int_parsing": "a whole number is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "greater_than": "more than {gt:g} is expected",
    "greater_than_equal": "{ge:g} at least",
    "less_than_equal": "{le:g} at most",
    "literal_error": "{expected} is expected",
    "string_too_short": "{min_length} characters at least",
    "string_pattern_mismatch": "a letter, then letters, digits, '_', '-' and '.', 64 at most",
    "string_type": "text is expected",
}
"""What is said of pydantic's kinds of errors (https://docs.pydantic.dev/latest/errors/validation_errors)."""


def _in_words(error: Any, *, is_secret: bool) -> str:
    details = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(details["error"])
    words = _WORDS.get(error["type"], error["msg"]).format(**details)
    return words if is_secret else f"{words}, not {error['input']!r}"


def _from_file(path: str | Path | None) -> dict[str, Given]:
    if path is None:
        return {}
    try:
        content = yaml.safe_load(_read(path)) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise OperatorMistake(f"{place}: not YAML: {problem}") from None
    except RecursionError:
        raise OperatorMistake(f"{path}: not YAML that can be read: it is nested too deep") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorMistake(f"the configuration file {path} cannot be read: {_why(error)}") from None
    except ValueError as error:  # a date that is none, a number of thousands of digits
        raise OperatorMistake(f"{path}: not YAML that can be read: {error}") from None
    given: dict[str, Given] = {}
    for section, fields in _mapping(content, str(path)).items():
        for field, value in _mapping(fields, f"{path}: {section}").items():
            _take(given, f"{section}.{field}", value, path)
    return given


def _take(given: dict[str, Given], written: str, value: Any, path: str | Path) -> None:
    source, setting = f"{path}: {written}", written.removesuffix("_file")
    if written != setting and setting in NAMED and NAMED[setting].is_secret:
        _refuse_both(given, setting, source)
        given[setting] = Given(_secret(value, source), source)
    elif written in NAMED:
        _refuse_both(given, written, source)
        given[written] = Given(value, source)
    else:
        near = get_close_matches(written, NAMED, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise OperatorMistake(f"{source} is not a setting{hint}")


def _mapping(value: Any, place: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise OperatorMistake(f"{place}: sections with settings are expected (broker: {{url: …}})")
    return value


def _from_environment(environment: Mapping[str, str]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for setting, named in NAMED.items():
        value = environment.get(named.variable)
        path = environment.get(f"{named.variable}_FILE") if named.is_secret else None
        if value:
            given[setting] = Given(value, named.variable)
        if path:
            source = f"{named.variable}_FILE"
            _refuse_both(given, setting, source)
            given[setting] = Given(_secret(path, source), source)
    _refuse_misspelt(environment)
    return given | _traces(environment)


def _traces(environment: Mapping[str, str]) -> dict[str, Given]:
    """Do as https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ says."""
    given: dict[str, Given] = {}
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
    if protocol:
        given["traces.protocol"] = Given(protocol, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return given | {"traces.exporter": Given("none", "OTEL_SDK_DISABLED")}
    if not environment.get("OTEL_TRACES_EXPORTER"):
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
            if environment.get(name):
                given["traces.exporter"] = Given("otlp", name)
    return given


_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT\w*|PORT(_\d+\w*)?)\Z")


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """Refuse what is nearly a setting's name.

    Other RESISTOR_* are somebody else's: Kubernetes alone sets a dozen (RESISTOR_PORT) where a Service is
    called resistor.
    """
    known = {name.removeprefix("RESISTOR_"): name for name in ENVIRONMENT}
    for name in sorted(environment):
        if not name.startswith("RESISTOR_") or name in ENVIRONMENT or _KUBERNETES.search(name):
            continue
        near = get_close_matches(name.removeprefix("RESISTOR_"), known, n=1, cutoff=0.75)
        if near:
            raise OperatorMistake(f"{name} is not a setting (did you mean {known[near[0]]}?)")


def _refuse_both(given: Mapping[str, Given], setting: str, source: str) -> None:
    if setting in given:
        raise OperatorMistake(f"{given[setting].source} and {source} are both set: keep one")


def _secret(path: Any, source: str) -> str:
    try:
        content = _read(str(path)).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorMistake(f"{source}: {path} cannot be read: {_why(error)}") from None
    if not content:
        raise OperatorMistake(f"{source}: {path} is empty")
    return content


def _read(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8")


def _why(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
