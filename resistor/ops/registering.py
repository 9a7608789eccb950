"""Registers definitions in the store: all of a catalog, or nothing of it.

Called by `resistor workflow register`, which a deployment runs before its daemons start. A registered
version is immutable, so one whose content differs is refused, and nothing is written then. What is
registered is offered to new runs, as the files of the catalog say: versions that they no longer have are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resistor.catalog import Catalog
from resistor.engine.workflow import Workflow
from resistor.ports import Catalogue


class Outcome(StrEnum):
    """What became of a version."""

    REGISTERED = "registered"
    KNOWN = "known"  # the same content was there already
    REFUSED = "refused"  # another content is there
    HELD_BACK = "held back"  # it is new and good, and another one was refused


@dataclass(frozen=True, slots=True)
class Registration:
    """One version, and what became of it."""

    namespace: str
    workflow: str
    version: int
    digest: str
    outcome: Outcome


async def publish_catalog(catalogue: Catalogue, catalog: Catalog) -> list[Registration]:
    """Register every version, or, where one is refused, none."""
    entries = {_key(each): (each.digest, each.source) for each in catalog.workflows}
    offers: dict[str, tuple[int, ...]] = {}
    for each in catalog.workflows:
        name = f"{each.namespace}/{each.name}"
        offers[name] = tuple(sorted((*offers.get(name, ()), each.version)))
    answer = await catalogue.register_all(entries, offers)
    refused = {key for key, digest in answer.kept.items() if digest != entries[key][0]}
    there = (await catalogue.read()).sources.keys() - answer.added
    return [_registration(each, refused, there) for each in catalog.workflows]


def _registration(workflow: Workflow, refused: set[str], there: set[str]) -> Registration:
    key = _key(workflow)
    if key in refused:
        outcome = Outcome.REFUSED
    elif key in there:
        outcome = Outcome.KNOWN
    else:
        outcome = Outcome.HELD_BACK if refused else Outcome.REGISTERED
    return Registration(workflow.namespace, workflow.name, workflow.version, workflow.digest, outcome)


def _key(workflow: Workflow) -> str:
    return f"{workflow.namespace}/{workflow.name}@{workflow.version}"
