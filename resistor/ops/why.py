"""A run's object and history → sentences that say why it stands where it stands. Pure: the time comes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from resistor.ops.text import elapsed, how_long, plural
from resistor.ops.waiting import moment, reasons

View = Mapping[str, Any]

MOST_STEPS = 20
_OPEN = ("scheduled", "running", "waiting", "retrying")
_FINAL = ("completed", "failed", "cancelled", "terminated", "timed_out")


def explained(run: View, facts: Sequence[View], unconfirmed: Sequence[str], *, now: float) -> Iterator[str]:
    """Say why `run` (of `views.run_view`) stands where it stands, most telling first."""
    if run["status"] in _FINAL:
        yield from _ended(run, facts)
        return
    if run["status"] == "paused":
        yield _paused(facts)
    yield from _phase(run)
    steps = [step for step in run["steps"] if _is_innermost(step, run["steps"])]
    for step in steps[:MOST_STEPS]:
        yield _step(step, now)
    if len(steps) > MOST_STEPS:
        yield f"… and {plural(len(steps) - MOST_STEPS, 'more step')} under way"
    if unconfirmed:
        names = ", ".join(unconfirmed[:5]) + ("…" if len(unconfirmed) > 5 else "")
        yield f"not confirmed by the broker yet, and sent again until it is: {names}"
    if not steps and not unconfirmed and run["status"] == "running" and "phase" not in run:
        yield "nothing is under way: `resistor doctor --audit` looks whether it is stuck"


def _ended(run: View, facts: Sequence[View]) -> Iterator[str]:
    error = run["error"]
    how = f"it {run['status'].replace('_', ' ')}" if run["status"] != "completed" else "it completed"
    if run["status"] in ("cancelled", "terminated"):
        how = f"it was {run['status']}"
    yield how if error is None else f"{how}: {_error(error)}"
    if run.get("compensated") is not None:
        yield "what it had completed was undone" if run["compensated"] else "not all could be undone"
        yield f"`resistor run rerun {run['id']} --from STEP` begins anew from a step"
    elif run["status"] != "completed":
        yield f"`resistor run retry {run['id']}` lets it go on where it stopped"
    retried = sum(fact["fact"] == "run_retried" for fact in facts)
    if retried:
        yield f"it was retried {plural(retried, 'time')}"


def _error(error: View) -> str:
    said = ": ".join(filter(None, (error["type"], error["message"])))
    where = f" (step {error['step']}, attempt {error.get('attempt', 1)})" if error.get("step") else ""
    return said + where


def _paused(facts: Sequence[View]) -> str:
    last = next((fact for fact in reversed(facts) if fact["fact"] == "run_paused"), {})
    by = f" by {last['by']}" if last.get("by") else ""
    why = f": {last['why']}" if last.get("why") else ""
    return f"it is paused{by}{why}; nothing new begins until `resistor run resume`"


def _phase(run: View) -> Iterator[str]:
    match run.get("phase"):
        case "queued":
            yield "it waits for a slot of its concurrency key: other runs have them all"
        case "compensating":
            yield "its end is certain, and what it completed is being undone"
        case "on_failure" | "finally" as phase:
            yield f"its end is certain, and `{phase}` runs"
        case _:
            return


def _is_innermost(step: View, steps: Sequence[View]) -> bool:
    if step["status"] not in _OPEN:
        return False
    inside = f"{step['path']}/"
    return not any(other["path"].startswith(inside) and other["status"] in _OPEN for other in steps)


def _step(step: View, now: float) -> str:
    where = f"step {step['path']}"
    if step.get("blocked"):
        return f"{where} is blocked: {step['blocked']}; it is tried again until there is one"
    told = list(reasons(step, now))
    if step["status"] == "retrying" and step["error"]:
        told.append(f"attempt {step['attempt']} failed: {_error(step['error'])}")
    if step["module"] and step["status"] in ("scheduled", "running"):
        has = "works on" if step["status"] == "running" else "has been sent"
        told.append(f"module {step['module']} {has} {step['action']}, attempt {step['attempt']}")
        told.append(f"for {how_long(elapsed(step, now))}")
        if "deadline" in step:
            told.append(f"which times out at {moment(step['deadline'], now)}")
    if step["kind"] == "ask":
        told.append(f"`resistor run answer … {step['path']}` answers")
    return f"{where} is {step['status']}" + (": " + ", ".join(told) if told else "")
