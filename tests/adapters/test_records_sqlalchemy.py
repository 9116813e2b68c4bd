"""The cloud's records in SQL: what goes in comes out, transactions are whole, and the schema is its migrations."""

import asyncio
import dataclasses
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.exc import StatementError

from cloud_stub.adapters.records_sqlalchemy import SqlRecords, billing_schema, open_records
from cloud_stub.domain.clip_page import ClipCursor, cursor_after, read_cursor
from cloud_stub.domain.records import (
    Account,
    Camera,
    ClaimCode,
    Clip,
    ClipPhase,
    Disposition,
    IssuedLease,
    LabClock,
    LogEntry,
    Module,
    Session,
    Trial,
    Upload,
)
from cloud_stub.errors import BadConfiguration
from tests.domain.cloud.situations import subscription

NOW = datetime(2026, 3, 1, 12, 30, 15, 123000, tzinfo=UTC)
ACCOUNT = Account("a1", "owner@example.org", "hash", "vendor", "FR", date(2026, 1, 2), "Europe/Paris", None, "fr")
MODULE = Module(
    "m1", "a1", "Garage", "sync", "00" * 32, NOW, None, online=False, session=None, state=None, state_at=None
)
CAMERA = Camera("c1", "m1", "a1", "Door", "mini", None, None, "emulated", NOW)
CLIP = Clip(
    clip_id="k1",
    module_id="m1",
    account_id="a1",
    camera_id="c1",
    kind="clip",
    clip_reason="motion",
    sink="quota",
    why="legacy_model",
    grant="legacy_model:c1",
    lease_seq=1_772_323_200_000,
    pool="a1/m1",
    keep_for_days=None,
    captured_at=NOW,
    clock_trusted=True,
    received_at=NOW,
    retained_from=NOW,
    phase=ClipPhase.HELD,
    disposition=Disposition.HELD,
    duration_ms=12_000,
    size_bytes=5_000_000_000,
    sha256="ab" * 32,
    gone_at=None,
    gone_because=None,
)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    opened = await open_records(tmp_path / "cloud.sqlite")
    yield opened
    await opened.close()


async def test_sessions_and_codes_go_when_they_are_over_and_no_others(records: SqlRecords) -> None:
    day = timedelta(days=1)
    async with records.writing() as tx:
        for token, account_id, ends in (("old", "a1", NOW), ("mine", "a1", NOW + day), ("other", "a2", NOW + day)):
            await tx.accounts.add_session(Session(token, account_id, "csrf", NOW - day, ends))
            await tx.accounts.add_claim_code(ClaimCode(token, account_id, NOW - day, ends, None, None))
        await tx.accounts.drop_sessions_before(NOW)
        await tx.accounts.drop_claim_codes_before(NOW)
        assert await tx.accounts.session("old"), "what ends now has not ended before"
        await tx.accounts.drop_sessions_before(NOW + day)
        await tx.accounts.drop_claim_codes_before(NOW + day)
    async with records.writing() as tx:
        assert [bool(await tx.accounts.session(token)) for token in ("old", "mine", "other")] == [False, True, True]
        assert [bool(await tx.accounts.claim_code(code)) for code in ("old", "mine", "other")] == [False, True, True]
        await tx.accounts.add_session(Session("thief", "a1", "csrf", NOW, NOW + day))
        await tx.accounts.drop_sessions_of("a1", but_not="mine")
        assert [bool(await tx.accounts.session(token)) for token in ("thief", "mine", "other")] == [False, True, True]


async def test_every_value_comes_back_as_it_went_in(records: SqlRecords) -> None:
    session = Session("t1", "a1", "csrf", NOW, NOW + timedelta(days=1))
    code = ClaimCode("h1", "a1", NOW, NOW + timedelta(minutes=15), None, None)
    trial = Trial("t1", "a1", "plus", NOW, NOW + timedelta(days=30), None)
    bought = subscription("basic")
    lease = IssuedLease("m1", 1_772_323_200_000, NOW, NOW, NOW, "print", "{}", "token")
    upload = Upload("u1", "k1", "m1", 7, None, "clip_id azE=", NOW, NOW, finished=False)
    clock = LabClock(NOW, frozen=True, set_at=NOW, advancing_to=NOW)
    async with records.writing() as tx:
        await tx.accounts.add(ACCOUNT)
        await tx.accounts.add_session(session)
        await tx.accounts.add_claim_code(code)
        await tx.modules.add(MODULE)
        await tx.modules.put_camera(CAMERA)
        await tx.plans.put_trial(trial)
        await tx.plans.put_subscription(bought)
        await tx.leases.add(lease)
        await tx.leases.put_lab_clock(clock)
        await tx.leases.log(LogEntry(NOW, "a1", "trial_started", "t1", "trial.days"))
        await tx.clips.add(CLIP)
        await tx.clips.put_upload(upload)
    async with records.reading() as tx:
        assert await tx.accounts.by_email("owner@example.org") == ACCOUNT
        assert await tx.accounts.session("t1") == session
        assert await tx.accounts.claim_code("h1") == code
        assert await tx.modules.of_account("a1") == [MODULE]
        assert await tx.modules.cameras_of_module("m1") == [CAMERA]
        assert await tx.plans.trials("a1") == [trial]
        assert await tx.plans.subscriptions_of_holder(bought.holder_id) == [bought]
        assert await tx.leases.newest("m1") == lease
        assert await tx.leases.lab_clock() == clock
        assert [entry.what for entry in await tx.leases.entries("a1", 5)] == ["trial_started"]
        assert await tx.clips.get("m1", "k1") == CLIP
        assert await tx.clips.upload_of_clip("m1", "k1") == upload


