"""A run as a test sees it: what became of it, the way it took, what its modules were asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from rich.console import Console

from resistor.engine.facts import Fact
from resistor.messages import json
from resistor.messages.command import (
    AnswerStep,
    CancelRun,
    Command,
    PauseRun,
    ResumeRun,
    RetryRun,
    SignalRun,
    SkipStep,
    TerminateRun,
)
from resistor.ops.asking import ask_at, require_fit
from resistor.ops.runs import Found
from resistor.ops.tree import run_tree
from resistor.ops.views import fact_view
from resistor.testing.calls import Call
from resistor.testing.comparing import compare
from resistor.testing.history import compensated_steps, path_taken

BY = "test"
TREE_WIDTH = 160  # columns


class Emitted(msgspec.Struct, frozen=True):
    """An event that a run published. `name` is `namespace.event`."""

    name: str
    data: Any
    id: str | None = None


class World(Protocol):
    """Where runs are."""

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""

    @property
    def calls(self) -> Sequence[Call]:
        """All that modules were asked for."""

    @property
    def emitted(self) -> Sequence[Emitted]:
        """All that runs have published."""

    def run_ids(self) -> Sequence[str]:
        """Return every run."""

    def found(self, run_id: str) -> Found:
        """Return a run, whole."""

    def facts(self, run_id: str) -> Sequence[Fact]:
        """Return a run's history."""

    def order(self, command: Command) -> None:
        """Give a command, and let happen what follows at once."""


class SeenStep(msgspec.Struct, frozen=True):
    """A step as it is now. Times are in seconds since the epoch, of `attempt` the first is 1."""

    path: str
    status: str
    attempt: int = 0
    input: Any = None
    output: Any = None
    error: dict[str, Any] | None = None
    started_at: str | None = None
    finished_at: str | None = None


