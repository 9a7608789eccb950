"""`resistor`, and `python -m resistor`: the command line, with the commands of every floor."""

from __future__ import annotations

import gc

from resistor.ops.cli.lazy import Lazy
from resistor.ops.cli.root import command_line

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python's own 700 make the collector run through every import again and again: 0.1 s of the 0.5 that a
command may take. What a daemon has in hand is far below it, and what it drops is freed without this."""

DEV = Lazy("resistor.dev.command:dev", "Everything in one process, nothing to install.")

TESTS = {
    "module": {"test": Lazy("resistor.testing.cli.module_test:test", "Check modules against the contract.")},
    "workflow": {"test": Lazy("resistor.testing.cli.workflow_test:test", "Play scenarios.")},
}


def main() -> None:
    """Run the command line, and exit with its code."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    command_line({"dev": DEV}, TESTS)(prog_name="resistor")


if __name__ == "__main__":
    main()
