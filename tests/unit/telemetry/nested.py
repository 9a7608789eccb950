"""A run with everything that can happen to an attempt, for the tests of this folder."""

from __future__ import annotations

from resistor.telemetry import Telemetry
from tests.unit.telemetry.playing import Play

DEFINITION = """
shop:
  order.placed:
    version: 1
    steps:
      - {id: charge, module: payments, action: take, compensate: {module: payments, action: refund}}
      - id: each
        for: {in: "${input.items}"}
        do:
          - id: guard
            try:
              - {id: pack, module: warehouse, action: "${item}", timeout: 10s, retry: {limit: 2, jitter: 0}}
            catch: [{errors: [broken]}]
      - {id: ship, module: carrier, action: send, retry: none}
"""


def played(telemetry: Telemetry | None = None) -> Play:
    """Let one item be packed at the second attempt, one be broken and caught, one be late; then fail."""
    play = Play(DEFINITION, {"items": ["wrap", "fold", "wrap"]}, telemetry=telemetry)
    play.now += 1
    play.complete("charge")
    play.fail("each/0/guard/try/pack")
    play.fail("each/1/guard/try/pack", "broken", retryable=False)
    play.wait(2)
    play.complete("each/0/guard/try/pack")
    play.wait(8)
    play.wait(1)
    play.complete("each/2/guard/try/pack")
    play.fail("ship", "lost")
    play.now += 5
    play.complete("charge/compensate")
    return play
