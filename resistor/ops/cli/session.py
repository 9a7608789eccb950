"""What a command is given: the settings, read when it asks for them, so that `--help` needs none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:  # pydantic takes 0.1 s to import, which `--help` does without
    from resistor.config import Settings


class Session:
    """One call of the command line."""

    def __init__(self, config: str | None, flags: Mapping[str, Any]) -> None:
        """Take the options that were given before the command."""
        self._config = config
        self._flags = flags

    def settings(self, **further: Any) -> Settings:
        """Return the settings, with a command's own flags: `settings(http="off")` is `--http off`.

        Raises `OperatorMistake`.
        """
        from resistor.config import load

        own = {f"--{name.replace('_', '-')}": value for name, value in further.items()}
        return load(file=self._config, flags={**self._flags, **own})


pass_session = click.make_pass_decorator(Session)
