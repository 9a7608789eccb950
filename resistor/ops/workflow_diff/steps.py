"""Two definitions → every difference, step by step.

Steps are the same where they go by the same id in the same list; one that is gone from its list and stands
in another under its id has moved. Cases of a switch and entries of a catch have no names: they are matched
by what they are about, then by position.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from resistor.ops.blocks import (
    ROUND,
    TOP_LISTS,
    Place,
    Step,
    branches,
    entries,
    kind_of,
    lists_of,
    named_steps,
    top_place,
)
from resistor.ops.workflow_diff.changes import Change, What
from resistor.ops.workflow_diff.matching import moved, pairs
from resistor.ops.workflow_diff.values import compare_keys

_OF_A_VERSION = frozenset({"version", "steps", "on_failure", "finally"})


class _Whole(NamedTuple):
    """A step that one side has not, with what is needed to compare it once it is found elsewhere."""

    path: str
    after: str | None
    step: Step
    inner: Place
    is_inside: bool  # another one that only that side has: told with it, unless it has moved


_Seen = dict[str, list[_Whole]]


class _Lists(NamedTuple):
    """The same list in both definitions."""

    old: Any
    new: Any
    before: Place
    after: Place


def compare(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return every difference: the workflow's own keys first, then steps in the order of the new one.

    The version's number is none: it is what was asked about.
    """
    comparison = _Comparison()
    changes = list(compare_keys("", _without(old, _OF_A_VERSION), _without(new, _OF_A_VERSION)))
    for path, key in TOP_LISTS:
        lists = _Lists(old.get(key), new.get(key), top_place(old, path), top_place(new, path))
        changes += comparison.steps(lists)
    return [*changes, *comparison.elsewhere()]


