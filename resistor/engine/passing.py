"""An action's way out: through the gates of its limits, and past the pause of its module.

    enter ─► admitted ─► the next gate … ─► out ─► leave
                │ (a rate: from a moment on)
    held (the module is paused) ─► released ─► enter

Each way has a number, so that word of an old one is told from word of this one. An action has left its gates
before it is on its way again. Called by the kinds of steps whose actions go out, and by `outbox.again`; what
gates and pauses answer is taken by kinds/gates.py. Knows nothing of who keeps a gate.
"""

from __future__ import annotations

import hashlib

import msgspec

from resistor.engine.decision import EnterGate, Hold, LeaveGates, Outgoing, Unhold
from resistor.engine.draft import Draft
from resistor.engine.facts import FactName
from resistor.engine.moves import value_of
from resistor.engine.places import COMPENSATE, Place, compensated, find
from resistor.engine.run import Passage, StepRecord, StepStatus
from resistor.engine.scope import FrameScope
from resistor.engine.workflow import Compensation, Gate, Module, Workflow
from resistor.messages import json
from resistor.messages.result import Failure

LONGEST_KEY = 200  # characters of a key as they are; a longer one goes by its digest
VERBS = frozenset({"enter", "leave", "hold", "unhold"})


class Action(msgspec.Struct, frozen=True):
    """An action that goes out: where its record is, what it is called outside, what the definition says."""

    path: str
    address: str
    asked: Module | Compensation
    turn: int = 1
    priority: int = 0


def action_of(place: Place) -> Action:
    """Return the action of a module step."""
    kind = place.step.kind
    assert isinstance(kind, Module)  # noqa: S101 - chosen by kind
    return Action(place.path, place.address, kind, place.turn, kind.priority or 0)


def undoing_of(undone: Place) -> Action:
    """Return the action that undoes a step."""
    kind = undone.step.kind
    assert isinstance(kind, Module) and kind.compensation is not None  # noqa: S101, PT018 - likewise
    path = f"{undone.address}/{COMPENSATE}"
    return Action(path, path, kind.compensation, priority=kind.priority or 0)


def find_action(workflow: Workflow, address: str) -> Action | None:
    """Return the action at an address, a step's or a compensation's, or None."""
    place = find(workflow, address)
    if place is not None:
        return action_of(place) if isinstance(place.step.kind, Module) else None
    undone = find(workflow, compensated(address) or "")
    has_one = undone is not None and isinstance(undone.step.kind, Module) and undone.step.kind.compensation
    return undoing_of(undone) if undone is not None and has_one else None


def way_of(record: StepRecord) -> Passage:
    """Return the way of a record; one that has not been on its way has number 0."""
    return record.control if isinstance(record.control, Passage) else Passage(number=0)


def keys_of(draft: Draft, place: Place, asked: Module | Compensation, given: bytes) -> Passage | Failure:
    """Return the way of an action that has not begun it, by the keys of its gates; or why they cannot be had.

    In a key, `input` is what the action is given: the limit holds for whoever asks for the action.
    """
    keys: list[str | None] = []
    scope = None
    for gate in asked.gates:
        if gate.key is None:
            keys.append(None)
            continue
        scope = scope or FrameScope(draft, None, place.address, {"input": json.decode_trusted(given)})
        value = value_of(gate.key, scope)
        if isinstance(value, Failure):
            return value
        keys.append(_key_text(value))
    return Passage(number=0, keys=tuple(keys))


def enter(draft: Draft, action: Action) -> None:
    """Go to the first gate. The step waits from now on, and its time does not run."""
    record = draft.existing(action.path)
    way = way_of(record)
    way = msgspec.structs.replace(way, number=way.number + 1, index=0, is_in=True, held=None)
    draft.change(
        action.path,
        status=StepStatus.WAITING,
        control=way,
        resume_at=None,
        deadline=None,
        silent_at=None,
    )
    gate = action.asked.gates[0]
    draft.say(FactName.STEP_QUEUED, action.path, record.attempt, limit=gate.name)
    draft.send(_enter(draft, action, way))


def go_on(draft: Draft, action: Action) -> bool:
    """Go from a gate that is open to the next one. Returns whether there is one."""
    way = way_of(draft.existing(action.path))
    index = way.index + 1
    is_next = index < len(action.asked.gates)
    keeps_place = any(gate.limit is not None for gate in action.asked.gates)
    way = msgspec.structs.replace(way, index=index, is_in=is_next or keeps_place)
    draft.change(action.path, control=way, resume_at=None)
    if is_next:
        draft.send(_enter(draft, action, way))
    return is_next


