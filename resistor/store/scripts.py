"""The Lua operations: loaded from their files, called by digest, loaded again when Redis forgot them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha1
from importlib.resources import files

Argument = str | bytes | int | float


class Script:
    """One file of `lua/`, with what it shares with others in front of it."""

    def __init__(self, name: str, *, after: str | None = None) -> None:
        """Read `lua/<name>.lua`, and the file `after`, whose functions it calls."""
        self.name = name
        self.text = "\n".join(_text(each) for each in (after, name) if each)

    @cached_property
    def digest(self) -> str:
        """What Redis calls it."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[str], arguments: Sequence[Argument]) -> tuple[Argument, ...]:
        """Return the words of the EVALSHA command."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


def _text(name: str) -> str:
    return files(__package__).joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


COMMIT = Script("commit", after="look_again")
PUBLISHED = Script("published", after="look_again")
RELEASE = Script("release", after="look_again")
CLAIM_DUE = Script("claim_due")
DUE_TIMERS = Script("due_timers")
FORGET = Script("forget")

SUBSCRIBE = Script("subscribe")
ARRIVE = Script("arrive")

ACQUIRE_SLOT = Script("acquire_slot")
RELEASE_SLOT = Script("release_slot")

ENTER_GATE = Script("enter_gate", after="gate")
LEAVE_GATE = Script("leave_gate", after="gate")
TURN_GATE = Script("turn_gate", after="gate")
TELL_GATE = Script("tell_gate", after="gate")

HOLD = Script("hold")
PAUSE_MODULE = Script("pause_module")
RELEASED = Script("released")

CLAIM_SCHEDULES = Script("claim_schedules")
SAVE_SCHEDULE = Script("save_schedule")

REGISTER_ALL = Script("register_all")
READ_CATALOGUE = Script("read_catalogue")

TICK = Script("tick")
ASK_RECOVERY = Script("ask_recovery")
CLAIM_RECOVERY = Script("claim_recovery")

ALL = (
    COMMIT,
    PUBLISHED,
    RELEASE,
    CLAIM_DUE,
    DUE_TIMERS,
    FORGET,
    SUBSCRIBE,
    ARRIVE,
    ACQUIRE_SLOT,
    RELEASE_SLOT,
    ENTER_GATE,
    LEAVE_GATE,
    TURN_GATE,
    TELL_GATE,
    HOLD,
    PAUSE_MODULE,
    RELEASED,
    CLAIM_SCHEDULES,
    SAVE_SCHEDULE,
    REGISTER_ALL,
    READ_CATALOGUE,
    TICK,
    ASK_RECOVERY,
    CLAIM_RECOVERY,
)
