"""Runs with blocks, for the tests of this folder."""

from __future__ import annotations

from tests.unit.telemetry.playing import Play

BLOCKS = """
shop:
  order.placed:
    version: 1
    steps:
      - {id: route, switch: [{when: "input.n > 9", do: []}, {do: [{id: small, module: hand, action: lift}]}]}
      - id: side
        fork:
          branches:
            ask: [{id: approve, ask: {prompt: "Pay it?", to: boss, timeout: 3h, form: {type: object}}}]
            hear: [{id: paid, listen: {event: paid, key: {event: event.data.o, run: input.order}, count: 2}}]
            nap: [{id: settle, wait: 2d}]
            pack: [{id: box, module: warehouse, action: box, retry: {delay: 12s, jitter: 0}}]
            pay: [{id: charge, module: payments, action: take}]
            sub: [{id: invoice, run: {workflow: invoice}}]
      - {id: ship, module: carrier, action: send}
"""

MANY = """
shop:
  order.placed:
    version: 1
    steps:
      - id: each
        for: {in: "${input.items}", on_error: continue}
        do: [{id: one, module: m, action: do, retry: none}]
"""

UNDONE = """
shop:
  order.placed:
    version: 1
    steps:
      - {id: charge, module: payments, action: take, compensate: {module: payments, action: refund}}
      - id: guard
        try: [{id: ship, module: carrier, action: send, retry: none}]
        catch: [{errors: [lost], do: [{id: look, module: carrier, action: search, retry: none}]}]
    on_failure: [{id: tell, module: mail, action: send, with: {to: "${input.mail}"}}]
"""


def standing_still() -> Play:
    """Return a run whose branches wait for everything that there is to wait for."""
    play = Play(BLOCKS, {"n": 4, "order": "o-17"})
    play.complete("route/1/small", {"kg": 2})
    play.fail("side/pack/box", "jammed", "the printer is jammed")
    play.later("side/pay/charge", 30)
    play.now += 3
    return play


def many(count: int, *, failed: tuple[int, ...] = (), completed: int = 0) -> Play:
    """Return a run with many items, of which some are over."""
    play = Play(MANY, {"items": list(range(count))})
    for number in failed:
        play.fail(f"each/{number}/one", "broken")
    for number in range(completed):
        if number not in failed:
            play.complete(f"each/{number}/one", number)
    return play


def undone() -> Play:
    """Return a run that failed in a catch, was undone, and told somebody."""
    play = Play(UNDONE, {"mail": "a@b"})
    play.complete("charge")
    play.fail("guard/try/ship", "lost")
    play.fail("guard/catch-0/look", "gone", "nowhere")
    play.complete("charge/compensate")
    play.complete("on_failure/tell")
    return play
