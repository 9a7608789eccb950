"""The settings as a list: what they are called outside, and what people may see of them.

Read by `reading.py`, by `resistor config show` and by the test that holds `deploy/` to the names that exist.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from resistor.config.sections import Named, Section, Settings
from resistor.config.values import MASK, masked_url

CONFIG_FILE = "RESISTOR_CONFIG"


class Setting(NamedTuple):
    """One setting: where it is in the sections, what it means, and what it is called outside."""

    section: str
    field: str
    description: str
    named: Named

    @property
    def name(self) -> str:
        """What the YAML file calls it."""
        return f"{self.section}.{self.field}"


def _sections() -> Iterator[tuple[str, type[Section]]]:
    for name, info in Settings.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section):
            yield name, info.annotation


def _settings() -> Iterator[Setting]:
    for section, kind in SECTIONS.items():
        for field, info in kind.model_fields.items():
            named = next(each for each in info.metadata if isinstance(each, Named))
            yield Setting(section, field, " ".join((info.description or "").split()), named)


SECTIONS: Mapping[str, type[Section]] = dict(_sections())
SETTINGS: tuple[Setting, ...] = tuple(_settings())
NAMED: Mapping[str, Named] = {setting.name: setting.named for setting in SETTINGS}
FLAGS: Mapping[str, str] = {named.flag: name for name, named in NAMED.items() if named.flag}

ENVIRONMENT: Mapping[str, str | None] = MappingProxyType(
    {named.variable: name for name, named in NAMED.items()}
    | {f"{named.variable}_FILE": name for name, named in NAMED.items() if named.is_secret}
    | {CONFIG_FILE: None}
)
"""Every variable that is read → the setting that it is for (None: it names the YAML file)."""


class Shown(NamedTuple):
    """A setting as people may see it: secrets are masked, and so are passwords in URLs."""

    name: str
    value: str
    source: str
    variable: str
    description: str


def shown(settings: Settings) -> list[Shown]:
    """Return every setting, in the order of the sections."""
    return [
        Shown(
            setting.name,
            _as_text(getattr(getattr(settings, setting.section), setting.field), setting),
            settings.sources.get(setting.name, "default"),
            setting.named.variable,
            setting.description,
        )
        for setting in SETTINGS
    ]


def _joined(value: tuple[Any, ...] | Mapping[str, Any]) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{said}" for name, said in value.items())
    return os.pathsep.join(map(str, value))


def _as_text(value: Any, setting: Setting) -> str:
    if value is None:
        return ""
    if setting.field == "url":
        return masked_url(value)
    if setting.field == "keys":
        return ",".join(f"{key_id}:{MASK}" for key_id, _ in value)
    if setting.named.is_secret:
        return MASK
    if isinstance(value, tuple | Mapping):
        return _joined(value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)
