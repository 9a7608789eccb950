"""The command `resistor`: the options that every command has, and which command is in which file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import click

from resistor import __version__
from resistor.ops.cli.lazy import Lazy, LazyGroup
from resistor.ops.cli.session import Session

COMMANDS = {
    "serve": Lazy("resistor.ops.cli.serve:serve", "Run the daemon."),
    "module": Lazy("resistor.ops.cli.modules:module", "Run modules; list those that workflows name."),
    "event": Lazy("resistor.ops.cli.events:event", "Publish an event, which starts a run."),
    "run": Lazy("resistor.ops.cli.runs:run", "Start, list, show, answer and end runs."),
    "workflow": Lazy("resistor.ops.cli.workflows:workflow", "List, show, check and register workflows."),
    "schedule": Lazy("resistor.ops.cli.schedules:schedule", "List, trigger, pause and resume schedules."),
    "dead": Lazy("resistor.ops.cli.dead:dead", "List, show, replay and drop dead letters."),
    "queue": Lazy("resistor.ops.cli.queues:queue", "List the queues, and who consumes them."),
    "topology": Lazy("resistor.ops.cli.topology:topology", "Show or declare exchanges and queues."),
    "token": Lazy("resistor.ops.cli.tokens:token", "Look into continue tokens."),
    "config": Lazy("resistor.ops.cli.settings:config", "Show the settings, and where each came from."),
    "doctor": Lazy("resistor.ops.cli.doctor:doctor", "Check the servers, and say what to do."),
}

NO_MORE: Mapping[str, Any] = MappingProxyType({})


def command_line(
    further: Mapping[str, Lazy] = NO_MORE, inner: Mapping[str, Mapping[str, Lazy]] = NO_MORE
) -> LazyGroup:
    """Return the command, with `further` commands of higher floors first, and `inner` ones of its groups."""
    return LazyGroup(
        "resistor",
        lazy={**further, **COMMANDS},
        inner=inner,
        params=list(_PARAMS),
        callback=click.pass_context(_begin),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        help="A lightweight workflow orchestrator: events and results in over RabbitMQ, state in Redis,"
        " actions out to any module.",
        epilog="Settings come from a YAML file, RESISTOR_* variables and options, the later wins:"
        " `resistor config show` lists them. Exit codes: 0 done, 1 what was asked about failed, 2 usage,"
        " 3 RabbitMQ or Redis cannot be reached.",
    )


_PARAMS = (
    click.Option(["--config"], metavar="FILE", help="YAML file with settings [RESISTOR_CONFIG]."),
    click.Option(["--amqp-url"], metavar="URL", help="RabbitMQ [RESISTOR_AMQP_URL]."),
    click.Option(["--redis-url"], metavar="URL", help="Redis [RESISTOR_REDIS_URL]."),
    click.Option(["--prefix"], metavar="NAME", help="What every name begins with [RESISTOR_PREFIX]."),
    click.Option(["--log-format"], metavar="auto|text|json", help="Log lines [RESISTOR_LOG_FORMAT]."),
    click.Option(["--log-level"], metavar="LEVEL", help="debug, info, warning, error [RESISTOR_LOG_LEVEL]."),
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        help="Show the version.",
        callback=lambda ctx, _, is_asked: _show_version(ctx) if is_asked else None,
    ),
)


def _begin(ctx: click.Context, config: str | None, **given: Any) -> None:
    # A command says what went wrong itself; what rooms log on the way would say it twice. The daemon and
    # the modules configure their logs when they start.
    logging.getLogger().addHandler(logging.NullHandler())
    flags = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    ctx.obj = Session(config, flags)


def _show_version(ctx: click.Context) -> None:
    click.echo(f"resistor {__version__}")
    ctx.exit()
