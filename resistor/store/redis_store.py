"""`ports.Store` on Redis: every call is one round trip for its whole batch."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from resistor.engine.facts import Fact
from resistor.engine.run import Reads, Run
from resistor.ports import Change, Loaded, Published, Released
from resistor.store import keys as names
from resistor.store.connection import asked, connect, pipelined
from resistor.store.forgetting import forget_expired
from resistor.store.health import StoreHealth, examine
from resistor.store.keys import FORGOTTEN_BY_TTL, Keys
from resistor.store.reading import RunFilter, list_runs, read_history
from resistor.store.records import answered_steps, fields_to_read, fields_to_write, named, run_from_fields
from resistor.store.scripts import CLAIM_DUE, COMMIT, PUBLISHED, REGISTER, RELEASE, Argument

_encode = msgspec.json.Encoder().encode


class RedisStore:
    """Runs, in one Redis. Safe to share between tasks; nothing is sent before the first call."""

    def __init__(self, url: str, keys: Keys | None = None, *, timeout: float = 2.0) -> None:
        """Take a `redis://` or `rediss://` URL; `timeout`, in seconds, is for each round trip."""
        self._client = connect(url, timeout=timeout)
        self._keys = keys or Keys()

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()

    # ---------------------------------------------------------------------------- the daemon's side

    async def load(self, wanted: Sequence[tuple[str, Reads]]) -> Loaded:
        """Read these runs, or the named parts of them."""
        commands: list[tuple[Argument, ...]] = [("TIME",)]
        for run_id, reads in wanted:
            tag = self._keys.tag_of(run_id)
            if reads.everything:
                commands.append(("HGETALL", names.run(tag, run_id)))
                commands.append(("HKEYS", names.outbox(tag, run_id)))
            else:
                commands.append(("HMGET", names.run(tag, run_id), *fields_to_read(reads)))
        time, *replies = await pipelined(self._client, commands)
        answers = iter(replies)
        runs: list[Run | None] = []
        unreadable: dict[str, str] = {}
        for run_id, reads in wanted:
            if reads.everything:
                fields = {name.decode(): value for name, value in next(answers).items()}
                unconfirmed = next(answers)
            else:
                fields, unconfirmed = named(fields_to_read(reads), next(answers)), ()
            try:
                runs.append(run_from_fields(run_id, fields, unconfirmed))
            except msgspec.MsgspecError as error:
                unreadable[run_id] = str(error)
                runs.append(None)
        return Loaded(now=_seconds(time), runs=tuple(runs), unreadable=unreadable)

    async def commit(self, changes: Sequence[Change]) -> Sequence[bool]:
        """Write each change whole, or not at all where its run is at another revision."""
        replies = await pipelined(self._client, [self._commit(change) for change in changes])
        return [revision != 0 for revision in replies]

    async def published(self, confirmed: Sequence[Published]) -> None:
        """Take confirmed actions out of the outbox."""
        await pipelined(self._client, [self._published(each) for each in confirmed])

    async def claim_due(self, *, limit: int, lease: float) -> Sequence[str]:
        """Return due runs of every partition, `limit` at most of each, and lease them."""
        commands = [CLAIM_DUE.call([names.due(tag)], [limit, lease]) for tag in self._tags()]
        replies = await pipelined(self._client, commands)
        return [run_id.decode() for ids in replies for run_id in ids]

    async def release(self, released: Sequence[Released]) -> None:
        """Say when claimed runs that were left as they are are due again; drop what is no run."""
        await pipelined(self._client, [self._release(each) for each in released])

    async def forget_expired(self) -> int:
        """Drop the finished runs whose time to be kept is over; returns how many."""
        return await forget_expired(self._client, self._keys)

    # --------------------------------------------------------------------------- workflows and keys

    async def register(self, key: str, digest: str, source: bytes) -> str:
        """Keep a workflow's version under `key` (`<ns>/<workflow>@<v>`); returns the digest that is kept."""
        value = digest.encode() + b"\n" + source
        [kept] = await pipelined(self._client, [REGISTER.call([self._keys.workflows], [key, value])])
        return str(kept.partition(b"\n")[0].decode())

    async def registered(self, key: str) -> bytes | None:
        """Return the kept source of a workflow's version, or None."""
        [kept] = await pipelined(self._client, [("HGET", self._keys.workflows, key)])
        return None if kept is None else bytes(kept.partition(b"\n")[2])

    async def all_registered(self) -> dict[str, bytes]:
        """Return every kept version: `<ns>/<workflow>@<v>` → source."""
        [kept] = await pipelined(self._client, [("HGETALL", self._keys.workflows)])
        return {key.decode(): value.partition(b"\n")[2] for key, value in sorted(kept.items())}

    async def generated_token_secret(self) -> bytes:
        """Return the signing secret that this installation shares, made by whoever asks first."""
        [_, secret] = await pipelined(
            self._client,
            [
                ("SET", self._keys.token_key, secrets.token_hex(32), "NX"),
                ("GET", self._keys.token_key),
            ],
        )
        return bytes(secret)

    # -------------------------------------------------------------------------------- people's side

    async def history(self, run_id: str, *, start: int = 0) -> list[Fact]:
        """Return a run's facts from position `start` on."""
        return await read_history(self._client, self._keys, run_id, start=start)

    async def list_runs(self, wanted: RunFilter) -> list[Run]:
        """Return runs, the latest first, without steps and payloads."""
        return await list_runs(self._client, self._keys, wanted)

    async def ping(self) -> None:
        """Return if Redis answers. Raises `StoreUnreachable`."""
        await asked(self._client.ping)

    async def health(self) -> StoreHealth:
        """Return what an operator should know about this Redis."""
        return await examine(self._client)

    # -------------------------------------------------------------------------------------- commands

    def _tags(self) -> list[str]:
        return [self._keys.tag(partition) for partition in range(self._keys.partitions)]

    def _commit(self, change: Change) -> tuple[Argument, ...]:
        run, before, origin = change.after, change.before, change.after.origin
        tag = self._keys.tag_of(run.id)
        status, status_before = run.state.status, before.state.status if before else run.state.status
        finished = status.is_final
        fields = fields_to_write(before, run)
        facts = [_encode(fact) for fact in change.facts]
        answered = answered_steps(before, run)
        forgotten_at = (run.state.finished_at or 0.0) + change.retention
        return COMMIT.call(
            [
                names.run(tag, run.id),
                names.outbox(tag, run.id),
                names.history(tag, run.id),
                names.due(tag),
                names.expiring(tag),
                names.by_status(tag, status_before),
                names.by_status(tag, status),
                names.by_workflow(tag, origin.namespace, origin.workflow),
            ],
            [
                run.id,
                run.revision,
                change.unconfirmed_due_at,
                change.due_at,
                origin.started_at,
                int(change.retention) + FORGOTTEN_BY_TTL if finished else "",
                forgotten_at,
                names.expiring_entry(run.id, origin.namespace, origin.workflow),
                len(fields) // 2,
                len(change.send),
                len(answered),
                *fields,
                *change.send,
                *answered,
                *facts,
            ],
        )

    def _published(self, each: Published) -> tuple[Argument, ...]:
        tag = self._keys.tag_of(each.run)
        keys = [names.run(tag, each.run), names.outbox(tag, each.run), names.due(tag)]
        return PUBLISHED.call(keys, [each.run, each.revision, each.due_at, *each.steps])

    def _release(self, each: Released) -> tuple[Argument, ...]:
        tag = self._keys.tag_of(each.run)
        keys = [names.run(tag, each.run), names.due(tag)]
        return RELEASE.call(keys, [each.run, each.revision, each.due_at])


def _seconds(time: tuple[int, int]) -> float:
    """Read Redis's TIME: seconds and microseconds."""
    return int(time[0]) + int(time[1]) / 1e6
