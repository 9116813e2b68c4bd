"""The clip ledger, the event outbox and the seen commands in one SQLite file (aiosqlite, WAL, synchronous=FULL)."""

import asyncio
import contextlib
import errno
import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import aiosqlite
import structlog

from agent.adapters.ledger_sqlite.damage import move_aside, readable_rows
from agent.adapters.ledger_sqlite.rows import Value, row_to_values, values_to_row
from agent.adapters.ledger_sqlite.schema import COLUMNS, MIGRATIONS, NEWEST
from agent.domain.clip import ENDED_PHASES, ClipReason, ClipRow, RowPhase, Sink
from agent.errors import BadInput

REMEMBERED_COMMANDS = 1000
KEPT_EVENTS = 20_000
"""About 15 MB: what a busy module has to tell of a week without its broker."""
KEPT_ROWS = 100_000
"""About 50 MB of rows; older ones go when nothing of them stands in the spool or waits on the drive."""
TRIM_EVERY = 1000
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM clips"  # noqa: S608 - our own constants
_INSERT = f"INSERT INTO clips ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 - as above
_UPDATE = (
    "UPDATE clips SET "  # noqa: S608 - our own constants
    + ", ".join("synced_bytes = max(synced_bytes, ?)" if name == "synced_bytes" else f"{name} = ?" for name in COLUMNS)
    + " WHERE clip_id = ?"
)

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PUT_EVENT = "INSERT INTO events (topic, payload) VALUES (?, ?)"
_TRIM_EVENTS = "DELETE FROM events WHERE row_number <= (SELECT max(row_number) FROM events) - ?"
_TRIM_ROWS = f"""DELETE FROM clips WHERE row_number IN (
    SELECT row_number FROM clips WHERE row_number <= (SELECT max(row_number) FROM clips) - ?
    AND phase IN ({", ".join(f"'{phase.value}'" for phase in sorted(ENDED_PHASES))})
    AND path IS NULL AND (usb_path IS NULL OR phase = '{RowPhase.STORED_USB.value}') LIMIT {2 * TRIM_EVERY})"""  # noqa: S608 - our own words
_NOTE_SYNCED = "UPDATE clips SET synced_bytes = max(synced_bytes, ?) WHERE clip_id = ?"
_TELL = (
    "INSERT INTO told (subject, word) VALUES (?, ?) "
    "ON CONFLICT (subject) DO UPDATE SET word = excluded.word WHERE word <> ?"
)
_TRIM_COMMANDS = "DELETE FROM commands WHERE row_number <= (SELECT max(row_number) FROM commands) - ?"
Event = tuple[str, Mapping[str, object]]

_log = structlog.get_logger()


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn what a full or failing disk does to SQLite into the port's OSError."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        code = errno.ENOSPC if "full" in str(error) else errno.EIO
        raise OSError(code, f"The ledger cannot be written ({error}): check the module's disk.") from error


