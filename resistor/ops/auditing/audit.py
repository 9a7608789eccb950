"""The audit: every open run, every queue of a module, and what is left of runs that are gone."""

from __future__ import annotations

from resistor.config import Settings
from resistor.ops import servers
from resistor.ops.auditing.finding import Finding
from resistor.ops.auditing.open_runs import look
from resistor.ops.auditing.outstanding import Out, Workflows, compare, outstanding
from resistor.ops.auditing.remains import remains

AT_ONCE = 100  # runs that are loaded whole together


async def audit(settings: Settings, *, silent: float) -> list[Finding]:
    """Compare Redis with the broker; return every run that could be stuck, and what is left behind.

    `silent`, in seconds: an action that has been out for so long may be lost. Changes nothing. Raises
    `StoreUnreachable` and `BrokerUnreachable`.
    """
    late = late_after(settings)
    async with servers.open_store(settings) as store:
        workflows = Workflows((await store.catalogue.read()).sources)
        found: list[Finding] = []
        out: list[Out] = []
        async for page in store.survey.open_runs():
            for start in range(0, len(page), AT_ONCE):
                runs, wrong = await look(store, page[start : start + AT_ONCE], late=late)
                found += wrong
                for run in runs:
                    workflow = workflows.of(run)
                    out += outstanding(run, workflow) if workflow is not None else []
        found += await remains(store, late=late)
        if out:
            async with servers.open_bus(settings) as bus:
                found += await compare(store, bus, out, workflows, silent=silent)
    return found


def late_after(settings: Settings) -> float:
    """Return after how many seconds what is due will not be done by itself: several tries have passed."""
    daemon = settings.daemon
    return daemon.lease_seconds + 3 * daemon.outbox_grace_seconds + 10 * daemon.sweep_interval_seconds
