"""Commands that are imported when they are called, and errors as one clear line and an exit code.

`resistor --help` must be there at once, so the root knows each command's one line and not its file.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import IO, Any, NamedTuple

import click

from resistor.errors import (
    BrokerUnreachable,
    DefinitionError,
    EnvironmentFault,
    OperatorMistake,
    ResistorError,
    StoreUnreachable,
)

EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHABLE = 1, 2, 3


class Lazy(NamedTuple):
    """A command that is not imported yet: `package.module:attribute`, and its line in the help."""

    path: str
    help: str


class Told(click.ClickException):
    """An error of ours, as the person at the terminal reads it."""

    exit_code = EXIT_FAILED

    def __init__(self, error: ResistorError) -> None:
        """Say `error`."""
        super().__init__(str(error))
        self._error = error

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it to standard error."""
        file = file or sys.stderr
        if isinstance(self._error, DefinitionError):
            from resistor.catalog import show

            for problem in self._error.problems:
                click.echo(show(problem), file=file)
            count = len(self._error.problems)
            click.echo(f"Error: {count} {'problem' if count == 1 else 'problems'}", file=file)
            return
        click.echo(f"Error: {self.format_message()}", file=file)


class ToldUsage(Told):
    """A setting or an argument is wrong."""

    exit_code = EXIT_USAGE


class ToldUnreachable(Told):
    """A server is away."""

    exit_code = EXIT_UNREACHABLE

    def format_message(self) -> str:
        """Say where the address comes from, and how to do without servers."""
        variable = next((name for kind, name in _ADDRESSES if isinstance(self._error, kind)), None)
        hint = f" ({variable} says where it is; `resistor dev` needs no servers)" if variable else ""
        return f"{self.message}{hint}"


_ADDRESSES = ((BrokerUnreachable, "RESISTOR_AMQP_URL"), (StoreUnreachable, "RESISTOR_REDIS_URL"))


def told(error: ResistorError) -> Told:
    """Return `error` with the contract's exit code."""
    if isinstance(error, OperatorMistake):
        return ToldUsage(error)
    return ToldUnreachable(error) if isinstance(error, EnvironmentFault) else Told(error)


def _imported(lazy: Lazy) -> click.Command:
    module, _, attribute = lazy.path.partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)  # noqa: S101 - it is our own table
    return command


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; it may have others, which are there."""

    def __init__(
        self,
        *args: Any,
        lazy: Mapping[str, Lazy],
        inner: Mapping[str, Mapping[str, Lazy]] | None = None,
        **more: Any,
    ) -> None:
        """Take the commands by name, in the order of the help.

        `inner` has further commands of those of them that are groups, from floors that those do not know.
        """
        super().__init__(*args, **more)
        self._lazy = lazy
        self._inner = inner or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the given order."""
        return [*super().list_commands(ctx), *self._lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return super().get_command(ctx, cmd_name)
        command = _imported(lazy)
        further = self._inner.get(cmd_name)
        return command if further is None else _with_further(command, further)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, without importing one."""
        room = formatter.width - 6 - max(map(len, self.list_commands(ctx)))  # as click leaves it
        there = [(name, command.get_short_help_str(room)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl([*there, *((name, lazy.help) for name, lazy in self._lazy.items())])

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command. Our errors become one line and an exit code."""
        try:
            return super().invoke(ctx)
        except ResistorError as error:
            raise told(error) from None


def _with_further(group: click.Command, further: Mapping[str, Lazy]) -> LazyGroup:
    """Return the group with commands that nobody imports who calls another one of it."""
    assert isinstance(group, click.Group)  # noqa: S101 - it is our own table
    return LazyGroup(
        group.name,
        lazy=further,
        commands=group.commands,
        params=group.params,
        callback=group.callback,
        help=group.help,
    )
