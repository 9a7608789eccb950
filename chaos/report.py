"""Figures of a run, as JSON and as the tables of docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from chaos.checker import Findings


@dataclass
class Report:
    """What was done, and what came of it. Times are in seconds."""

    seed: int
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    twice: int = 0
    bad: int = 0
    settled_after: float = 0.0
    findings: Findings = field(default_factory=Findings)

    def as_json(self) -> dict[str, Any]:
        """Return everything as one JSON object."""
        found = self.findings
        return {
            "seed": self.seed,
            "seconds": round(self.seconds),
            "runs": found.runs,
            "faults": sum(self.faults.values()),
            "faults_by_kind": dict(sorted(self.faults.items())),
            "lost": len(found.lost),
            "stuck": len(found.stuck),
            "applied_twice": len(found.double),
            "early_timers": len(found.early),
            "other_breaches": len(found.other),
            "broken": found.broken[:50],
            "statuses": dict(found.statuses),
            "effects": found.effects,
            "duplicates_absorbed": found.repeated_effects,
            "events_published_twice": self.twice,
            "bad_messages": self.bad,
            "dead_letters": found.dead["letters"],
            "settled_after_seconds": round(self.settled_after, 1),
            "timers": len(found.lateness),
            "timer_lateness": quantiles(found.lateness),
            "recovery": {kind: quantiles(times) for kind, times in sorted(self.recoveries.items())},
        }


def quantiles(values: list[float]) -> dict[str, float]:
    """Return the median, the 99th percentile and the most, in seconds."""
    if not values:
        return {}
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)
        for name, share in at.items()
    }


def markdown(report: dict[str, Any]) -> str:
    """Return the tables of the documentation."""
    heads = (
        ("runs", "runs"),
        ("faults", "faults injected"),
        ("lost", "**lost**"),
        ("stuck", "**stuck**"),
        ("applied_twice", "**applied twice**"),
        ("early_timers", "**early timers**"),
        ("other_breaches", "other laws broken"),
        ("duplicates_absorbed", "actions done again by modules, absorbed"),
        ("events_published_twice", "events published twice"),
        ("bad_messages", "bad messages mixed in"),
        ("dead_letters", "dead letters at the end"),
        ("timers", "timers and retries"),
        ("seconds", "seconds under faults"),
        ("settled_after_seconds", "seconds from the last fault until all was over"),
    )
    lines = ["| | |", "|---|---:|", *(f"| {text} | {report[name]:,} |" for name, text in heads), ""]
    lines += ["| fault | times | until the next run ended: p50 | p99 |", "|---|---:|---:|---:|"]
    for kind, count in report["faults_by_kind"].items():
        times = report["recovery"].get(kind, {})
        shown = [f"{times[name]:.1f} s" if times else "" for name in ("p50", "p99")]
        lines.append(f"| {kind} | {count} | {shown[0]} | {shown[1]} |")
    return "\n".join(lines) + "\n"
