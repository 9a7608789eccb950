"""python -m chaos [--quick] [--runs N] [--share X] [--seed N] [--without MECHANISM] [-o json|markdown]"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys

from chaos.report import markdown
from chaos.storm import storm
from chaos.timers import lateness

LONG = (20_000, 1.0)
QUICK = (400, 0.02)


def main() -> None:
    """Run, print, and exit with 1 where a law was broken."""
    options = _options()
    if options.what == "timers":
        found = asyncio.run(lateness(options.rate, options.runs or 10 * options.rate))
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    runs, share = QUICK if options.quick else LONG
    seed = random.randrange(2**32) if options.seed is None else options.seed
    sys.stderr.write(f"seed {seed}\n")
    report = asyncio.run(
        storm(
            runs=options.runs or runs,
            share=options.share if options.share is not None else share,
            seed=seed,
            without=options.without,
        )
    ).as_json()
    text = markdown(report) if options.output == "markdown" else json.dumps(report, indent=2)
    sys.stdout.write(text + "\n")
    if any(report[name] for name in ("lost", "stuck", "applied_twice", "early_timers", "other_breaches")):
        raise SystemExit(1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos")
    parser.add_argument("what", nargs="?", choices=["storm", "timers"], default="storm")
    parser.add_argument("--quick", action="store_true", help="a minute instead of half an hour")
    parser.add_argument("--runs", type=int, help="how many runs")
    parser.add_argument("--share", type=float, help="of the long form's faults: 1.0 is all")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--without", choices=["sweeper", "replay"], help="the negative control")
    parser.add_argument("--rate", type=int, default=1000, help="timers a second, for `timers`")
    parser.add_argument("-o", "--output", choices=["json", "markdown"], default="json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
