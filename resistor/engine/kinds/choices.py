"""`switch`: the first case that matches."""

from __future__ import annotations

from resistor.engine.draft import Draft
from resistor.engine.moves import Enter, Fail, Leave, complete, holds, refuse, scope_of, start_block
from resistor.engine.places import Place
from resistor.engine.run import Chosen
from resistor.engine.workflow import Case, Switch
from resistor.messages.result import Failure


def begin(draft: Draft, place: Place, before: str | None) -> None:
    """Choose a case, and enter it or jump where it leads."""
    assert isinstance(place.step.kind, Switch)  # noqa: S101 - chosen by kind
    chosen = _choose(draft, place, place.step.kind)
    if isinstance(chosen, Failure):
        refuse(draft, place, before, chosen)
        return
    number, case = chosen
    start_block(draft, place, before, control=None if number is None else Chosen(number))
    if case is not None and case.block is not None:
        draft.agenda.append(Enter(place.inside(str(number), case.block)))
    else:
        complete(draft, place, then=case.then if case else None)


def leave(draft: Draft, place: Place, left: Leave) -> None:
    """End with what the case ended with."""
    if left.failure is not None:
        draft.agenda.append(Fail(place, left.failure))
        return
    assert isinstance(place.step.kind, Switch)  # noqa: S101 - chosen by kind
    case = place.step.kind.cases[int(left.frame.label)]
    complete(draft, place, output_of=left.output_of, then=case.then)


def _choose(draft: Draft, place: Place, switch: Switch) -> tuple[int | None, Case | None] | Failure:
    scope = scope_of(draft, place)
    for number, case in enumerate(switch.cases):
        matches = True if case.when is None else holds(case.when, scope)
        if isinstance(matches, Failure):
            return matches
        if matches:
            return number, case
    return None, None
