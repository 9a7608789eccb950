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
    "why": Lazy("resistor.ops.cli.run_why:why", "Say why a run stands where it stands."),
    "signal": Lazy("resistor.ops.cli.run_operate:signal", "Tell an event to single runs."),
    "pause": Lazy("resistor.ops.cli.run_operate:pause", "Let nothing new begin in runs."),
    "resume": Lazy("resistor.ops.cli.run_operate:resume", "Let paused runs go on."),
    "cancel": Lazy("resistor.ops.cli.run_operate:cancel", "End runs; what they completed is undone."),
    "terminate": Lazy("resistor.ops.cli.run_operate:terminate", "End runs at once; nothing is undone."),
    "retry": Lazy("resistor.ops.cli.run_operate:retry", "Let failed runs go on where they stopped."),
    "skip": Lazy("resistor.ops.cli.run_operate:skip", "Say what a step gave, and go on behind it."),
    "rerun": Lazy("resistor.ops.cli.run_rerun:rerun", "Begin a new run at a step of an old one."),
}

run = LazyGroup("run", lazy=COMMANDS, help="Start, list, show, operate and end runs.")
