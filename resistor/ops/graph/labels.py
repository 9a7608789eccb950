"""What a step says of itself in a picture: a title and a few short lines.

Called by building, with a step of a resolved definition. Short forms and long forms (`retry: 5`,
`retry: {limit: 5}`) read the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from resistor.ops.blocks import Step, kind_of
from resistor.ops.text import printable, shortened

LONGEST = 44  # characters of a line: a box stays a box, and the definition has the rest


def lines_of(step: Step) -> tuple[str, ...]:
    """Return what stands under a step's id."""
    kind = kind_of(step)
    found = [str(step["name"])] if step.get("name") else []
    found += _DOES[kind](step) if kind in _DOES else []
    if "if" in step:
        found.append(f"if {bare(step['if'])}")
    limits = list(_limits(step))
    if limits:
        found.append(", ".join(limits))
    return tuple(one_line(each) for each in found if each)


def one_line(text: Any) -> str:
    """Return text as it can stand in a box: one line, not long, nothing in it that a terminal obeys."""
    return shortened(printable(" ".join(str(text).split())), LONGEST)


def bare(condition: Any) -> str:
    """Return an expression without the `${}` around it."""
    text = str(condition).strip()
    whole = text.startswith("${") and text.endswith("}") and "${" not in text[2:]
    return text[2:-1].strip() if whole else text


def attempts(retry: Any) -> str:
    """Return `5 attempts`; nothing for none, or where only the pauses are set."""
    limit = retry.get("limit") if isinstance(retry, dict) else retry
    if retry == "none" or limit == 1:
        return "no retry"
    return f"{limit} attempts" if isinstance(limit, int) else ""


def workflow_of(target: Any) -> str:
    """Return what a `run` step runs."""
    if not isinstance(target, dict):
        return str(target)
    namespace = f"{target['namespace']}/" if target.get("namespace") else ""
    version = f"@{target['version']}" if target.get("version") else ""
    return f"{namespace}{target.get('workflow', '?')}{version}"


def errors_of(entry: dict[str, Any]) -> str:
    """Return which errors a catch entry is about."""
    errors = entry.get("errors") or ["*"]
    named = errors if isinstance(errors, list) else [errors]
    return "any error" if "*" in named else ", ".join(map(str, named))


def catch_lines(entry: dict[str, Any]) -> tuple[str, ...]:
    """Return what a catch entry does by itself, its steps aside."""
    found = [f"if {bare(entry['if'])}"] if "if" in entry else []
    if "retry" in entry:
        found.append(f"again: {attempts(entry['retry']) or 'by its schedule'}")
    if "output" in entry:
        found.append("with an output of its own")
    return tuple(one_line(each) for each in found)


def _limits(step: Step) -> Iterator[str]:
    if step.get("retry") is not None and attempts(step["retry"]):
        yield attempts(step["retry"])
    if step.get("timeout") is not None:
        yield f"timeout {step['timeout']}"
    if step.get("on_error") == "continue":
        yield "goes on after an error"


def _form(step: Step, kind: str, short: str) -> dict[str, Any]:
    value = step[kind]
    return value if isinstance(value, dict) else {short: value}


def _for(step: Step) -> list[str]:
    form = _form(step, "for", "in")
    items = form.get("in")
    named = f"a list of {len(items)}" if isinstance(items, list) else bare(items)
    at_once = f"{form['concurrency']} at once" if form.get("concurrency") else "all at once"
    return [f"each {form.get('each', 'item')} of {named}", at_once]


def _wait(step: Step) -> list[str]:
    form = _form(step, "wait", "seconds")
    return [f"until {bare(form['until'])}" if "until" in form else str(form.get("seconds", ""))]


def _listen(step: Step) -> list[str]:
    form = _form(step, "listen", "event")
    count = f"{form['count']} times " if form.get("count") else ""
    limit = f"timeout {form['timeout']}" if form.get("timeout") is not None else ""
    return [f"{count}{form.get('event', '?')}", limit]


def _ask(step: Step) -> list[str]:
    form = _form(step, "ask", "prompt")
    limit = f"timeout {form['timeout']}" if form.get("timeout") is not None else ""
    return [str(form.get("prompt", "")), f"to {form['to']}" if form.get("to") else "", limit]


def _emit(step: Step) -> list[str]:
    form = _form(step, "emit", "event")
    namespace = f"{form['namespace']}." if form.get("namespace") else ""
    return [f"{namespace}{form.get('event', '?')}"]


def _run(step: Step) -> list[str]:
    is_detached = isinstance(step["run"], dict) and step["run"].get("detach")
    return [workflow_of(step["run"]), "without waiting for it" if is_detached else ""]


def _end(step: Step) -> list[str]:
    form = _form(step, "end", "status")
    return [f"the run ends {form.get('status') or 'completed'}"]


_DOES: dict[str, Callable[[Step], list[str]]] = {
    "module": lambda step: [f"{step['module']}.{step.get('action', '?')}"],
    "for": _for,
    "while": lambda step: [f"while {bare(step['while'])}"],
    "until": lambda step: [f"until {bare(step['until'])}"],
    "wait": _wait,
    "listen": _listen,
    "ask": _ask,
    "emit": _emit,
    "set": lambda step: [", ".join(map(str, step["set"]))] if isinstance(step["set"], dict) else [],
    "run": _run,
    "raise": lambda step: [str(_form(step, "raise", "type").get("type", ""))],
    "end": _end,
}