async def test_a_failed_transaction_leaves_nothing(records: SqlRecords) -> None:
    async def fail_after_a_write() -> None:
        async with records.writing() as tx:
            await tx.accounts.add(ACCOUNT)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_after_a_write()
    async with records.reading() as tx:
        assert await tx.accounts.get("a1") is None


async def test_a_time_without_a_zone_is_refused(records: SqlRecords) -> None:
    naive = dataclasses.replace(CAMERA, added_at=datetime(2026, 3, 1))  # noqa: DTZ001 - the mistake under test

    async def put() -> None:
        async with records.writing() as tx:
            await tx.modules.put_camera(naive)

    with pytest.raises(StatementError, match="without a zone"):
        await put()


async def test_writers_run_one_at_a_time_so_no_update_is_lost(records: SqlRecords) -> None:
    async with records.writing() as tx:
        await tx.clips.add(dataclasses.replace(CLIP, duration_ms=0))

    async def add_one_millisecond() -> None:
        async with records.writing() as tx:
            clip = await tx.clips.get("m1", "k1")
            assert clip is not None
            await asyncio.sleep(0)  # noqa: TID251 - lets the other writers try
            await tx.clips.update(dataclasses.replace(clip, duration_ms=clip.duration_ms + 1))

    await asyncio.gather(*(add_one_millisecond() for _ in range(20)))
    async with records.reading() as tx:
        clip = await tx.clips.get("m1", "k1")
        assert clip is not None
        assert clip.duration_ms == 20


async def test_a_reader_sees_the_last_commit_while_a_writer_works(records: SqlRecords) -> None:
    async with records.writing() as tx:
        await tx.accounts.add(ACCOUNT)
        async with records.reading() as reader:
            assert await reader.accounts.get("a1") is None


async def test_the_outbox_keeps_its_order(records: SqlRecords) -> None:
    async with records.writing() as tx:
        for number in range(3):
            await tx.leases.enqueue("m1", "lease", str(number).encode(), retain=True)
    async with records.writing() as tx:
        first = (await tx.leases.outbox(10))[0]
        await tx.leases.drop_from_outbox(first.item_id)
        await tx.leases.enqueue("m1", "lease", b"3", retain=True)
    async with records.reading() as tx:
        assert [item.payload for item in await tx.leases.outbox(10)] == [b"1", b"2", b"3"]


async def test_pages_show_newest_first_and_never_what_is_gone(records: SqlRecords) -> None:
    async with records.writing() as tx:
        for number, phase in enumerate([ClipPhase.HELD, ClipPhase.GONE, ClipPhase.RECEIVING, ClipPhase.DELETING]):
            await tx.clips.add(
                dataclasses.replace(
                    CLIP, clip_id=f"k{number}", phase=phase, captured_at=NOW + timedelta(seconds=number)
                )
            )
    async with records.reading() as tx:
        page = await tx.clips.page("a1", kind="clip", camera_id=None, before=None, limit=10)
        older = await tx.clips.page("a1", kind="clip", camera_id="c1", before=ClipCursor(page[0].captured_at), limit=10)
    assert [clip.clip_id for clip in page] == ["k2", "k0"]
    assert [clip.clip_id for clip in older] == ["k0"]


async def test_no_page_skips_or_repeats_clips_of_one_instant(records: SqlRecords) -> None:
    """Three cameras see one light go on: their clips have one time, and a page may end between them."""
    ids = [f"k{number}" for number in range(7)]
    async with records.writing() as tx:
        for number, clip_id in enumerate(ids):
            moment = NOW + timedelta(microseconds=1 if number < 5 else 0)
            await tx.clips.add(dataclasses.replace(CLIP, clip_id=clip_id, captured_at=moment))
    for limit in range(1, 8):
        found: list[str] = []
        before: ClipCursor | None = None
        async with records.reading() as tx:
            while page := await tx.clips.page("a1", kind="clip", camera_id=None, before=before, limit=limit):
                found += [clip.clip_id for clip in page]
                before = read_cursor(cursor_after(page[-1]))
        assert found == ids


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-03-01", "2026-03-01T00:00:00", "2026-03-01T00:00:00Z~", "0001-01-01T00:00:00+14:00",
     "9999-12-31T23:59:59-14:00", "2026-03-01T00:00:00Z~" + "x" * 200],
)  # fmt: skip
def test_what_is_no_cursor_is_refused_with_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="`before` is"):
        read_cursor(text)


async def test_the_migrations_make_exactly_the_schema(records: SqlRecords, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'cloud.sqlite'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, billing_schema.subscriptions.metadata) == []
    engine.dispose()


async def test_a_damaged_database_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(BadConfiguration, match="backup"):
        await open_records(path)


async def test_a_database_of_a_newer_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "cloud.sqlite"
    await (await open_records(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(BadConfiguration, match="another version"):
        await open_records(path)