class WatchedRun:
    """One run. Everything is as it is when it is asked for."""

    def __init__(self, world: World, run_id: str) -> None:
        """Watch run `run_id` of `world`."""
        self._world = world
        self.id = run_id

    def __repr__(self) -> str:
        """Show which run it is, and how it is."""
        return f"<run {self.workflow} {self.status}>"

    # ------------------------------------------------------------------------------------ how it is

    @property
    def view(self) -> dict[str, Any]:
        """The contract's object, as `resistor run get -o json` prints it."""
        view: dict[str, Any] = json.decode_trusted(msgspec.json.encode(self._world.found(self.id).view))
        return view

    @property
    def workflow(self) -> str:
        """Which workflow it runs: `namespace/event@version`."""
        origin = self._world.found(self.id).run.origin
        return f"{origin.namespace}/{origin.workflow}@{origin.version}"

    @property
    def name(self) -> str:
        """The workflow's name, which is its event's."""
        return self._world.found(self.id).run.origin.workflow

    @property
    def parent(self) -> str | None:
        """The id of the run that started it."""
        parent = self._world.found(self.id).run.origin.parent
        return None if parent is None else parent.run

    @property
    def version(self) -> int:
        """The version that it began with."""
        return self._world.found(self.id).run.origin.version

    @property
    def status(self) -> str:
        """`running`, `completed`, `failed`, …"""
        return self._world.found(self.id).run.state.status.value

    @property
    def is_over(self) -> bool:
        """Whether it has come to an end."""
        return self._world.found(self.id).run.state.status.is_final

    @property
    def output(self) -> Any:
        """What it gave."""
        return self.view["output"]

    @property
    def error(self) -> dict[str, Any] | None:
        """Why it failed: `type`, `message`, `step`, …"""
        error: dict[str, Any] | None = self.view["error"]
        return error

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self._world.found(self.id).run.origin.labels

    @property
    def took(self) -> float:
        """How many seconds it has lasted, up to its end or to now."""
        run = self._world.found(self.id).run
        return (run.state.finished_at or self._world.now) - run.origin.started_at

    # ------------------------------------------------------------------------------------ its steps

    @property
    def path(self) -> list[str]:
        """The paths of the steps that began, in that order: `each/0/charge`, `charge/compensate`."""
        return list(path_taken(self._world.facts(self.id)))

    @property
    def steps(self) -> dict[str, SeenStep]:
        """The steps by path, those that have not begun included."""
        return {step["path"]: msgspec.convert(step, SeenStep) for step in self.view["steps"]}

    def step(self, path: str) -> SeenStep:
        """Return one step. Raises `KeyError` where there is none."""
        steps = self.steps
        if path not in steps:
            raise KeyError(f"there is no step {path!r}: there are {', '.join(steps)}")
        return steps[path]

    @property
    def attempts(self) -> dict[str, int]:
        """How many attempts each step took; those that did not begin, or were skipped, are not in it."""
        begun = {path: step for path, step in self.steps.items() if step.status != "skipped"}
        return {path: step.attempt for path, step in begun.items() if step.attempt}

    @property
    def compensations(self) -> list[str]:
        """The steps that were undone, in the order in which that was done."""
        return list(compensated_steps(self._world.facts(self.id)))

    @property
    def waiting(self) -> dict[str, float | None]:
        """The steps that wait, and for how many seconds yet; None: until something comes."""
        return {
            step["path"]: self._left(step.get("until") or step.get("deadline"))
            for step in self.view["steps"]
            if step["status"] in ("waiting", "retrying")
        }

    @property
    def history(self) -> list[dict[str, Any]]:
        """Its facts, as `resistor run events -o jsonl` prints them."""
        facts = enumerate(self._world.facts(self.id), 1)
        return [json.decode_trusted(msgspec.json.encode(fact_view(seq, fact))) for seq, fact in facts]

    # --------------------------------------------------------------------------------- its relations

    def calls(self, name: str | None = None) -> list[Call]:
        """Return what its modules were asked for: all, of one `module.action`, or by one step's path."""
        own = [call for call in self._world.calls if call.run == self.id]
        return [call for call in own if name is None or name in (call.name, call.step)]

    @property
    def emitted(self) -> list[Emitted]:
        """The events that it published."""
        return [each for each in self._world.emitted if (each.id or "").partition(":")[0] == self.id]

    @property
    def children(self) -> list[WatchedRun]:
        """The runs that its steps started."""
        runs = [WatchedRun(self._world, run_id) for run_id in self._world.run_ids()]
        return [run for run in runs if run.parent == self.id]

    # ------------------------------------------------------------------------------ what it is told

    def answer(self, data: Any, *, step: str | None = None) -> None:
        """Answer its `ask` step, as a person does. Raises `NotFound`, `OperatorMistake` as the CLI."""
        found = self._world.found(self.id)
        path, ask = ask_at(found, step if step is not None else self._only_ask(found))
        require_fit(ask, data)
        self._tell(AnswerStep, step=path, data=_raw(data))

    def signal(self, event: str, data: Any = None) -> None:
        """Have it hear an event, and nobody else."""
        self._tell(SignalRun, event=event, data=_raw({} if data is None else data))

    def cancel(self, why: str = "") -> None:
        """Cancel it: what completed is undone."""
        self._tell(CancelRun, why=why)

    def terminate(self, why: str = "") -> None:
        """End it at once."""
        self._tell(TerminateRun, why=why)

    def pause(self, why: str = "") -> None:
        """Begin nothing new in it."""
        self._tell(PauseRun, why=why)

    def resume(self, why: str = "") -> None:
        """Let it go on after a pause."""
        self._tell(ResumeRun, why=why)

    def retry(self, step: str | None = None, why: str = "") -> None:
        """Let it go on where it stopped, when it has not ended well."""
        self._tell(RetryRun, step=step, why=why)

    def skip(self, step: str, output: Any = None, why: str = "") -> None:
        """Take `output` as what a step gave."""
        self._tell(SkipStep, step=step, output=_raw(output), why=why)

    # ------------------------------------------------------------------------------------- asserting

    def expect(self, **expected: Any) -> None:
        """Raise `AssertionError` with the first difference and the run's tree.

        What can be expected goes by the names of this class's properties (comparing.py has the spellings);
        `calls` is a list of `module.action`, alone or with the input. Of mappings only the keys that are
        written down are compared.
        """
        __tracebackhide__ = True
        named = {
            "calls": [(call.name, call.input) for call in self.calls()],
            "emitted": [(each.name, each.data) for each in self.emitted],
        }
        for name, value in expected.items():
            different = compare(self, name, value, named)
            if different is not None:
                raise AssertionError(f"{different}\n\n{self.tree()}")

    def tree(self) -> str:
        """Return the run as a tree, as `resistor run get` prints it."""
        console = Console(width=TREE_WIDTH, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(run_tree(self.view, now=self._world.now))
        return capture.get().rstrip()

    def _left(self, moment: str | None) -> float | None:
        return (
            None if moment is None else round(datetime.fromisoformat(moment).timestamp() - self._world.now, 3)
        )

    def _only_ask(self, found: Found) -> str | None:
        waiting = [step["path"] for step in self.view["steps"] if "ask" in step]
        return waiting[0] if len(waiting) == 1 else None

    def _tell(self, command: Callable[..., Command], **fields: Any) -> None:
        __tracebackhide__ = True
        self._world.order(command(run=self.id, by=BY, **fields))


def _raw(data: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(data))
