"""The watermark: `ports.Watermark` on Redis; and what must be true of a write before anybody is told of it.

Every daemon has a number of its own there. Each of its batches raises it, last in the pipeline, and so does a
look once a second. A Redis that answers with no more than the daemon was told before has lost writes which it
had confirmed: it was restored, failed over to a replica that lagged, flushed, or restarted without its last
writes. What was lost is then at most what came after the last mark that is still there. A number for all of
them would not do: others raise it again before the last daemon has looked.

Where replicas or the disk are to be waited for, the same pipeline ends in WAIT and WAITAOF. They wait for all
that was written before them on any connection, because Redis replicates one stream; so it is enough to wait
before something leaves for the broker. Must never let a batch pass whose wait came short.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec

from resistor.errors import OperatorMistake, StoreUnreachable
from resistor.ports.watermark import Recovery, Tick
from resistor.store.client import exceptions
from resistor.store.connection import Client, asked, pipelined
from resistor.store.keys import Keys
from resistor.store.scripts import ASK_RECOVERY, CLAIM_RECOVERY, TICK, Argument

REMEMBERED = 7200  # ticks: two hours; what is older counts as lost since the beginning
MARK_SECONDS = 7 * 86400  # a mark is kept so long after its daemon's last look
SUSPECTED_MS = 600_000  # how far back to look where only a message shows that something was lost


class Durability(msgspec.Struct, frozen=True, kw_only=True):
    """What a write waits for: so many replicas, and the disk. `patience` is in seconds."""

    replicas: int = 0
    fsync: bool = False
    patience: float = 1.0

    @property
    def waits(self) -> bool:
        """Whether anything is waited for."""
        return self.replicas > 0 or self.fsync


class RedisWatermark:
    """The watermark of one installation, as one process sees it."""

    def __init__(self, client: Client, keys: Keys, durability: Durability) -> None:
        """Take the connection, how keys are called, and what writes wait for."""
        self.suspicion = asyncio.Event()
        self.durability = durability
        self._client = client
        self._key = keys.watermark
        self._me = uuid4().hex
        self._mine = keys.seen_by(self._me)
        self._highest = 0
        self._fallen_to: int | None = None  # what a write found, which has raised it again
        self._ticks: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)  # mark, when in milliseconds
        self._server: str | None = None

    # ------------------------------------------------------------------------------- a batch's writes

    async def guarded(self, commands: Sequence[Sequence[Argument]]) -> list[Any]:
        """Send commands, and return their replies when they are as safe as they are to be.

        Raises `StoreUnreachable` where they are written and not safe: asked again, it waits again.
        """
        highest = self._highest
        closing = self._closing()
        replies = await pipelined(self._client, [*commands, *closing], last=len(closing))
        count = len(commands)
        self._see(int(replies[count]), after=highest)
        self._require(replies[count + 1 :])
        return replies[:count]

    def _closing(self) -> list[Sequence[Argument]]:
        """Return the mark and the waits. The mark is a write: without one on its connection WAIT is vain."""
        patience = round(self.durability.patience * 1000)
        found: list[Sequence[Argument]] = [("INCR", self._mine)]
        if self.durability.replicas:
            found.append(("WAIT", self.durability.replicas, patience))
        if self.durability.fsync:
            found.append(("WAITAOF", 1, 0, patience))
        return found

    def _see(self, mark: int, *, after: int) -> None:
        if mark <= after:
            self._fallen_to = min(mark - 1, self._fallen_to or mark)
            self.suspicion.set()
        self._highest = max(self._highest, mark)

    def _require(self, answers: Sequence[Any]) -> None:
        answers = list(answers)
        if self.durability.replicas:
            count = int(answers.pop(0))
            if count < self.durability.replicas:
                raise StoreUnreachable(
                    f"Redis has written it, and {count} of {self.durability.replicas} replicas have it"
                )
        if self.durability.fsync and int(answers[0][0]) < 1:
            raise StoreUnreachable("Redis has written it, and its disk has not")

    async def require_commands(self) -> None:
        """Make sure that this Redis knows what writes wait for. Raises `OperatorMistake`."""
        if not self.durability.fsync:
            return
        try:
            await asked(lambda: self._client.waitaof(0, 0, 1))
        except exceptions.ResponseError as error:
            message = f"RESISTOR_REDIS_FSYNC=wait needs Redis 7.2 or Valkey: {error}"
            raise OperatorMistake(message) from None

    # -------------------------------------------------------------------------------------- recovery

    async def tick(self) -> Tick:
        """Raise the mark and note the time; ask for the recovery where it is lower than it was."""
        highest = self._highest
        call = TICK.call([self._key, self._mine], [highest, MARK_SECONDS])
        [answer] = await pipelined(self._client, [call])
        kind, mark, at, since = answer[0], int(answer[1]), int(answer[2]), answer[3]
        is_restarted = await self._is_restarted()
        if self._fallen_to is not None:
            kind, mark = b"back", min(mark, self._fallen_to)
        if kind == b"back":
            is_pending = await self._ask(str(self._highest + 1), min(at, self._good_until(mark)))
            self._fallen_to = None
            return Tick(went_back=True, is_pending=is_pending, is_restarted=is_restarted)
        self._highest = max(self._highest, mark)
        self._ticks.append((mark, at))
        return Tick(went_back=False, is_pending=since != b"", is_restarted=is_restarted)

    async def ask(self) -> None:
        """Ask for a recovery of the last minutes."""
        [time] = await pipelined(self._client, [("TIME",)])
        await self._ask("", int(time[0]) * 1000 - SUSPECTED_MS)

    async def _ask(self, mark: str, since: int) -> bool:
        call = ASK_RECOVERY.call([self._key, self._mine], [mark, since, MARK_SECONDS])
        [is_pending] = await pipelined(self._client, [call])
        return bool(is_pending)

    async def claim(self, *, lease: float) -> Recovery | None:
        """Take the pending recovery, or keep it."""
        call = CLAIM_RECOVERY.call([self._key], [self._me, round(lease * 1000), ""])
        [answer] = await pipelined(self._client, [call])
        if not answer:
            return None
        return Recovery(int(answer[0]) / 1000, answer[1].decode())

    async def finish(self, recovery: Recovery) -> None:
        """Say that it is done; where another was asked for, that stays."""
        await pipelined(self._client, [CLAIM_RECOVERY.call([self._key], [self._me, 1, recovery.asked])])

    def _good_until(self, mark: int) -> int:
        """Return when, by our own memory, the mark that is there was set; 0 where that is too long ago."""
        return max((at for seen, at in self._ticks if seen <= mark), default=0)

    async def _is_restarted(self) -> bool:
        """Tell whether this is another process than at the last look."""
        try:
            info: dict[str, Any] = await asked(lambda: self._client.info("server"))
        except exceptions.ResponseError:
            return False  # a managed Redis may hide it
        server, before = str(info.get("run_id")), self._server
        self._server = server
        return before is not None and before != server
