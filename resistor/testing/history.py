"""What a run's history says of the way it took. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from resistor.engine.facts import Fact, FactName

_ENDS = frozenset(
    {FactName.STEP_COMPLETED, FactName.STEP_FAILED, FactName.STEP_CANCELLED, FactName.STEP_OVERRIDDEN}
)
_ASIDE = frozenset({FactName.STEP_SKIPPED, FactName.STEP_COMPENSATED, FactName.COMPENSATION_FAILED})
"""Of a step that does not begin by it."""


def path_taken(facts: Iterable[Fact]) -> Iterator[str]:
    """Give the paths of the steps that began, in that order; of one that is begun again, again."""
    under_way: set[str] = set()
    for fact in facts:
        if fact.step is None or fact.name in _ASIDE:
            continue
        if fact.step not in under_way:
            under_way.add(fact.step)
            yield fact.step
        if fact.name in _ENDS:
            under_way.discard(fact.step)


def compensated_steps(facts: Iterable[Fact]) -> Iterator[str]:
    """Give the steps that were undone, in the order in which that was done."""
    return (fact.step for fact in facts if fact.name is FactName.STEP_COMPENSATED and fact.step is not None)
