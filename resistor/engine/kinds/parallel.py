"""`fork` and `for`: branches side by side, and when they are enough.

Each branch and each item ends by its own record (`b:…`), and its step counts: so an item costs the same
whether it is the tenth or the ten-thousandth.
"""

from __future__ import annotations

import msgspec

from resistor.engine.cancelling import cancel_inside
from resistor.engine.draft import Draft
from resistor.engine.moves import (
    Enter,
    Fail,
    Leave,
    complete,
    record_of,
    refuse,
    scope_of,
    start_block,
    value_of,
)
from resistor.engine.places import Place
from resistor.engine.run import BlockEnd, Counts
from resistor.engine.workflow import For, Fork, Join, OnError
from resistor.messages import json
from resistor.messages.result import Failure


def begin_fork(draft: Draft, place: Place, before: str | None) -> None:
    """Enter every branch."""
    fork = place.step.kind
    assert isinstance(fork, Fork)  # noqa: S101 - chosen by kind
    wanted = len(fork.join.names or ())
    total = len(fork.branches)
    start_block(draft, place, before, control=Counts(total, begun=total, wanted=wanted))
    frames = [place.inside(label, block) for label, block in fork.branches.items()]
    draft.know_absent(f"v:{frame.path}" for frame in frames)
    draft.agenda.extend(map(Enter, frames))
    if not fork.branches:
        complete(draft, place, output_of=place.path)


def begin_for(draft: Draft, place: Place, before: str | None) -> None:
    """Keep the items, and enter as many as may run at once."""
    loop = place.step.kind
    assert isinstance(loop, For)  # noqa: S101 - chosen by kind
    items = _items(draft, place, loop)
    if isinstance(items, Failure):
        refuse(draft, place, before, items)
        return
    start_block(draft, place, before, control=Counts(len(items)))
    for number, item in enumerate(items):
        draft.put(f"i:{place.address}/{number}", json.encode(item))
    if not items:
        complete(draft, place, output_of=place.path)
    elif (loop.join.count or 0) > len(items) and loop.on_error is not OnError.CONTINUE:
        message = f"{loop.join.count} of {len(items)} items cannot succeed"
        draft.agenda.append(Fail(place, Failure("limit", message, retryable=False)))
    else:
        go_on(draft, place)


def go_on(draft: Draft, place: Place) -> None:
    """Enter the items that may run by now; where that are very many, come back for the rest."""
    loop, counts = place.step.kind, _counts(draft, place)
    if not isinstance(loop, For) or counts.begun == counts.total:
        return
    free = counts.total if loop.concurrency is None else loop.concurrency + counts.ended
    most = 0 if draft.is_long else draft.limits.burst
    upto = min(free, counts.total, counts.begun + most)
    is_cut = upto < min(free, counts.total)
    frames = [place.inside(str(number), loop.block) for number in range(counts.begun, upto)]
    draft.need(f"i:{frame.path}" for frame in frames)
    draft.know_absent(f"v:{frame.path}" for frame in frames)
    counts = msgspec.structs.replace(counts, begun=upto)
    draft.change(place.path, control=counts, resume_at=draft.now if is_cut else None)
    draft.agenda.extend(map(Enter, frames))


def leave(draft: Draft, place: Place, left: Leave) -> None:
    """Count a branch or an item that is over, and see whether that is enough, or too bad."""
    kind = place.step.kind
    assert isinstance(kind, Fork | For)  # noqa: S101 - chosen by kind
    draft.put(f"b:{left.frame.path}", BlockEnd(left.output_of, left.failure))
    counts = _counted(_counts(draft, place), kind, left)
    draft.change(place.path, control=counts)
    verdict = _verdict(counts, kind.join, kind.on_error)
    if verdict is None:
        go_on(draft, place)
        return
    if counts.ended < counts.begun:
        cancel_inside(draft, place.address, "the block is over")
    if isinstance(verdict, Failure):
        draft.agenda.appendleft(Fail(place, verdict))  # at once: nothing inside may begin any more
    else:
        complete(draft, place, output_of=place.path)


def _items(draft: Draft, place: Place, loop: For) -> list[object] | Failure:
    items = value_of(loop.items, scope_of(draft, place))
    if isinstance(items, Failure):
        return items
    if not isinstance(items, list):
        kind = json.kind_of(items)
        return Failure("expression", f"`in` must be a list, not {kind}", retryable=False)
    if len(items) > draft.limits.items:
        message = f"a `for` over {len(items)} items; {draft.limits.items} at most"
        return Failure("limit", message, retryable=False)
    return items


def _counts(draft: Draft, place: Place) -> Counts:
    control = record_of(draft, place).control
    assert isinstance(control, Counts)  # noqa: S101 - written when the step began
    return control


def _counted(counts: Counts, kind: Fork | For, left: Leave) -> Counts:
    """Count a branch. One that failed is waited for no longer either, where errors do not matter."""
    is_good = left.failure is None
    is_named = kind.join.names is not None and left.frame.label in kind.join.names
    is_awaited = is_named and (is_good or kind.on_error is OnError.CONTINUE)
    return msgspec.structs.replace(
        counts,
        succeeded=counts.succeeded + (1 if is_good else 0),
        failed=counts.failed + (0 if is_good else 1),
        failure=counts.failure or left.failure,
        wanted=counts.wanted - (1 if is_awaited else 0),
    )


def _verdict(counts: Counts, join: Join, on_error: OnError) -> bool | Failure | None:
    """Return True for done, a failure for failed, None for going on."""
    if _is_enough(counts, join):
        return True
    is_over = counts.ended == counts.total
    if counts.failure is not None and on_error is not OnError.CONTINUE:
        is_hopeless = join.count is None or counts.total - counts.failed < join.count
        if is_hopeless and (is_over or on_error is OnError.FAIL):
            return counts.failure
    return True if is_over else None


def _is_enough(counts: Counts, join: Join) -> bool:
    if join.names is not None:
        return counts.wanted == 0
    if join.count is not None:
        return counts.succeeded >= join.count
    return counts.succeeded == counts.total
