"""Random workflows: everything that the language has, nested in every way that the checks at load allow.

    workflow = random_workflow(Random(7), size=10)

Used by test_random_workflows.py. The same chance gives the same workflow.
"""

from __future__ import annotations

from random import Random
from typing import Any

from resistor.catalog import load_text
from resistor.engine.workflow import Workflow
from resistor.messages import json
from tests.unit.engine import random_steps as steps
from tests.unit.engine.random_steps import Sight, condition, often

DEEPEST = 4
TRIES = 50  # at a definition that the checks let pass: some have steps that nothing leads to


def random_workflow(chance: Random, *, size: int) -> Workflow:
    """Return a workflow of some `size` steps."""
    for _ in range(TRIES):
        definition = _Writer(chance, size).definition()
        loaded = load_text(json.encode({"shop": {"flow": definition}}), "random.json")
        if not loaded.problems:
            return loaded.catalog.workflows[0]
    raise AssertionError(loaded.problems)


class _Writer:
    """Writes one definition, with as many steps as are left."""

    def __init__(self, chance: Random, size: int) -> None:
        self.chance = chance
        self.left = size

    def definition(self) -> dict[str, Any]:
        chance = self.chance
        found: dict[str, Any] = {"version": 1, "steps": self.block(Sight(), "a", least=1)}
        body = Sight()
        for step in found["steps"]:
            body = body.behind(step)
        if often(chance, 30):
            found["timeout"] = chance.choice(["3s", "30s", "10m"])
        if often(chance, 30):
            found["output"] = steps.mapping(chance, body, "x", "y")
        if often(chance, 20):
            found["labels"] = {"who": chance.choice(["${input.k}", "me", f"${{{steps.MISSING}}}"])}
        if often(chance, 20):
            found["concurrency"] = {"key": chance.choice(["${input.k}", "all", f"${{{steps.MISSING}}}"])}
        if often(chance, 30):
            found["on_failure"] = self.block(body.knowing("error"), "u")
        if often(chance, 30):
            found["finally"] = self.block(body, "v")
        return found

    # -------------------------------------------------------------------------------------------- lists

    def block(self, sight: Sight, prefix: str, *, least: int = 0) -> list[dict[str, Any]]:
        """Write a list of steps; ids begin with `prefix`, so that lists side by side have the same."""
        count = max(least, min(self.chance.choice([0, 1, 1, 2, 2, 3, 4]), self.left))
        self.left -= count
        ids = [f"{prefix}{number}" for number in range(count)]
        found: list[dict[str, Any]] = []
        for position in range(count):
            found.append(self.step(sight, ids, position, found))
            sight = sight.behind(found[-1])
        return found

    def step(
        self, sight: Sight, ids: list[str], position: int, before: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Write one step of a list."""
        chance = self.chance
        kind = self.kind(sight, ids[position])
        found = {"id": ids[position], **kind}
        is_last = position == len(ids) - 1
        if often(chance, 15) or ({"raise", "end"} & set(kind) and not is_last):
            found["if"] = condition(chance, sight)
        if "end" not in kind and often(chance, 12):
            found["on_error"] = "continue"
        if not {"raise", "end"} & set(kind):
            self.jump(found, sight, ids, position, before)
        return found

    def jump(
        self,
        found: dict[str, Any],
        sight: Sight,
        ids: list[str],
        position: int,
        before: list[dict[str, Any]],
    ) -> None:
        """Let some steps lead elsewhere: forward, or back where something waits on the way."""
        chance, later = self.chance, ids[position + 1 :]
        pauses = [number for number, step in enumerate([*before, found]) if _pauses(step)]
        if often(chance, 12):
            found |= {"then": chance.choice([*later, "exit", "end"]), "if": condition(chance, sight)}
        elif pauses and often(chance, 25):
            again = chance.choice(["vars.?c.orValue(0) < 2", "random() < 0.5", "input.flag"])
            found |= {"then": ids[chance.randint(0, pauses[-1])], "if": again}

    # -------------------------------------------------------------------------------------------- kinds

    def kind(self, sight: Sight, step_id: str) -> dict[str, Any]:
        """Write what makes the step what it is."""
        chance = self.chance
        if (
            len(sight.steps) < DEEPEST * 4
            and len(step_id) <= DEEPEST + 1
            and self.left > 0
            and often(chance, 45)
        ):
            makers = [self.switch, self.fork, self.each, self.loop, self.guarded, self.guarded]
            return chance.choice(makers)(sight, step_id)
        make = chance.choices([*steps.LEAVES], [*steps.LEAVES.values()])[0]
        found = make(chance, sight)
        if make in (steps.module, steps.child) and often(chance, 30):
            found["catch"] = self.catches(sight, step_id)
        return found

    def switch(self, sight: Sight, step_id: str) -> dict[str, Any]:
        chance, inner = self.chance, _inner(step_id)
        cases = [
            {"when": condition(chance, sight), "do": self.block(sight, inner)}
            for _ in range(chance.randint(1, 2))
        ]
        if often(chance, 15):
            cases[0] = {"when": cases[0]["when"], "then": chance.choice(["exit", "end"])}
        elif often(chance, 15):
            cases[0]["then"] = chance.choice(["exit", "end"])
        if often(chance, 40):
            cases.append({"do": self.block(sight, inner)})
        return {"switch": cases}

    def fork(self, sight: Sight, step_id: str) -> dict[str, Any]:
        chance = self.chance
        names = ["x", "y", "z"][: chance.randint(1, 3)]
        branches = {name: self.block(sight, _inner(step_id)) for name in names}
        found: dict[str, Any] = {"branches": branches}
        if often(chance, 60):
            wanted = [chance.sample(names, chance.randint(1, len(names))), chance.randint(1, len(names))]
            found["join"] = chance.choice(["all", "any", *wanted])
        if often(chance, 60):
            found["on_error"] = chance.choice(["fail", "finish", "continue"])
        return {"fork": found}

    def each(self, sight: Sight, step_id: str) -> dict[str, Any]:
        chance = self.chance
        lists = ["${input.items}", [{"n": 1}, {"n": 0}, {"n": 3}], [], [{"n": "${input.n}"}], "${input.n}"]
        found: dict[str, Any] = {"in": chance.choices(lists, [50, 30, 5, 10, 5])[0]}
        if often(chance, 50):
            found["concurrency"] = chance.randint(1, 2)
        if often(chance, 40):
            found["join"] = chance.choice(["all", "any", 1, 2, 3])
        if often(chance, 60):
            found["on_error"] = chance.choice(["fail", "finish", "continue"])
        return {"for": found, "do": self.block(sight.knowing("item", "index"), _inner(step_id))}

    def loop(self, sight: Sight, step_id: str) -> dict[str, Any]:
        chance = self.chance
        word = chance.choice(["while", "until"])
        own = f"steps.?{step_id}.?output.?n.orValue(0) < 2"
        tests = {"while": ["index < 2", "index < 4", own], "until": ["index >= 1", "true", "index > 2"]}[word]
        found: dict[str, Any] = {
            word: condition(chance, sight) if often(chance, 30) else chance.choice(tests)
        }
        found["limit"] = chance.randint(1, 5)
        if often(chance, 40):
            found["keep"] = chance.randint(1, found["limit"])
        return found | {"do": self.block(sight.knowing("index"), _inner(step_id))}

    def guarded(self, sight: Sight, step_id: str) -> dict[str, Any]:
        found: dict[str, Any] = {"try": self.block(sight, _inner(step_id))}
        if often(self.chance, 80):
            found["catch"] = self.catches(sight, step_id)
        if often(self.chance, 40):
            found["finally"] = self.block(sight, _inner(step_id))
        return found

    def catches(self, sight: Sight, step_id: str) -> list[dict[str, Any]]:
        """Write the entries of a `catch`."""
        chance = self.chance
        sight = sight.knowing("error")
        found = []
        for _ in range(chance.randint(1, 2)):
            entry: dict[str, Any] = {}
            if often(chance, 50):
                entry["errors"] = chance.sample([*steps.ERRORS, "*"], 2)
            if often(chance, 20):
                entry["if"] = condition(chance, sight)
            if often(chance, 40):
                entry["retry"] = steps.retry(chance)
            if often(chance, 50):
                entry["do"] = self.block(sight, _inner(step_id))
            if often(chance, 20):
                entry["output"] = steps.mapping(chance, sight, "n", "b")
            if often(chance, 10):
                entry["then"] = chance.choice(["exit", "end"])
            found.append(entry)
        return found


def _inner(step_id: str) -> str:
    """Return what the ids inside a step begin with: other than all ids outside, the same as beside it."""
    return f"{step_id[0]}{step_id.rstrip('0123456789')}"


def _pauses(step: dict[str, Any]) -> bool:
    return bool({"wait", "listen", "ask"} & set(step)) and "if" not in step
