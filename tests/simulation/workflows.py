"""What the simulated runs do: every way of waiting, each with a time limit, so that no loss is for ever."""

from __future__ import annotations

from resistor.catalog import Catalog, load_text

TEXT = b"""
modules:
  m: {defaults: {timeout: 30s, retry: {limit: 4, delay: 1s, factor: 2, jitter: 0}}}
sim:
  sequence:
    version: 1
    steps:
      - {module: m, action: a}
      - {module: m, action: b, with: {from: "${steps.a.output}"}}
      - {module: m, action: c}
  parallel:
    version: 1
    steps:
      - fork:
          branches:
            x: [{module: m, action: x1}, {module: m, action: x2}]
            y: [{module: m, action: y1}]
        id: both
      - for: {in: "${[1, 2, 3, 4]}", each: item, concurrency: 2}
        do: [{module: m, action: each, with: {n: "${item}"}}]
        id: all
  timers:
    version: 1
    steps:
      - {module: m, action: a, heartbeat: 20s}
      - {wait: 45s, id: pause}
      - {module: m, action: b, retry: {limit: 6, delay: 250ms}}
  saga:
    version: 1
    steps:
      - {module: m, action: reserve, compensate: {module: m, action: release}}
      - {module: m, action: charge, compensate: {module: m, action: refund}}
      - {module: m, action: ship, retry: none}
    finally: [{module: m, action: tidy}]
  listener:
    version: 1
    steps:
      - {module: m, action: a}
      - listen: {event: arrived, key: {event: event.data.n, run: input.n}, buffer: 1h, timeout: 10m}
        id: arrived
        on_error: continue
  parent:
    version: 1
    steps:
      - {run: {workflow: sequence}, id: child, catch: [{errors: ["*"]}]}
      - {module: m, action: after}
  limited:
    version: 1
    concurrency: {key: "'one'", limit: 2}
    steps: [{module: m, action: a}, {module: m, action: b}]
"""

NAMES = ("sequence", "parallel", "timers", "saga", "listener", "parent", "limited")


def catalog() -> Catalog:
    """The workflows of the simulation, all of namespace `sim`."""
    return load_text(TEXT).or_raise()
