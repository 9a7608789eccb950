"""`resistor run …`: which command is in which file."""

from __future__ import annotations

from resistor.ops.cli.lazy import Lazy, LazyGroup

COMMANDS = {
    "start": Lazy("resistor.ops.cli.run_start:start", "Start a run of a workflow."),
    "list": Lazy("resistor.ops.cli.run_list:list_", "List runs, the latest first."),
    "get": Lazy("resistor.ops.cli.run_show:get", "Show one run, with its steps."),
    "watch": Lazy("resistor.ops.cli.run_show:watch", "Show one run until it ends."),
    "events": Lazy("resistor.ops.cli.run_show:events", "Show what happened in one run, fact by fact."),
    "answer": Lazy("resistor.ops.cli.run_answer:answer", "Answer a run that asks a person."),
    "cancel": Lazy("resistor.ops.cli.run_end:cancel", "End runs; what they completed is undone."),
    "terminate": Lazy("resistor.ops.cli.run_end:terminate", "End runs at once; nothing is undone."),
}

run = LazyGroup("run", lazy=COMMANDS, help="Start, list, show, answer and end runs.")
