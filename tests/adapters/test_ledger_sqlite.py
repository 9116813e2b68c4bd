"""The ledger on SQLite: damage and versions first, then the port's contract."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest
import structlog.testing

from agent.adapters.ledger_sqlite import SqliteLedger
from agent.adapters.ledger_sqlite.schema import MIGRATIONS, NEWEST
from agent.domain.clip import BlockedBy, ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.errors import BadInput

DUMP_V1 = Path(__file__).parent / "ledger_v1.sql"
FOR_CLOUD = SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:1", 1772323200000)


def row(clip_id: str, phase: RowPhase = RowPhase.RECORDING, choice: SinkChoice = FOR_CLOUD) -> ClipRow:
    return ClipRow(
        clip_id, "camera", MediaKind.CLIP, ClipReason.MOTION, phase, choice, "2026-03-01T00:00:00.000Z", True, None
    )


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = await SqliteLedger(tmp_path / "state" / "ledger.sqlite").open()
    yield opened
    await opened.close()


@asynccontextmanager
async def open_ledger(ledger: SqliteLedger) -> AsyncIterator[SqliteLedger]:
    """Open a ledger for a part of a test."""
    yield await ledger.open()
    await ledger.close()


def schema(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {str(name) for (name,) in connection.execute("SELECT name FROM pragma_table_info('clips')")}


def moved_aside(folder: Path) -> list[str]:
    return sorted(found.name for found in folder.glob("*.damaged-?"))


async def test_a_ledger_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    await (await SqliteLedger(path).open()).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {NEWEST + 1}")
    with pytest.raises(BadInput, match="install the newer version"):
        await SqliteLedger(path).open()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (NEWEST + 1,)
    assert not moved_aside(tmp_path)


async def test_a_ledger_that_another_program_locks_is_not_taken_for_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OSError, match="locked"):
            await SqliteLedger(path, busy_ms=50).open()
    assert moved_aside(tmp_path) == []


@pytest.mark.parametrize("content", [b"this is no database, whatever its name says" * 50, b"SQLite format 3\x00" * 300])
async def test_a_file_that_is_no_database_is_moved_aside_and_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content)
    ledger = await SqliteLedger(path).open()
    assert ledger.rebuilt
    await ledger.insert(row("a"))
    await ledger.close()
    assert (tmp_path / "ledger.sqlite.damaged-1").read_bytes() == content


async def test_a_damaged_ledger_keeps_every_row_that_can_still_be_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = await SqliteLedger(path).open()
    for number in range(300):
        await ledger.insert(row(f"clip-{number:03}"))
    await ledger.close()
    content = bytearray(path.read_bytes())
    page = 4096
    content[20 * page : 21 * page] = b"\xff" * page
    path.write_bytes(content)

    again = await SqliteLedger(path).open()
    kept = {found.clip_id for found in await again.newest(1000)}
    await again.close()

    assert again.rebuilt
    assert 200 < len(kept) < 301
    assert (tmp_path / "ledger.sqlite.damaged-1").read_bytes() == bytes(content)


async def test_damage_twice_keeps_both_files(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    for number in (1, 2):
        path.write_bytes(b"nonsense %d" % number * 100)
        await (await SqliteLedger(path).open()).close()
        for companion in ("-wal", "-shm"):
            path.with_name(path.name + companion).unlink(missing_ok=True)
    assert moved_aside(tmp_path) == ["ledger.sqlite.damaged-1", "ledger.sqlite.damaged-2"]


async def test_a_stored_ledger_of_version_1_is_upgraded_with_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(DUMP_V1.read_text())
    assert "refused_seq" not in schema(path)

    ledger = await SqliteLedger(path).open()
    rows = {found.clip_id: found for found in await ledger.newest(10)}
    assert [number for number, _, _ in await ledger.next_events(10)] == [1]
    assert not await ledger.remember_command("0b0b0b0b-0000-4000-8000-000000000001")
    await ledger.close()

    assert not ledger.rebuilt
    stored = rows["d1d2d3d4-1111-4222-8333-444455556666"]
    assert (stored.phase, stored.size_bytes, stored.refused_seq) == (RowPhase.STORED_CLOUD, 3145728, None)
    assert stored.choice == FOR_CLOUD.__class__(Sink.CLOUD, SinkReason.TRIAL, None, "trial:77aa", 1772323200000)
    not_kept = rows["d1d2d3d4-1111-4222-8333-444455557777"]
    assert not_kept.choice.blocked_by is BlockedBy.DRIVE_FULL


async def test_an_upgraded_ledger_has_the_columns_of_a_new_one(tmp_path: Path) -> None:
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(DUMP_V1.read_text())
    for path in (old, new):
        await (await SqliteLedger(path).open()).close()
    assert schema(old) == schema(new)
    assert sorted(MIGRATIONS) == list(range(1, NEWEST + 1))


async def test_a_second_row_for_a_clip_is_an_error_and_changes_nothing(ledger: SqliteLedger) -> None:
    await ledger.insert(row("a"))
    with pytest.raises(ValueError, match="already"):
        await ledger.insert(row("a", RowPhase.LOST))
    found = await ledger.get("a")
    assert found is not None
    assert found.phase is RowPhase.RECORDING


async def test_updating_a_row_that_is_not_there_is_a_key_error(ledger: SqliteLedger) -> None:
    with pytest.raises(KeyError):
        await ledger.update(row("nobody"))
    assert await ledger.get("nobody") is None


async def test_a_row_comes_back_as_it_went_in_with_every_field(ledger: SqliteLedger) -> None:
    full = replace(
        row("a", RowPhase.LOST, SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, BlockedBy.DRIVE_PULLED, "g", 5)),
        kind=MediaKind.PHOTO,
        clip_reason=ClipReason.PHOTOS,
        clock_trusted=False,
        path="a.jpg",
        usb_path="veilleur/a.jpg",
        synced_bytes=4,
        size_bytes=9,
        sha256="00",
        duration_ms=1000,
        upload_url="http://127.0.0.1/files/1",
        attempts=3,
        lost_because="spool_full",
        refused_seq=5,
        ended_early="disk_full",
    )
    await ledger.insert(row("a"))
    await ledger.update(full)
    assert await ledger.get("a") == full


async def test_synced_bytes_only_rise(ledger: SqliteLedger) -> None:
    await ledger.insert(row("a"))
    for value in (10, 30, 20):
        await ledger.note_synced("a", value)
    await ledger.update(replace(row("a"), synced_bytes=5))
    found = await ledger.get("a")
    assert found is not None
    assert found.synced_bytes == 30


async def test_rows_come_oldest_first_by_phase_and_newest_first_over_all(ledger: SqliteLedger) -> None:
    phases = [RowPhase.SPOOLED, RowPhase.HELD, RowPhase.SPOOLED, RowPhase.LOST]
    for number, phase in enumerate(phases):
        await ledger.insert(row(str(number), phase))
    assert [found.clip_id for found in await ledger.in_phases([RowPhase.SPOOLED, RowPhase.HELD])] == ["0", "1", "2"]
    assert [found.clip_id for found in await ledger.in_phases([RowPhase.SPOOLED], limit=1)] == ["0"]
    assert [found.clip_id for found in await ledger.newest(2)] == ["3", "2"]
    assert await ledger.counts() == {RowPhase.SPOOLED: 2, RowPhase.HELD: 1, RowPhase.LOST: 1}


async def test_the_spool_counts_the_files_that_stand_in_it(ledger: SqliteLedger) -> None:
    await ledger.insert(replace(row("growing"), path="1.mp4", synced_bytes=100))
    await ledger.insert(replace(row("closed", RowPhase.SPOOLED), path="2.mp4", synced_bytes=50, size_bytes=70))
    await ledger.insert(replace(row("stored", RowPhase.STORED_CLOUD), path=None, size_bytes=1000))
    assert await ledger.spool_bytes() == 170
    assert [found.clip_id for found in await ledger.with_files()] == ["growing", "closed"]


async def test_events_leave_in_order_and_only_when_dropped(ledger: SqliteLedger) -> None:
    for number in range(3):
        await ledger.put_event("event/clip", {"event_id": str(number), "text": "fenêtre"})
    first, second, _ = await ledger.next_events(10)
    assert (first[1], first[2]) == ("event/clip", {"event_id": "0", "text": "fenêtre"})
    await ledger.drop_event(first[0])
    assert [number for number, _, _ in await ledger.next_events(1)] == [second[0]]


async def test_a_command_is_new_once_and_the_newest_thousand_are_kept(ledger: SqliteLedger) -> None:
    assert await ledger.remember_command("first")
    assert not await ledger.remember_command("first")
    for number in range(1000):
        assert await ledger.remember_command(str(number))
    assert not await ledger.remember_command("0")
    assert await ledger.remember_command("first")


async def test_callers_at_the_same_time_do_not_disturb_each_other(ledger: SqliteLedger) -> None:
    await asyncio.gather(*(ledger.insert(row(str(number))) for number in range(40)))
    await asyncio.gather(
        *(ledger.note_synced(str(number), number) for number in range(40)),
        *(ledger.remember_command(str(number % 20)) for number in range(40)),
    )
    assert sum((found.synced_bytes for found in await ledger.newest(100)), 0) == sum(range(40))


async def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = await SqliteLedger(path).open()
    await ledger.insert(row("a"))
    await ledger.put_event("event/clip", {"event_id": "1"})
    await ledger.close()
    again = await SqliteLedger(path).open()
    assert await again.get("a") == row("a")
    assert len(await again.next_events(5)) == 1
    await again.close()


async def test_a_commit_is_synced_and_only_the_hint_is_not(ledger: SqliteLedger) -> None:
    cursor = await ledger._db.execute("PRAGMA synchronous")
    assert tuple(await cursor.fetchone() or ()) == (2,)
    await ledger.insert(row("a"))
    await ledger.note_synced("a", 1)
    cursor = await ledger._db.execute("PRAGMA synchronous")
    assert tuple(await cursor.fetchone() or ()) == (2,)


async def test_rows_that_move_while_they_are_read_are_read_whole(ledger: SqliteLedger) -> None:
    """A row that leaves its place under a reader would be read as empty: a read is one step, never two."""
    rows = [row(f"clip-{number}") for number in range(20)]
    for each in rows:
        await ledger.insert(each)

    async def move_about() -> None:
        for phase in (RowPhase.SPOOLED, RowPhase.STORED_CLOUD, RowPhase.LOST, RowPhase.HELD) * 3:
            for each in rows:
                await ledger.update(replace(each, phase=phase), ("event/clip", {"clip_id": each.clip_id}))

    async def send_events() -> None:
        while not moving.done():
            for number, _, _ in await ledger.next_events(5):
                await ledger.drop_event(number)

    async def read_rows() -> None:
        while not moving.done():
            assert sum((await ledger.counts()).values()) == len(rows)
            assert len(await ledger.newest(100)) == len(rows)
            assert all(found.clip_id for found in await ledger.in_phases(list(RowPhase)))

    moving = asyncio.ensure_future(move_about())
    await asyncio.gather(moving, send_events(), read_rows(), read_rows())


async def test_a_broker_that_is_away_for_weeks_cannot_fill_the_disk_with_events(tmp_path: Path) -> None:
    """The oldest make way, also for an event that comes with a row; the log says so once until all are sent."""
    with structlog.testing.capture_logs() as logs:
        async with open_ledger(SqliteLedger(tmp_path / "ledger.sqlite", kept_events=10)) as ledger:
            for number in range(30):
                await ledger.put_event("event/alert", {"event_id": str(number)})
            await ledger.insert(row("clip"), ("event/clip", {"event_id": "30"}))
            waiting = await ledger.next_events(50)
            assert [payload["event_id"] for _, _, payload in waiting] == [str(number) for number in range(21, 31)]
    assert [entry["event"] for entry in logs] == ["oldest_events_dropped"]


async def test_rows_that_have_ended_are_forgotten_and_those_with_a_copy_to_care_for_are_not(tmp_path: Path) -> None:
    cared_for = [
        row("recorded"),
        replace(row("spooled", RowPhase.SPOOLED), path="clips/spooled.mp4"),
        replace(row("held", RowPhase.HELD), usb_path="veilleur/held.mp4"),
        replace(row("undeleted", RowPhase.STORED_CLOUD), path="clips/undeleted.mp4"),
        replace(row("parked", RowPhase.STORED_CLOUD), usb_path="veilleur/parked.mp4"),
    ]
    ended = [
        row("in the cloud", RowPhase.STORED_CLOUD),
        replace(row("on the drive", RowPhase.STORED_USB), usb_path="veilleur/on the drive.mp4"),
        row("lost", RowPhase.LOST),
        row("not kept", RowPhase.NOT_KEPT),
    ]
    path = tmp_path / "ledger.sqlite"
    async with open_ledger(SqliteLedger(path)) as ledger:
        for found in (*cared_for, *ended, row("newer 1"), row("newer 2")):
            await ledger.insert(found)
    async with open_ledger(SqliteLedger(path, kept_rows=2)) as ledger:
        await ledger.insert(row("newest"))
        kept = [found.clip_id for found in reversed(await ledger.newest(100))]
        assert kept == [*(found.clip_id for found in cared_for), "newer 1", "newer 2", "newest"]


async def test_rows_of_one_sink_do_not_hide_those_of_another(ledger: SqliteLedger) -> None:
    for number in range(5):
        found = row(str(number), RowPhase.SPOOLED)
        sink = Sink.USB if number else Sink.QUOTA
        await ledger.insert(replace(found, choice=replace(found.choice, sink=sink)))
    phases, cloud = [RowPhase.SPOOLED], [Sink.CLOUD, Sink.QUOTA]
    assert [found.clip_id for found in await ledger.in_phases(phases, 2, newest=True, sinks=cloud)] == ["0"]
    assert [found.clip_id for found in await ledger.in_phases(phases, 2, newest=True, sinks=[Sink.USB])] == ["3", "4"]
    assert await ledger.in_phases(phases, sinks=[]) == []


async def test_a_word_is_told_once_also_over_a_restart(tmp_path: Path) -> None:
    """Event and note are one transaction; a new module counts as told that its spool is well and it has no drive."""
    async with open_ledger(SqliteLedger(tmp_path / "ledger.sqlite")) as ledger:
        assert not await ledger.tell_once("spool", "ok", "event/storage", {"event_id": "0"})
        assert await ledger.tell_once("drive", "usable 1", "event/storage", {"event_id": "1"})
        assert not await ledger.tell_once("drive", "usable 1", "event/storage", {"event_id": "2"})
    async with open_ledger(SqliteLedger(tmp_path / "ledger.sqlite")) as ledger:
        assert not await ledger.tell_once("drive", "usable 1", "event/storage", {"event_id": "3"})
        assert await ledger.tell_once("drive", "pulled 1", "event/storage", {"event_id": "4"})
        assert [payload["event_id"] for _, _, payload in await ledger.next_events(10)] == ["1", "4"]
