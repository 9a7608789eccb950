"""What begins by itself: `ports.Schedules` on Redis.

Called by the daemon, which claims what is due and writes what became of it, and by ops to pause and show. All
schedules are in one slot: there are no more of them than workflows, and each is touched once an occurrence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from resistor.ports import ScheduleState
from resistor.store.connection import Client, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import CLAIM_SCHEDULES, SAVE_SCHEDULE, Argument

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ScheduleState).decode


class RedisSchedules:
    """The schedules of one installation."""

    def __init__(self, client: Client, keys: Keys) -> None:
        """Take the connection, and how keys are called."""
        self._client = client
        self._keys = keys

    async def claim(self, *, limit: int, lease: float) -> Sequence[ScheduleState]:
        """Return schedules that are due, the longest overdue first, and lease them."""
        call = CLAIM_SCHEDULES.call([self._keys.schedules_due, self._keys.schedules], [limit, lease])
        [reply] = await pipelined(self._client, [call])
        return [_state(value) for value in reply[1::2]]

    async def save(self, states: Sequence[ScheduleState]) -> Sequence[bool]:
        """Write each, or not where it is at another revision: then False."""
        replies = await pipelined(self._client, [self._save(state, _encode(state)) for state in states])
        return [written == 1 for written in replies]

    async def read_all(self) -> Sequence[ScheduleState]:
        """Return every schedule, by name."""
        [kept] = await pipelined(self._client, [("HGETALL", self._keys.schedules)])
        return [_state(value) for _, value in sorted(kept.items())]

    async def sync(self, wanted: Mapping[str, tuple[str, float | None]]) -> None:
        """Add, replace and drop until there are these; what others did meanwhile is looked at again."""
        while True:
            kept = {state.name: state for state in await self.read_all()}
            commands = [self._save(state, b"") for name, state in kept.items() if name not in wanted]
            for name, (digest, next_at) in wanted.items():
                state = _synced(kept.get(name), name, digest, next_at)
                if state is not None:
                    commands.append(self._save(state, _encode(state)))
            replies = await pipelined(self._client, commands) if commands else []
            if all(written == 1 for written in replies):
                return

    async def pause(self, name: str, *, is_paused: bool) -> ScheduleState | None:
        """Pause a schedule or let it go on; returns how it is now, None where there is no such schedule."""
        while True:
            [value] = await pipelined(self._client, [("HGET", self._keys.schedules, name)])
            if value is None:
                return None
            state = _state(value)
            if state.is_paused == is_paused:
                return state
            paused = msgspec.structs.replace(state, is_paused=is_paused)
            if (await self.save([paused]))[0]:
                return msgspec.structs.replace(paused, revision=state.revision + 1)

    def _save(self, state: ScheduleState, value: bytes) -> tuple[Argument, ...]:
        due_at = state.next_at if state.due_at is None else state.due_at
        return SAVE_SCHEDULE.call(
            [self._keys.schedules_due, self._keys.schedules],
            [state.name, state.revision, value, "" if due_at is None else due_at],
        )


def _synced(
    state: ScheduleState | None, name: str, digest: str, next_at: float | None
) -> ScheduleState | None:
    """Return what is to be written, None where the schedule is as it was."""
    if state is None:
        return ScheduleState(name=name, digest=digest, next_at=next_at)
    if state.digest == digest:
        return None
    return msgspec.structs.replace(state, digest=digest, next_at=next_at, due_at=None)


def _state(value: bytes) -> ScheduleState:
    """Read `<revision>` newline state: the revision in front is the one that counts."""
    revision, _, state = value.partition(b"\n")
    return msgspec.structs.replace(_decode(state), revision=int(revision))
