"""`steps.<id>` names a step that can be seen from where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from resistor.catalog.blocks import RawBlock
from resistor.catalog.checks.survey import Reading, Survey
from resistor.catalog.evaluated import Evaluated, Moment
from resistor.catalog.places import Finding
from resistor.catalog.wording import did_you_mean, listed, quote

_NEAR = 100  # ids that a misspelled one is compared with: comparing is slow
_SHOWN = 5


def check_references(survey: Survey) -> Iterator[Finding]:
    """Yield every reading of a step that there is not, or that stands in another block."""
    owners = _owners(survey)
    for reading in survey.readings:
        yield from _findings(reading, owners)


def _owners(survey: Survey) -> Mapping[str, RawBlock]:
    """Return by id the block in which such a step stands; the first where there are several."""
    found: dict[str, RawBlock] = {}
    for block in survey.blocks.all:
        for step_id in block.by_id:
            found.setdefault(step_id, block)
    return found


def _findings(reading: Reading, owners: Mapping[str, RawBlock]) -> Iterator[Finding]:
    place = reading.place
    if place.moment is Moment.START:
        message = f"{quote(str(place.path[0]))} is evaluated before the first step: no step can be read"
        yield Finding(place.path, message, offset=reading.refs[0].offset)
        return
    for ref in reading.refs:
        if place.block is None or ref.id not in place.block:
            fault = _fault(place, ref.id, owners)
            if fault is not None:
                yield Finding(place.path, *fault, offset=ref.offset)


def _fault(place: Evaluated, step_id: str, owners: Mapping[str, RawBlock]) -> tuple[str, str | None] | None:
    other = owners.get(step_id)
    if other is not None:
        return _elsewhere(place, step_id, other)
    chain = list(place.block.chain()) if place.block is not None else []
    if not all(block.is_whole for block in chain):
        return None  # a step whose id is not known may be the one that is meant
    near = [each for block in chain for each in block.by_id][:_NEAR]
    hint = did_you_mean(step_id, near) or (f"there is {listed(near[:_SHOWN])}" if near else None)
    return f"there is no step {quote(step_id)}", hint


def _elsewhere(place: Evaluated, step_id: str, other: RawBlock) -> tuple[str, str | None]:
    if other.owner is None or other.owner.id is None:
        where = f"in {quote(other.label)}" if other.label else "in another list"
        return f"step {quote(step_id)} stands {where}: it cannot be read from here", None
    holder = next((each.owner for each in other.chain() if _is_seen(place, each)), None)
    inside = quote(other.owner.id)
    message = f"step {quote(step_id)} stands inside {inside}: it cannot be read from outside that block"
    if holder is None or holder.id is None or _holds(place, holder.id):
        return message, "what is needed elsewhere can be kept with `set`, and read as `vars.NAME`"
    return message, f"read `steps.{holder.id}.output`, what the block hands on"


def _is_seen(place: Evaluated, block: RawBlock) -> bool:
    owner = block.owner
    return owner is not None and place.block is not None and owner.id in place.block


def _holds(place: Evaluated, step_id: str) -> bool:
    """Say whether the expression stands inside the step, or on it."""
    if place.step is not None and place.step.id == step_id:
        return True
    blocks = place.block.chain() if place.block is not None else ()
    return any(block.owner is not None and block.owner.id == step_id for block in blocks)
