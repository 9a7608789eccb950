"""Random steps of a workflow, each as a definition file would have it.

Used by random_workflows.py. What one step reads of others is always guarded, so that the checks at load
let it pass; what it finds there may still be anything.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

ERRORS = ("boom", "bust", "timeout", "heartbeat", "expression", "cancelled")
SILENT = frozenset({"wait", "set", "emit", "raise", "end"})
MISSING = "input.missing.deeper"  # an expression that fails when it is evaluated


@dataclass(frozen=True)
class Sight:
    """What an expression may name: steps by id, and the variables of loops and catches."""

    steps: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()  # those of the steps that have no output

    @property
    def outputs(self) -> list[str]:
        """The last few steps that may have an output."""
        return [each for each in self.steps if each not in self.silent][-3:]

    def behind(self, step: dict[str, Any]) -> Sight:
        """Return the same with a further step."""
        is_silent = bool(SILENT & set(step))
        silent = self.silent | {step["id"]} if is_silent else self.silent
        return replace(self, steps=(*self.steps, step["id"]), silent=silent)

    def knowing(self, *words: str) -> Sight:
        """Return the same with further variables."""
        return replace(self, words=(*self.words, *words))


def often(chance: Random, percent: int) -> bool:
    """Say yes so often."""
    return chance.randrange(100) < percent


def condition(chance: Random, sight: Sight) -> str:
    """An expression that gives a truth value, or fails."""
    found = ["input.flag", "!input.flag", "input.n > 1", "random() < 0.5", "vars.?c.orValue(0) < 2", "true"]
    for step_id in sight.steps[-3:]:
        found += [f"has(steps.{step_id})", f"steps.?{step_id}.?status.orValue('none') == 'completed'"]
    for step_id in sight.outputs:
        found += [f"steps.?{step_id}.?output.?n.orValue(0) > 1"]
    if "item" in sight.words:
        found += ["item.n > 0", "index != 1"]
    if "index" in sight.words:
        found += ["index < 1"]
    if "error" in sight.words:
        found += ["error.type == 'boom'"]
    return MISSING if often(chance, 3) else chance.choice(found)


def value(chance: Random, sight: Sight) -> Any:
    """A value with or without expressions."""
    found: list[Any] = [7, "text", None, [1, 2], "${input.n}", "is ${input.k}!", "${uuid()}", "${random()}"]
    found += ["${vars.?c.orValue(0) + 1}", "${run.id}", "${string(now())}"]
    for step_id in sight.outputs:
        found += [f"${{steps.?{step_id}.?output.orValue(0)}}", f"${{steps.?{step_id}.?attempt.orValue(0)}}"]
    for word in sight.words:
        found += [f"${{{word}}}"]
    return f"${{{MISSING}}}" if often(chance, 3) else chance.choice(found)


def mapping(chance: Random, sight: Sight, *names: str) -> dict[str, Any]:
    """A mapping with some of these names."""
    return {name: value(chance, sight) for name in names if often(chance, 70)}


def seconds(chance: Random, *, least: int = 1) -> str:
    """A duration that other durations here may be just as long as."""
    return f"{chance.choice([each for each in (0, 1, 2, 5, 10, 60) if each >= least])}s"


def retry(chance: Random) -> Any:
    """A `retry`, of few attempts."""
    if often(chance, 50):
        return chance.choice(["none", 1, 2, 4])
    found: dict[str, Any] = {"limit": chance.randint(1, 4), "delay": seconds(chance, least=0)}
    if often(chance, 50):
        found["backoff"] = chance.choice(["constant", "linear", "exponential"])
    if often(chance, 40):
        found |= {"jitter": chance.choice([0, 0.5, 1]), "factor": chance.choice([1, 1.5, 10])}
    if often(chance, 30):
        found |= {"within": seconds(chance), "max_delay": seconds(chance)}
    if often(chance, 30):
        found[chance.choice(["on", "except"])] = chance.sample(ERRORS, 2)
    return found


# ------------------------------------------------------------------------------------ kinds without blocks


def module(chance: Random, sight: Sight) -> dict[str, Any]:
    """A module step."""
    found: dict[str, Any] = {"module": chance.choice(["m", "other"]), "action": "act"}
    if often(chance, 10):
        found["action"] = chance.choice(["act_${input.n}", "${input.k}", "${input.items}"])
    if often(chance, 40):
        found["with"] = mapping(chance, sight, "a", "b")
    if often(chance, 20):
        found["output"] = chance.choice(
            ["${result}", "${result.n}", {"n": "${result.?n.orValue(0)}"}, {"x": "${result}", "y": 1}]
        )
    if often(chance, 30):
        found["timeout"] = seconds(chance)
    if often(chance, 20):
        found["heartbeat"] = seconds(chance)
    if often(chance, 50):
        found["retry"] = retry(chance)
    if often(chance, 35):
        found["compensate"] = compensation(chance, sight)
    if often(chance, 10):
        found |= {"priority": chance.randrange(10), "metadata": {"any": ["thing"]}}
    return found


def compensation(chance: Random, sight: Sight) -> dict[str, Any]:
    """What undoes a module step."""
    found: dict[str, Any] = {"module": "m", "action": "undo"}
    if often(chance, 40):
        found["with"] = mapping(chance, sight, "a", "b")
    if often(chance, 60):
        found["retry"] = retry(chance)
    return found


def wait(chance: Random, sight: Sight) -> dict[str, Any]:
    """A `wait` step."""
    if often(chance, 25):
        until = chance.choice(["now() + duration('3s')", "event.time + duration('20s')", "run.started_at"])
        return {"wait": {"until": MISSING if often(chance, 5) else until}}
    return {"wait": seconds(chance)}


def listen(chance: Random, sight: Sight) -> dict[str, Any]:
    """A `listen` step."""
    found: dict[str, Any] = {"event": chance.choice(["e1", "e2"])}
    if often(chance, 40):
        found["match"] = chance.choice(["event.data.n > 1", "event.data.k == input.k", "event.data.gone > 1"])
    if often(chance, 40):
        found["key"] = {"event": "event.data.k", "run": chance.choice(["input.k", "input.n", MISSING])}
    if often(chance, 50) or "gone" in found.get("match", ""):
        found["timeout"] = seconds(chance)
    if often(chance, 30):
        found["count"] = chance.randint(1, 3)
    if often(chance, 20):
        found["buffer"] = "1h"
    return {"listen": found}


def ask(chance: Random, sight: Sight) -> dict[str, Any]:
    """An `ask` step."""
    found: dict[str, Any] = {"prompt": "well?"}
    if often(chance, 40):
        found["form"] = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    if often(chance, 40):
        found["timeout"] = seconds(chance)
    return {"ask": found}


def assign(chance: Random, sight: Sight) -> dict[str, Any]:
    """A `set` step."""
    counted = {"c": "${vars.?c.orValue(0) + 1}"} if often(chance, 60) else {}
    return {"set": counted | mapping(chance, sight, "v", "w")}


def emit(chance: Random, sight: Sight) -> dict[str, Any]:
    """An `emit` step."""
    found: dict[str, Any] = {"event": "told"}
    if often(chance, 60):
        found["data"] = chance.choice(["${input}", "${input.n}", mapping(chance, sight, "a", "b")])
    return {"emit": found}


def child(chance: Random, sight: Sight) -> dict[str, Any]:
    """A `run` step."""
    found: dict[str, Any] = {"workflow": chance.choice(["other", "third", "${input.k}"])}
    if often(chance, 50):
        found["input"] = chance.choice(["${input}", mapping(chance, sight, "a", "b"), "${input.n}"])
    if often(chance, 25):
        found["id"] = chance.choice(["${input.k}", "fixed", "${uuid()}"])
    if often(chance, 20):
        found["detach"] = True
    if often(chance, 35):
        found["timeout"] = seconds(chance)
    return {"run": found}


def error(chance: Random, sight: Sight) -> dict[str, Any]:
    """A `raise` step."""
    found: dict[str, Any] = {"type": chance.choice(["boom", "bust", "${input.k}"])}
    if often(chance, 40):
        found |= {"message": "no: ${input.n}", "details": {"of": value(chance, sight)}}
    return {"raise": found}


def end(chance: Random, sight: Sight) -> dict[str, Any]:
    """An `end` step."""
    found: dict[str, Any] = {}
    if often(chance, 60):
        found["status"] = chance.choice(["completed", "failed", "cancelled"])
    if often(chance, 40):
        found["output"] = mapping(chance, sight, "a", "b")
    return {"end": found}


LEAVES = {
    module: 34,
    wait: 8,
    listen: 8,
    ask: 5,
    assign: 8,
    emit: 5,
    child: 9,
    error: 4,
    end: 3,
}