class _Comparison:
    """What is only on one side, until all lists have been seen."""

    def __init__(self) -> None:
        self._gone: _Seen = {}
        self._come: _Seen = {}

    def steps(self, lists: _Lists) -> Iterator[Change]:
        """Compare a list of steps, and all that is inside those that both sides have."""
        old = dict(named_steps(lists.old, lists.before.taken))
        new = dict(named_steps(lists.new, lists.after.taken))
        before = lists.before._replace(taken=lists.before.taken.union(old))
        after = lists.after._replace(taken=lists.after.taken.union(new))
        displaced = moved(list(old), list(new))
        for step_id in [each for each in old if each not in new]:
            self._note(self._gone, step_id, old, before, inside=False)
        for step_id, step in new.items():
            if step_id not in old:
                self._note(self._come, step_id, new, after, inside=False)
                continue
            path = after.of(step_id)
            if step_id in displaced:
                was, now = _place(before.of(step_id), step_id, old), _place(path, step_id, new)
                yield Change(What.MOVED, path, "", was, now)
            places = before._replace(path=before.of(step_id)), after._replace(path=path)
            yield from self._step(old[step_id], step, *places)

    def elsewhere(self) -> Iterator[Change]:
        """Say what became of the steps that only one side has: moved elsewhere, or added, or removed."""
        while (step_id := self._next_move()) is not None:
            [was], [now] = self._gone.pop(step_id), self._come.pop(step_id)
            _forget_inside(self._gone, was.path)  # what is inside goes with it, and is compared below
            _forget_inside(self._come, now.path)
            yield Change(What.MOVED, now.path, "", _where(was), _where(now))
            yield from self._step(was.step, now.step, was.inner, now.inner)
        for what, seen in ((What.REMOVED, self._gone), (What.ADDED, self._come)):
            for whole in (each for wholes in seen.values() for each in wholes if not each.is_inside):
                sides = (whole.step, None) if what is What.REMOVED else (None, whole.step)
                yield Change(what, whole.path, "", *sides)

    def _next_move(self) -> str | None:
        """Return an id that one step of the same kind has on either side."""
        for step_id, [was, *others] in self._gone.items():
            come = self._come.get(step_id, ())
            if not others and len(come) == 1 and kind_of(was.step) == kind_of(come[0].step):
                return step_id
        return None

    def _note(self, seen: _Seen, step_id: str, steps: dict[str, Step], place: Place, *, inside: bool) -> None:
        """Keep a step that only one side has, and those inside it: they may have been (un)wrapped."""
        path = place.of(step_id)
        whole = _Whole(path, _before(step_id, steps), steps[step_id], place._replace(path=path), inside)
        seen.setdefault(step_id, []).append(whole)
        for label, block in lists_of(steps[step_id]):
            held = dict(named_steps(block, place.taken))
            within = Place(f"{path}/{label}", place.taken.union(held))
            for each in held:
                self._note(seen, each, held, within, inside=True)

    def _step(self, old: Step, new: Step, before: Place, after: Place) -> Iterator[Change]:
        """Compare two steps that are the same one: their own keys, then their lists."""
        yield from compare_keys(after.path, _own_keys(old), _own_keys(new))
        kind = kind_of(new)
        if kind != kind_of(old):
            return  # the keys say it all; what is inside the one has nothing to do with the other
        inside = _Inside(before, after)
        if kind == "switch":
            yield from self._entries(inside, "switch", entries(old["switch"]), entries(new["switch"]))
        if kind == "fork":
            yield from self._branches(inside, branches(old), branches(new))
        if kind in ("for", "while", "until"):
            yield from self.steps(inside.lists(ROUND, old.get("do"), new.get("do")))
        if kind == "try":
            yield from self.steps(inside.lists("try", old["try"], new["try"]))
        yield from self._entries(inside, "catch", entries(old.get("catch")), entries(new.get("catch")))
        yield from self.steps(inside.lists("finally", old.get("finally"), new.get("finally")))

    def _branches(self, inside: _Inside, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
        for name in [*old, *(name for name in new if name not in old)]:
            path = f"{(inside.after if name in new else inside.before).path}/{name}"
            if name not in new or name not in old:
                what = What.ADDED if name in new else What.REMOVED
                yield Change(what, path, "", old.get(name), new.get(name))
            else:
                yield from self.steps(inside.lists(name, old[name], new[name]))

    def _entries(self, inside: _Inside, key: str, old: list[Step], new: list[Step]) -> Iterator[Change]:
        label = "" if key == "switch" else f"{key}-"
        for was, now in pairs([_about(each) for each in old], [_about(each) for each in new]):
            before, after = f"{inside.before.path}/{label}{was}", f"{inside.after.path}/{label}{now}"
            if now is None:
                yield Change(What.REMOVED, before, "", old[was or 0], None)
            elif was is None:
                yield Change(What.ADDED, after, "", None, new[now])
            else:
                yield from compare_keys(after, _without(old[was], {"do"}), _without(new[now], {"do"}))
                lists = inside.lists(f"{label}{now}", old[was].get("do"), new[now].get("do"))
                yield from self.steps(lists._replace(before=lists.before._replace(path=before)))


class _Inside(NamedTuple):
    """A step's own places: its path, and the ids that are taken in its lists."""

    before: Place
    after: Place

    def lists(self, label: str, old: Any, new: Any) -> _Lists:
        """Return the lists that a label leads to."""
        before = self.before._replace(path=f"{self.before.path}/{label}")
        return _Lists(old, new, before, self.after._replace(path=f"{self.after.path}/{label}"))


def _own_keys(step: Step) -> dict[str, Any]:
    """Return a step without its lists, and without the id that it was found by."""
    kind = kind_of(step)
    own = _without(step, {"id", "catch", "finally", *(("do",) if kind != "unknown" else ())})
    if isinstance(own.get("retry"), int):
        own["retry"] = {"limit": own["retry"]}  # the short form of the same
    if kind in ("switch", "try"):
        own[kind] = kind  # of another kind on the other side, this says so
    if kind == "fork" and isinstance(own["fork"], dict):
        own["fork"] = _without(own["fork"], {"branches"})
    return own


def _without(mapping: dict[str, Any], keys: set[str] | frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


def _about(entry: Step) -> str:
    """Return what an entry is about: its condition, or its errors."""
    return repr([entry.get(key) for key in ("when", "errors", "if")])


def _forget_inside(seen: _Seen, path: str) -> None:
    for step_id, wholes in [*seen.items()]:
        kept = [each for each in wholes if not each.path.startswith(f"{path}/")]
        if kept:
            seen[step_id] = kept
        else:
            del seen[step_id]


def _before(step_id: str, steps: dict[str, Step]) -> str | None:
    ids = list(steps)
    position = ids.index(step_id)
    return ids[position - 1] if position else None


def _place(path: str, step_id: str, steps: dict[str, Step]) -> dict[str, Any]:
    return {"path": path, "after": _before(step_id, steps)}


def _where(whole: _Whole) -> dict[str, Any]:
    return {"path": whole.path, "after": whole.after}
