"""`resistor`, and `python -m resistor`: the command line, with the commands of every floor."""

from __future__ import annotations

from resistor.ops.cli.lazy import Lazy
from resistor.ops.cli.root import command_line

DEV = Lazy("resistor.dev.command:dev", "Everything in one process, nothing to install.")


def main() -> None:
    """Run the command line, and exit with its code."""
    command_line(dev=DEV)(prog_name="resistor")


if __name__ == "__main__":
    main()