class SqliteLedger:
    """The Ledger port on one file.

    `open` migrates an older file, refuses a newer one with `BadInput`, and replaces a damaged one: the damaged file is
    moved aside (never deleted), every row that can still be read is kept, and `rebuilt` is True for this run, so that
    the recovery at start adopts spool files whose rows were lost. A file that another program keeps locked for longer
    than `busy_ms`, or a disk that fails, is an OSError and no damage. The file stays bounded: beyond the newest
    `kept_rows` clips those that have ended are forgotten, beyond the newest `kept_events` events the oldest.
    """

    def __init__(
        self, path: Path, *, busy_ms: int = 5000, kept_events: int = KEPT_EVENTS, kept_rows: int = KEPT_ROWS
    ) -> None:
        self._path = path
        self._kept_events = kept_events
        self._kept_rows = kept_rows
        self._inserted = 0
        self._drops_events = False
        self._busy_ms = busy_ms
        self._connection: aiosqlite.Connection | None = None
        self._transaction = asyncio.Lock()
        self.rebuilt = False

    async def open(self) -> Self:
        """Open, check and migrate the file; `BadInput` for a ledger of a newer version."""
        await asyncio.to_thread(self._path.parent.mkdir, parents=True, exist_ok=True)
        try:
            await self._connect()
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) not in _DAMAGED:
                raise OSError(errno.EIO, f"The ledger cannot be opened ({error}): check the module's disk.") from error
            await self._replace_damaged(str(error))
        return self

    async def close(self) -> None:
        """Close the file. Idempotent."""
        async with self._transaction:
            connection, self._connection = self._connection, None
            if connection is not None:
                await connection.close()

    async def _connect(self) -> None:
        self._connection = await aiosqlite.connect(self._path, isolation_level=None)
        try:
            self._connection.row_factory = sqlite3.Row
            await self._connection.execute(f"PRAGMA busy_timeout={self._busy_ms}")
            await self._connection.execute("PRAGMA journal_mode=WAL")
            await self._connection.execute("PRAGMA synchronous=FULL")
            await self._check_integrity()
            await self._migrate()
        except BaseException:
            await self.close()
            raise

    async def _check_integrity(self) -> None:
        answers = await self._read("PRAGMA integrity_check(1)")
        if not answers or answers[0][0] != "ok":
            raise sqlite3.DatabaseError("the integrity check failed")

    async def _migrate(self) -> None:
        version = int((await self._read("PRAGMA user_version"))[0][0])
        if version > NEWEST:
            raise BadInput(
                f"The ledger {self._path.name} has version {version}, this program knows {NEWEST}: install the newer "
                "version again, or move the ledger away to start with an empty one."
            )
        for target in range(version + 1, NEWEST + 1):
            await self._db.execute("BEGIN IMMEDIATE")
            for statement in MIGRATIONS[target]:
                await self._db.execute(statement)
            await self._db.execute(f"PRAGMA user_version = {target}")
            await self._db.execute("COMMIT")

    async def _replace_damaged(self, problem: str) -> None:
        rows = await asyncio.to_thread(readable_rows, self._path)
        kept_as = await asyncio.to_thread(move_aside, self._path)
        await self._connect()
        saved = 0
        for values in rows:
            with contextlib.suppress(ValueError, KeyError, TypeError, sqlite3.IntegrityError):
                await self._db.execute(_INSERT, row_to_values(values_to_row(values)))
                saved += 1
        self.rebuilt = True
        _log.error("ledger_damaged", problem=problem, moved_to=kept_as.name, rows_saved=saved)

    @property
    def _db(self) -> aiosqlite.Connection:
        if self._connection is None:
            raise RuntimeError("The ledger is not open: await open() first.")
        return self._connection

    async def insert(self, row: ClipRow, event: Event | None = None) -> None:
        if self._inserted % TRIM_EVERY == 0:
            await self._commit((_TRIM_ROWS, (self._kept_rows,)))
        self._inserted += 1
        try:
            await self._commit((_INSERT, row_to_values(row)), event)
        except sqlite3.IntegrityError:
            raise ValueError(f"The ledger has a row for clip {row.clip_id} already.") from None

    async def get(self, clip_id: str) -> ClipRow | None:
        rows = await self._rows(f"{_SELECT} WHERE clip_id = ?", (clip_id,))
        return rows[0] if rows else None

    async def update(self, row: ClipRow, event: Event | None = None) -> None:
        if await self._commit((_UPDATE, (*row_to_values(row), row.clip_id)), event) == 0:
            raise KeyError(row.clip_id)

    async def note_synced(self, clip_id: str, synced_bytes: int) -> None:
        await asyncio.shield(self._note_synced(clip_id, synced_bytes))

    async def _note_synced(self, clip_id: str, synced_bytes: int) -> None:
        async with self._transaction:
            with _disk_errors():
                await self._db.execute("PRAGMA synchronous=NORMAL")
                try:
                    await self._db.execute(_NOTE_SYNCED, (synced_bytes, clip_id))
                finally:
                    await self._db.execute("PRAGMA synchronous=FULL")

    async def in_phases(
        self,
        phases: Sequence[RowPhase],
        limit: int = 1000,
        *,
        newest: bool = False,
        sinks: Collection[Sink] | None = None,
    ) -> Sequence[ClipRow]:
        where = f"phase IN ({', '.join('?' * len(phases))})"
        values: list[Value] = [phase.value for phase in phases]
        if sinks is not None:
            where += f" AND sink IN ({', '.join('?' * len(sinks))})"
            values += [sink.value for sink in sinks]
        query = f"{_SELECT} WHERE {where} ORDER BY row_number {'DESC' if newest else 'ASC'} LIMIT ?"
        rows = await self._rows(query, (*values, limit))
        return rows[::-1] if newest else rows

    async def newest(self, limit: int) -> Sequence[ClipRow]:
        return await self._rows(f"{_SELECT} ORDER BY row_number DESC LIMIT ?", (limit,))

    async def with_files(self, limit: int = 100_000) -> Sequence[ClipRow]:
        return await self._rows(f"{_SELECT} WHERE path IS NOT NULL ORDER BY row_number LIMIT ?", (limit,))

    async def to_take_back(self, limit: int = 1000) -> Sequence[ClipRow]:
        query = f"{_SELECT} WHERE usb_path IS NOT NULL AND phase IN (?, ?) ORDER BY row_number LIMIT ?"
        return await self._rows(query, (RowPhase.STORED_CLOUD.value, RowPhase.LOST.value, limit))

    async def segments_before(self, camera_id: str, before: str, limit: int) -> Sequence[ClipRow]:
        phases = (RowPhase.SPOOLED.value, RowPhase.HELD.value, RowPhase.STORED_USB.value)
        query = (
            f"{_SELECT} WHERE phase IN (?, ?, ?) AND clip_reason = ? AND camera_id = ? AND clock_trusted = 1 "
            "AND captured_at < ? AND (path IS NOT NULL OR usb_path IS NOT NULL) ORDER BY row_number LIMIT ?"
        )
        values: tuple[Value, ...] = (*phases, ClipReason.CONTINUOUS.value, camera_id, before, limit)
        return await self._rows(query, values)

    async def cloud_clips_since(self, since: str, limit: int) -> Sequence[ClipRow]:
        query = (
            f"{_SELECT} WHERE sink IN (?, ?) AND phase <> ? AND clock_trusted = 1 AND captured_at >= ? "
            "ORDER BY captured_at, row_number LIMIT ?"
        )
        return await self._rows(query, (Sink.CLOUD.value, Sink.QUOTA.value, RowPhase.LOST.value, since, limit))

    async def counts(self) -> Mapping[RowPhase, int]:
        found = await self._read("SELECT phase, count(*) FROM clips GROUP BY phase")
        return {RowPhase(phase): int(count) for phase, count in found}

    async def spool_bytes(self) -> int:
        found = await self._read(
            "SELECT coalesce(sum(max(coalesce(size_bytes, 0), synced_bytes)), 0) FROM clips WHERE path IS NOT NULL"
        )
        return int(found[0][0])

    async def put_event(self, topic: str, payload: Mapping[str, object]) -> None:
        await self._commit(None, (topic, payload))

    async def tell_once(self, subject: str, word: str, topic: str, payload: Mapping[str, object]) -> bool:
        return await self._commit((_TELL, (subject, word, word)), (topic, payload)) == 1

    async def next_events(self, limit: int) -> Sequence[tuple[int, str, Mapping[str, object]]]:
        query = "SELECT row_number, topic, payload FROM events ORDER BY row_number LIMIT ?"
        found = await self._read(query, (limit,))
        self._drops_events = self._drops_events and bool(found)
        return [(int(number), str(topic), json.loads(payload)) for number, topic, payload in found]

    async def drop_event(self, row_number: int) -> None:
        await self._commit(("DELETE FROM events WHERE row_number = ?", (row_number,)))

    async def remember_command(self, command_id: str) -> bool:
        is_new = await self._commit(("INSERT OR IGNORE INTO commands (command_id) VALUES (?)", (command_id,))) == 1
        if is_new:
            await self._commit((_TRIM_COMMANDS, (REMEMBERED_COMMANDS,)))
        return is_new

    async def _commit(self, statement: tuple[str, tuple[Value, ...]] | None, event: Event | None = None) -> int:
        """Run one statement, and queue an event with it, as one transaction; return how many rows the first changed.

        Without a statement the event is queued alone. An event is not queued when the statement changed nothing.

        Shielded: a caller that is cancelled leaves no transaction open behind it.
        """
        return await asyncio.shield(self._commit_now(statement, event))

    async def _commit_now(self, statement: tuple[str, tuple[Value, ...]] | None, event: Event | None) -> int:
        async with self._transaction:
            with _disk_errors():
                if event is None:
                    return (await self._db.execute(*statement)).rowcount if statement is not None else 0
                await self._db.execute("BEGIN IMMEDIATE")
                try:
                    changed = (await self._db.execute(*statement)).rowcount if statement is not None else 1
                    if changed:
                        await self._queue(event)
                    await self._db.execute("COMMIT")
                except BaseException:
                    with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back by itself
                        await self._db.execute("ROLLBACK")
                    raise
                return changed

    async def _queue(self, event: Event) -> None:
        """Add an event inside a transaction; the oldest ones make way, and the log says so once until all are sent."""
        await self._db.execute(_PUT_EVENT, (event[0], json.dumps(event[1])))
        dropped = (await self._db.execute(_TRIM_EVENTS, (self._kept_events,))).rowcount
        if dropped and not self._drops_events:
            self._drops_events = True
            _log.warning("oldest_events_dropped", kept=self._kept_events)

    async def _rows(self, query: str, values: tuple[Value, ...]) -> list[ClipRow]:
        return [values_to_row(dict(found)) for found in await self._read(query, values)]

    async def _read(self, query: str, values: tuple[Value, ...] = ()) -> list[sqlite3.Row]:
        """Read all rows in one step of the connection's thread.

        With a cursor that is fetched from in a second step, a write may come between the two, and a row that leaves its
        place then is read as one of NULLs.
        """
        with _disk_errors():
            return list(await self._db.execute_fetchall(query, values))
