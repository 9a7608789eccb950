"""Random definitions that pass the checks: every kind of step, in every nesting."""

from __future__ import annotations

from random import Random
from typing import Any

Step = dict[str, Any]

LEAVES = ("module", "module", "module", "module", "set", "wait", "emit")
BLOCKS = (
    "fork",
    "fork",
    "for",
    "for",
    "switch",
    "while",
    "until",
    "try",
    "try",
    "run",
    "listen",
    "ask",
    "again",
)


class Author:
    """Writes workflows. All that is drawn comes from `draw`, so the same draws are the same workflow."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self._ids = 0

    def workflow(self) -> dict[str, Any]:
        """A workflow with a body of up to four steps, three levels deep."""
        made: dict[str, Any] = {"version": 1, "steps": self.steps(3, self.draw.randint(1, 4))}
        for key in ("on_failure", "finally"):
            if self.sometimes(0.3):
                made[key] = self.steps(1, 1)
        if self.sometimes(0.3):
            made["timeout"] = "60s"
        if self.sometimes(0.2):
            made["concurrency"] = {"limit": 1}
        return made

    def limits(self) -> dict[str, Any]:
        """What holds for module `m`: a limit here and there."""
        made: dict[str, Any] = {"actions": {}}
        for limits in (made, made["actions"].setdefault("x", {}), made["actions"].setdefault("undo", {})):
            if self.sometimes(0.3):
                limits["concurrency"] = self.draw.choice([2, {"key": "${input}", "limit": 1}])
            if self.sometimes(0.2):
                limits["rate"] = self.draw.choice(["1/s", {"key": "${input}", "limit": "2/s"}])
        return made

    def steps(self, depth: int, count: int) -> list[Step]:
        made: list[Step] = []
        for _ in range(count):
            made += self.step(depth, made)
        return made

    def step(self, depth: int, before: list[Step]) -> list[Step]:
        kind = self.draw.choice(LEAVES + (BLOCKS if depth > 0 else ()))
        step: Step = {"id": self._id(kind)}
        if self.sometimes(0.1):
            step["if"] = self.draw.choice(["input.a > 1", "input.a < 1"])
        if self.sometimes(0.1):
            step["on_error"] = "continue"
        if kind == "again":
            return self._again()
        write = getattr(self, f"_{kind}")
        write(step, depth - 1, before)
        return [step]

    def sometimes(self, share: float) -> bool:
        return self.draw.random() < share

    # ------------------------------------------------------------------------------------------ kinds

    def _module(self, step: Step, depth: int, before: list[Step]) -> None:
        step |= {"module": "m", "action": self.draw.choice("xy"), "retry": "none"}
        if self.sometimes(0.3):
            step["retry"] = {"limit": self.draw.randint(1, 3), "delay": "1s"}
        if self.sometimes(0.3):
            step["with"] = self._names(before)
        if self.sometimes(0.2):
            step["timeout"] = "5s"
        if self.sometimes(0.1):
            step["heartbeat"] = "2s"
        if self.sometimes(0.3):
            step["compensate"] = {
                "module": "m",
                "action": "undo",
                "with": {"of": f"${{steps.{step['id']}.output}}"},
            }
        if self.sometimes(0.2) and depth >= 0:
            step["catch"] = [self._catch(depth)]

    def _set(self, step: Step, depth: int, before: list[Step]) -> None:
        step["set"] = {self.draw.choice("vw"): "${input.a + vars.?v.orValue(1)}"}

    def _wait(self, step: Step, depth: int, before: list[Step]) -> None:
        step["wait"] = self.draw.choice(["1s", "10s"])

    def _emit(self, step: Step, depth: int, before: list[Step]) -> None:
        step["emit"] = {"event": "e", "data": {"a": "${input.a}"}}

    def _fork(self, step: Step, depth: int, before: list[Step]) -> None:
        names = "abc"[: self.draw.randint(2, 3)]
        step["fork"] = {"branches": {name: self.steps(depth, self.draw.randint(1, 2)) for name in names}}
        self._joins(step["fork"], ["any", 2, ["a"], "all"])

    def _for(self, step: Step, depth: int, before: list[Step]) -> None:
        step["for"] = {"in": self.draw.choice(["${input.l}", "${[1,2,3]}", "${[]}"])}
        if self.sometimes(0.5):
            step["for"]["concurrency"] = self.draw.randint(1, 2)
        self._joins(step["for"], ["any", 2, "all"])
        step["do"] = self.steps(depth, self.draw.randint(1, 2))

    def _joins(self, block: dict[str, Any], joins: list[Any]) -> None:
        if self.sometimes(0.5):
            block["join"] = self.draw.choice(joins)
        if self.sometimes(0.5):
            block["on_error"] = self.draw.choice(["fail", "finish", "continue"])

    def _switch(self, step: Step, depth: int, before: list[Step]) -> None:
        when = self.draw.choice(["input.a > 1", "input.a < 0"])
        step["switch"] = [{"when": when, "do": self.steps(depth, 1)}, {"do": self.steps(depth, 1)}]

    def _while(self, step: Step, depth: int, before: list[Step]) -> None:
        step["while"] = f"index < {self.draw.randint(0, 3)}"
        step["do"] = self.steps(depth, self.draw.randint(1, 2))

    def _until(self, step: Step, depth: int, before: list[Step]) -> None:
        step["until"] = f"index >= {self.draw.randint(0, 2)}"
        step["do"] = self.steps(depth, self.draw.randint(1, 2))

    def _try(self, step: Step, depth: int, before: list[Step]) -> None:
        step["try"] = self.steps(depth, self.draw.randint(1, 2))
        if self.sometimes(0.8):
            step["catch"] = [self._catch(depth)]
        if "catch" not in step or self.sometimes(0.5):
            step["finally"] = self.steps(depth, 1)

    def _run(self, step: Step, depth: int, before: list[Step]) -> None:
        step["run"] = {"workflow": "child"}
        if self.sometimes(0.2):
            step["run"]["detach"] = True
        if self.sometimes(0.3):
            step["run"]["timeout"] = "20s"
        if self.sometimes(0.3):
            step["catch"] = [self._catch(depth)]

    def _listen(self, step: Step, depth: int, before: list[Step]) -> None:
        step["listen"] = {"event": "ev"}
        if self.sometimes(0.5):
            step["listen"]["timeout"] = "10s"
        if self.sometimes(0.3):
            step["listen"]["count"] = 2

    def _ask(self, step: Step, depth: int, before: list[Step]) -> None:
        step["ask"] = {"prompt": "?"}
        if self.sometimes(0.5):
            step["ask"]["timeout"] = "10s"

    def _again(self) -> list[Step]:
        """Steps that `then` leads back to, up to three times."""
        count, pause, back = self._id("set"), self._id("wait"), self._id("module")
        return [
            {"id": count, "set": {count: f"${{vars.?{count}.orValue(0) + 1}}"}},
            {"id": pause, "wait": "1s"},
            {
                "id": back,
                "if": f"vars.{count} < 3",
                "module": "m",
                "action": "x",
                "retry": "none",
                "then": count,
                "compensate": {"module": "m", "action": "undo", "with": {"of": f"${{steps.{back}.output}}"}},
            },
        ]

    def _catch(self, depth: int) -> Step:
        made: Step = {}
        if self.sometimes(0.5):
            made["errors"] = [self.draw.choice(["boom", "timeout"])]
        if self.sometimes(0.5):
            made["retry"] = {"limit": self.draw.randint(2, 3), "delay": "1s"}
        if self.sometimes(0.6):
            made["do"] = self.steps(max(depth, 0), 1)
        if self.sometimes(0.2):
            made["output"] = {"e": "${error.type}"}
        return made or {"errors": ["*"]}

    def _names(self, before: list[Step]) -> dict[str, str]:
        """What a step can always name, and what the steps before it may have given."""
        named = {"a": "${input.a}", "v": "${vars.?v.orValue(null)}"}
        for step in before[-2:]:
            if not step.keys() & {"set", "wait", "emit"}:
                named[step["id"]] = f"${{steps.?{step['id']}.?output.orValue(null)}}"
        return named

    def _id(self, kind: str) -> str:
        self._ids += 1
        return f"{kind}_{self._ids}"
