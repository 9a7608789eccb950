"""What must hold when everything has come to rest: read from ledgers, Redis and queues, and nothing else.

Every law names the runs that broke it. Numbers are those of the laws in docs/reliability.md.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaos.site import Site
from resistor.engine.facts import Fact, FactName
from resistor.engine.identity import run_id
from resistor.engine.run import EVERYTHING, Run
from resistor.messages.event import Event
from resistor.store import keys as names

ENDINGS = ("run_completed", "run_failed", "run_cancelled", "run_terminated", "run_timed_out")
PAUSE_SECONDS = 2.0  # of the step `pause` in definitions/
PAGE = 200
KEPT = (".dead", ".poisoned", ".journal")
"""Queues that may hold something at the end: letters, and the journal of all events."""


@dataclass
class Findings:
    """What the checker saw. `broken` has a line for every breach."""

    runs: int = 0
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)
    effects: int = 0
    repeated_effects: int = 0
    dead: Counter[str] = field(default_factory=Counter)

    @property
    def broken(self) -> list[str]:
        """Every breach."""
        return [*self.lost, *self.stuck, *self.double, *self.early, *self.other]


def lines_of(ledger: Path) -> Iterator[Any]:
    """Read a ledger."""
    if ledger.exists():
        with ledger.open() as lines:
            yield from (json.loads(line) for line in lines)


async def check(site: Site) -> Findings:
    """Read everything, and say what does not hold."""
    findings = Findings()
    effects = _effects(site, findings)
    events = {entry["id"]: entry for entry in lines_of(site.event_ledger)}
    wanted = {run_of(entry["workflow"], entry["id"]): entry for entry in events.values()}
    ids = list(wanted)
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        loaded = await site.store.load([(each, EVERYTHING) for each in page])
        for each, run in zip(page, loaded.runs, strict=True):
            if run is None:
                findings.lost.append(f"1 event {wanted[each]['id']} has no run {each}")
                continue
            await _of_run(site, findings, run, effects.get(each, Counter()))
            for child in _children(run):
                inner = (await site.store.load([(child, EVERYTHING)])).runs[0]
                if inner is not None:
                    await _of_run(site, findings, inner, effects.get(child, Counter()))
    await _of_rest(site, findings)
    return findings


def run_of(workflow: str, event: str) -> str:
    """Return the run that an event starts."""
    return run_id(Event(namespace="chaos", name=workflow, data=b"", id=event), "")


def _effects(site: Site, findings: Findings) -> dict[str, Counter[tuple[str, int]]]:
    found: dict[str, Counter[tuple[str, int]]] = defaultdict(Counter)
    for entry in lines_of(site.module_ledger):
        if entry["what"] == "did":
            findings.effects += 1
            found[entry["run"]][(entry["step"], entry["attempt"])] += 1
    findings.repeated_effects = sum(count - 1 for each in found.values() for count in each.values())
    return found


def _children(run: Run) -> list[str]:
    return [record.control.run for record in run.steps.values() if hasattr(record.control, "workflow")]  # type: ignore[union-attr]


async def _of_run(site: Site, findings: Findings, run: Run, effects: Counter[tuple[str, int]]) -> None:
    findings.runs += 1
    findings.statuses[str(run.state.status)] += 1
    facts = await site.store.history(run.id)
    name = f"{run.origin.workflow} {run.id}"
    if not run.state.status.is_final:
        out = [path for path, record in run.steps.items() if record.status.is_open]
        findings.stuck.append(f"2 {name} is {run.state.status}: {out}, unconfirmed {sorted(run.unconfirmed)}")
        return
    endings = [fact.name for fact in facts if fact.name in ENDINGS]
    if len(endings) != 1 or facts[-1].name not in ENDINGS:
        findings.double.append(f"2 {name} ended {len(endings)} times, and last {facts[-1].name}")
    if run.unconfirmed:
        findings.other.append(f"8 {name} is over and has unconfirmed {sorted(run.unconfirmed)}")
    _of_steps(findings, name, facts, effects)
    _of_time(findings, name, facts)


def _of_steps(findings: Findings, name: str, facts: list[Fact], effects: Counter[tuple[str, int]]) -> None:
    done = Counter(fact.step for fact in facts if fact.name is FactName.STEP_COMPLETED)
    findings.double += [f"6 {name}: {step} completed {n} times" for step, n in done.items() if n > 1]
    asked = {(fact.step, fact.attempt) for fact in facts if fact.name is FactName.STEP_SCHEDULED}
    findings.other += [f"5 {name}: {step} was done, unasked" for step in effects if step not in asked]
    for fact in facts:
        was_done = bool(effects[(fact.step or "", fact.attempt or 0)])
        is_action = (fact.step, fact.attempt) in asked
        if fact.name is FactName.STEP_COMPLETED and is_action and not was_done:
            findings.other.append(f"4 {name}: {fact.step} completed, and nobody did it")


def _of_time(findings: Findings, name: str, facts: list[Fact]) -> None:
    until: dict[str, float] = {}
    for fact in facts:
        step = fact.step or ""
        if fact.name is FactName.STEP_STARTED and step == "pause":
            until[step] = fact.at + PAUSE_SECONDS
        elif fact.name is FactName.STEP_RETRYING:
            until[step] = fact.details["until"]
        elif fact.name in (FactName.STEP_COMPLETED, FactName.STEP_SCHEDULED) and step in until:
            late = fact.at - until.pop(step)
            findings.lateness.append(late)
            if late < -0.001:
                findings.early.append(f"10 {name}: {step} went on {-late:.3f} s early")


async def _of_rest(site: Site, findings: Findings) -> None:
    counts = dict(
        line.split("\t") for line in site.rabbitmq.ctl("list_queues", "name", "messages").splitlines()[1:]
    )
    for queue, count in counts.items():
        if not queue.endswith(KEPT) and int(count):
            findings.other.append(f"9 {queue} holds {count} messages")
    findings.dead["letters"] = int(counts.get("resistor.dead", "0"))
    client, keys = site.store._client, site.store._keys
    for partition in range(keys.partitions):
        tag = keys.tag(partition)
        left = await client.zcard(names.due(tag))
        if left:
            findings.other.append(f"7 {left} due entries in partition {partition}, and every run is over")
