"""Resolved definitions to draw: one with every kind of step, and one whose every name is hostile."""

from __future__ import annotations

from typing import Any

EVERY_KIND: dict[str, Any] = {
    "version": 3,
    "description": "Every kind of step, once.",
    "steps": [
        {
            "module": "payments",
            "action": "charge",
            "retry": 5,
            "timeout": "30s",
            "catch": [{"errors": ["card_declined"], "then": "refuse"}, {"retry": 2}],
            "compensate": {"module": "payments", "action": "refund"},
        },
        {
            "id": "route",
            "switch": [
                {"when": "input.amount > 100", "do": [{"ask": {"prompt": "Really?", "to": "boss"}}]},
                {"when": "input.country == 'DE'", "then": "pack"},
                {"when": "input.test", "then": "end"},
            ],
        },
        {"emit": {"event": "order.checked"}, "if": "input.loud", "then": "exit"},
        {
            "id": "pack",
            "fork": {
                "branches": {
                    "goods": [{"module": "stock", "action": "reserve"}, {"wait": "30s"}],
                    "papers": [{"run": {"workflow": "papers.print", "version": 2}}],
                },
                "join": "any",
            },
        },
        {
            "for": {"in": "${input.lines}", "each": "line", "concurrency": 5},
            "do": [{"set": {"seen": "${line.sku}"}}],
        },
        {"id": "poll", "while": "vars.n < 3", "do": [{"module": "parcel", "action": "ask"}]},
        {"id": "rest", "until": "steps.look.output.ok", "do": [{"id": "look", "listen": {"event": "sent"}}]},
        {
            "id": "guard",
            "try": [{"module": "mail", "action": "send"}],
            "catch": [{"errors": ["busy"], "do": [{"id": "note", "set": {"late": True}}], "then": "route"}],
            "finally": [{"id": "close", "module": "mail", "action": "close"}],
        },
        {"id": "done", "end": {"status": "completed"}, "if": "input.short"},
        {"id": "refuse", "raise": {"type": "refused"}},
    ],
    "on_failure": [{"module": "mail", "action": "apologise"}],
    "finally": [{"module": "books", "action": "close"}],
}

HOSTILE_NAMES = (
    'say "no"',
    "<script>alert(1)</script>",
    "a & b &amp; c",
    "]) --> x; end",
    "%%{init: {'theme': 'dark'}}%%",
    "`code` **bold** $$x$$",
    "1. first",
    "- item",
    "style a:#quot;b#quot;",
    "fa:fa-bomb \\n back\\slash",
    "line\nbreak\x1b[2J\x00",
    "|pipe| #35; {x} ${input.y}",
    "|日本語| ümlaut",
)

HOSTILE: dict[str, Any] = {
    "version": 1,
    "description": HOSTILE_NAMES[1],
    "steps": [
        *({"id": f"s{n}", "name": name, "wait": name} for n, name in enumerate(HOSTILE_NAMES)),
        {"id": "end", "set": {"x": 1}},
        {
            "id": "finally",
            "fork": {"branches": {name: [{"id": "x", "wait": "1s"}] for name in HOSTILE_NAMES}},
        },
        {
            "id": "subgraph",
            "switch": [{"when": name, "do": [{"raise": {"type": name}}]} for name in HOSTILE_NAMES],
        },
    ],
    "finally": [{"id": "end", "set": {"x": 1}}],
}
