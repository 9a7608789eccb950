"""Publishes one command's messages: events, and what operators tell runs.

Called by the command line, and later by the HTTP API. Raises where no queue took a message, so that nobody
believes that something was asked for that never arrives.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Sequence
from uuid import uuid4

from resistor.config import Settings
from resistor.errors import EnvironmentFault, ResistorError
from resistor.messages.command import Command, command_to_envelope
from resistor.messages.event import Event, event_to_envelope
from resistor.ops import servers
from resistor.ports import Outcome, Publish


async def publish_event(settings: Settings, event: Event) -> None:
    """Publish an event. Raises `BrokerUnreachable`, `EnvironmentFault`, `ResistorError`."""
    async with servers.open_bus(settings) as bus:
        key = f"{event.namespace}.{event.name}"
        message = Publish(exchange=bus.names.events, routing_key=key, envelope=event_to_envelope(event))
        _require_taken(await bus.publish([message]), "event", "Or a header too large?")


async def send_commands(settings: Settings, commands: Sequence[Command]) -> None:
    """Publish commands, each to its run. Raises as `publish_event` does."""
    now = time.time()
    async with servers.open_bus(settings) as bus:
        messages = [
            Publish(
                exchange=bus.names.commands,
                routing_key=command.verb,
                envelope=command_to_envelope(command, message_id=str(uuid4()), now=now),
            )
            for command in commands
        ]
        _require_taken(await bus.publish(messages), "command")


def operator() -> str:
    """Return who gives a command, for the history: `user@host`."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _require_taken(outcomes: Sequence[Outcome], what: str, *guesses: str) -> None:
    if Outcome.UNROUTABLE in outcomes:
        raise EnvironmentFault(
            f"no queue takes {what}s: was a daemon ever started here? (`resistor topology apply` makes them)"
        )
    refused = sum(outcome is Outcome.REFUSED for outcome in outcomes)
    if refused:
        which = f"the {what}" if len(outcomes) == 1 else f"{refused} of {len(outcomes)} {what}s"
        told = (
            f"RabbitMQ refused {which}: is its queue full? (`resistor queue list`)",
            *guesses,
        )
        raise ResistorError(" ".join(told))