def leave(draft: Draft, action: Action) -> None:
    """Leave the gates, or the queue of a paused module: the attempt is over, or waits elsewhere."""
    way = draft.existing(action.path).control
    if not isinstance(way, Passage):
        return
    if way.held is not None:
        draft.settle(f"hold {way.number} {action.address}")
        draft.send(_unhold(action, way.number))
    elif way.is_in:
        draft.settle(_entering(action, way))
        left = _leave(action, way.number, way.index, way.keys)
        if left.gates:
            draft.send(left)
    draft.change(action.path, control=msgspec.structs.replace(way, is_in=False, held=None))


def hold(draft: Draft, action: Action, why: str) -> None:
    """Take an action back that was not sent, or waits at a gate: its module is paused.

    What the attempt has left of its time it keeps.
    """
    record = draft.existing(action.path)
    draft.settle(action.address)
    leave(draft, action)
    way = way_of(draft.existing(action.path))
    was_sent = record.status.is_sent
    left = max(record.deadline - draft.now, 0.0) if was_sent and record.deadline is not None else way.left
    way = msgspec.structs.replace(
        way, number=way.number + 1, held=why, left=left, is_told=way.is_told or was_sent
    )
    draft.change(
        action.path,
        status=StepStatus.WAITING,
        control=way,
        resume_at=None,
        deadline=None,
        silent_at=None,
    )
    draft.say(FactName.STEP_HELD, action.path, record.attempt, module=action.asked.module, why=why)
    draft.send(_hold(action, way.number))


# ------------------------------------------------------------------------------------------ what goes out


def again(draft: Draft, verb: str, address: str) -> Outgoing | None:
    """Make what goes by `<verb> <address>` once more, or None where nobody wants it any more."""
    action = find_action(draft.workflow, address)
    if action is None:
        return None
    word, number, *rest = verb.split(" ", 3)
    match word:
        case "leave":
            return _leave(action, int(number), int(rest[0]), tuple(json.decode_trusted(rest[1].encode())))
        case "unhold":
            return _unhold(action, int(number))
    record = draft.record(action.path)
    if record is None or record.turn != action.turn or record.status is not StepStatus.WAITING:
        return None
    way = way_of(record)
    if word == "hold":
        return _hold(action, way.number) if way.held is not None and str(way.number) == number else None
    is_there = way.is_in and way.held is None and record.resume_at is None
    return _enter(draft, action, way) if is_there and f"{way.number}.{way.index}" == number else None


def names_of_wait(record: StepRecord, address: str) -> set[str]:
    """Return what an action that waits on its way has let out, by name."""
    way = way_of(record)
    if way.held is not None:
        return {f"hold {way.number} {address}"}
    return {f"enter {way.number}.{way.index} {address}"} if way.is_in and record.resume_at is None else set()


def _entering(action: Action, way: Passage) -> str:
    return f"enter {way.number}.{way.index} {action.address}"


def _enter(draft: Draft, action: Action, way: Passage) -> EnterGate:
    gate = action.asked.gates[way.index]
    return EnterGate(
        name=_entering(action, way),
        gate=_gate(gate, way.keys[way.index]),
        limit=gate.limit,
        interval=gate.interval,
        address=action.address,
        number=way.number,
        index=way.index,
        module=action.asked.module,
        attempt=draft.existing(action.path).attempt,
        priority=action.priority,
    )


def _leave(action: Action, number: int, index: int, keys: tuple[str | None, ...]) -> LeaveGates:
    """Its name says all of it: the step may be forgotten, or be begun again, before it is confirmed.

    A rate that is passed is left already.
    """
    gates = tuple(
        (position, _gate(gate, key))
        for position, (gate, key) in enumerate(zip(action.asked.gates, keys, strict=True))
        if position == index or (position < index and gate.limit is not None)
    )
    said = json.encode(keys).decode()
    return LeaveGates(
        name=f"leave {number} {index} {said} {action.address}",
        gates=gates,
        address=action.address,
        number=number,
    )


def _hold(action: Action, number: int) -> Hold:
    return Hold(
        name=f"hold {number} {action.address}",
        module=action.asked.module,
        address=action.address,
        number=number,
        priority=action.priority,
    )


def _unhold(action: Action, number: int) -> Unhold:
    name = f"unhold {number} {action.address}"
    return Unhold(name=name, module=action.asked.module, address=action.address, number=number)


def _gate(gate: Gate, key: str | None) -> str:
    return gate.name if key is None else f"{gate.name}={key}"


def _key_text(value: object) -> str:
    text = json.encode(value).decode()
    if len(text) <= LONGEST_KEY:
        return text
    return f'"sha256:{hashlib.sha256(text.encode()).hexdigest()}"'
