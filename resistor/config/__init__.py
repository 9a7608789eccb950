"""Every setting: its meaning, unit, default and reason; and the only reader of the environment.

Called by the command line and by whatever wires processes together; settings then travel as frozen
sections. Where a value comes from, the later wins: the default, the YAML file (`--config`,
RESISTOR_CONFIG), the environment, a flag.

    sections.py    every setting there is
    values.py      what a duration, a server's URL, a bind may look like
    inventory.py   the settings as a list: what they are called outside, what people may see of them
    reading.py     file, environment, flags → Settings

A wrong value raises `OperatorMistake` with one line that names it as its user wrote it.
"""

from resistor.config.inventory import ENVIRONMENT, Shown, shown
from resistor.config.reading import load
from resistor.config.sections import (
    Broker,
    Daemon,
    Definitions,
    Http,
    Limits,
    Log,
    Settings,
    Store,
    Tokens,
    Traces,
)
from resistor.config.values import MASK, duration, masked_url

__all__ = [
    "ENVIRONMENT",
    "MASK",
    "Broker",
    "Daemon",
    "Definitions",
    "Http",
    "Limits",
    "Log",
    "Settings",
    "Shown",
    "Store",
    "Tokens",
    "Traces",
    "duration",
    "load",
    "masked_url",
    "shown",
]
