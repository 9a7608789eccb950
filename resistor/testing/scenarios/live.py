"""Scenarios on real servers: those that are good in virtual time, and short enough for real time."""

from __future__ import annotations

from dataclasses import replace

from resistor.catalog import Catalog
from resistor.config import Settings
from resistor.ops.text import how_long
from resistor.testing.live_installation import LiveInstallation
from resistor.testing.scenarios.playing import Played, playing
from resistor.testing.stubs import Stubs


def play_live(virtual: Played, catalog: Catalog, settings: Settings, longest: float) -> Played:
    """Play a scenario again on the servers of `settings`; `virtual` is what came of it in virtual time.

    Raises `BrokerUnreachable`, `StoreUnreachable`.
    """
    why = _unfit(virtual, longest)
    if why is not None:
        return replace(virtual, skipped=why)

    def install(stubs: Stubs, *, start: float, has_schedules: bool) -> LiveInstallation:
        return LiveInstallation(settings, stubs, longest=longest)

    with playing(virtual.scenario, catalog, install) as (played, _):
        return played


def _unfit(virtual: Played, longest: float) -> str | None:
    """Return why a scenario cannot be played in real time, None where it can."""
    if not virtual.is_good:
        return "it is not good in virtual time"
    if virtual.passed > longest:
        return f"it takes {how_long(virtual.passed)}, more than {how_long(longest)}"
    form = virtual.scenario.form
    if form.at is not None or form.schedules:
        return "it needs a clock of its own"
    return None
