"""The definitions that are measured. Called by the benches."""

from __future__ import annotations

from pathlib import Path

LOOPS = """\
bench:
  unbounded:
    version: 1
    steps:
      - for: {in: "${input.items}"}
        do:
          - {module: echo, action: echo, with: {n: "${item}"}}
  fifty:
    version: 1
    steps:
      - for: {in: "${input.items}", concurrency: 50}
        do:
          - {module: echo, action: echo, with: {n: "${item}"}}
"""

_MODULE = '{module: echo, action: echo, id: s%d, with: {n: "%s"}}'


def long_one(steps: int) -> str:
    """Return a workflow of so many module steps, each of which reads the one before it."""
    lines = [_MODULE % (n, f"${{steps.s{n - 1}.output}}" if n else "${input.n}") for n in range(steps)]
    return "bench:\n  long:\n    version: 1\n    steps:\n" + "".join(f"      - {line}\n" for line in lines)


_FIVE = """\
orders:
  order-{n}:
    version: 1
    description: Takes order {n} from the cart to the parcel
    input:
      type: object
      required: [amount, customer]
      properties:
        amount: {{type: number, minimum: 0}}
        customer: {{type: object}}
    steps:
      - id: check
        module: fraud
        action: check
        with: {{amount: "${{input.amount * {n}}}", country: "${{input.customer.country}}"}}
        retry: {{limit: 5, delay: 2s}}
      - id: charge
        if: "input.amount > {n} && steps.check.output.score < 0.8"
        module: payments
        action: charge
        with: {{amount: "${{input.amount}}", text: "order {n} of ${{input.customer.name}}"}}
      - id: pack
        module: warehouse
        action: pack
        with: {{lines: "${{input.lines.filter(line, line.count > {n})}}"}}
      - id: ship
        module: parcel
        action: ship
        with: {{parcel: "${{steps.pack.output.parcel}}", is_express: "${{input.amount > {n}.5}}"}}
        timeout: 1h
      - id: tell
        module: mail
        action: send
        with: {{to: "${{input.customer.mail}}", track: "${{steps.ship.output.track + '-{n}'}}"}}
    output: {{track: "${{steps.ship.output.track}}"}}
"""


def write_many(directory: Path, count: int) -> None:
    """Write so many files, each with a workflow of 5 steps. No two of their longer expressions are alike."""
    directory.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        (directory / f"order-{n}.yaml").write_text(_FIVE.format(n=n), encoding="utf-8")
