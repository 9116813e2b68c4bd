"""Upkeep of the records: hot queries use their indexes, an older database is migrated with what it holds."""

import asyncio
import dataclasses
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event

from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.adapters.records_sqlalchemy.database import MIGRATIONS
from cloud_stub.domain.clip_page import ClipCursor
from cloud_stub.domain.records import ClipPhase, Upload
from cloud_stub.ports import Transaction
from tests.adapters.test_records_sqlalchemy import CLIP, MODULE, NOW

NONE, TIES, ALL = "nothing", "RIGHT PART", "ORDER BY"
"""What a query may sort: nothing, what is alike in its index, or all it found where that is little."""
HOT: list[tuple[str, Callable[[Transaction], Awaitable[object]], str, str]] = [
    (
        "the clip page of an account",
        lambda tx: tx.clips.page("a1", kind="clip", camera_id=None, before=ClipCursor(NOW), limit=30),
        "ix_clips_account_kind_captured",
        TIES,
    ),
    (
        "the clip page of a camera",
        lambda tx: tx.clips.page("a1", kind="clip", camera_id="c1", before=ClipCursor(NOW), limit=30),
        "ix_clips_camera_kind_captured",
        TIES,
    ),
    ("a clip of an account", lambda tx: tx.clips.find("a1", "k1"), "ix_clips_account_clip", NONE),
    ("what the store is held against", lambda tx: tx.clips.not_gone("a1", ["k1"]), "ix_clips_account_clip", NONE),
    ("pool usage", lambda tx: tx.clips.used_ms("a1/m1"), "ix_clips_pool_phase", NONE),
    ("the clips of a pool", lambda tx: tx.clips.held_in_pool("a1/m1"), "ix_clips_pool_phase", TIES),
    ("when retention is due", lambda tx: tx.clips.held_windows("a1"), "ix_clips_account_window", NONE),
    ("what retention takes", lambda tx: tx.clips.held_of_account("a1"), "ix_clips_account_retained", TIES),
    ("what is being deleted", lambda tx: tx.clips.deleting(), "ix_clips_phase_gone", ALL),
    ("old tombstones", lambda tx: tx.clips.drop_tombstones_before(NOW, 5), "ix_clips_phase_gone", NONE),
    ("open uploads that expire", lambda tx: tx.clips.uploads_expiring_before(NOW), "ix_uploads_open_expires", NONE),
    ("open uploads of a module", lambda tx: tx.clips.count_open_uploads("m1"), "ix_uploads_module_open", NONE),
    ("the outbox", lambda tx: tx.leases.outbox(100), "", NONE),
    ("a module's newest lease", lambda tx: tx.leases.newest("m1"), "sqlite_autoindex_leases_1", NONE),
    ("old leases", lambda tx: tx.leases.drop_leases_before(NOW, 5), "ix_leases_grace_until", NONE),
    ("the log of an account", lambda tx: tx.leases.entries("a1", 50), "ix_log_entries_account_id", NONE),
    ("old log entries", lambda tx: tx.leases.drop_entries_before(NOW, 5), "ix_log_entries_at", NONE),
    ("when a camera was mailed of", lambda tx: tx.alerts.mailed_at("c1", NOW), "ix_alerts_camera_received", NONE),
    ("a camera's alert", lambda tx: tx.alerts.newest_of_camera("c1", "k", NOW), "ix_alerts_camera_received", NONE),
    ("mails of alerts that wait", lambda tx: tx.alerts.queued(50), "ix_alerts_mail_state", NONE),
    ("the alerts of an account", lambda tx: tx.alerts.of_account("a1", 60), "ix_alerts_account_received", NONE),
    ("old alerts", lambda tx: tx.alerts.drop_before(NOW, 5), "ix_alerts_received_at", NONE),
    ("how many modules are online", lambda tx: tx.modules.count_claimed(), "ix_modules_online", NONE),
    ("an event seen before", lambda tx: tx.modules.first_sight("m1", "e1", 2), "sqlite_autoindex_seen_events_1", NONE),
    ("log-ins that are over", lambda tx: tx.accounts.drop_sessions_before(NOW), "ix_sessions_expires_at", NONE),
    ("who has plans", lambda tx: tx.billing.holders(), "ix_subscriptions_live", NONE),
    ("a holder's live plans", lambda tx: tx.plans.live_of_holder("h1"), "ix_subscriptions_live", NONE),
    ("what is still to be paid", lambda tx: tx.billing.open_invoices(), "ix_invoices_next", NONE),
    ("a holder's open invoices", lambda tx: tx.billing.open_invoices_of("h1"), "ix_invoices_holder_status", NONE),
    ("refunds to be made", lambda tx: tx.billing.unrefunded(), "ix_credit_notes_unrefunded", NONE),
    (
        "a holder's refunds to be made",
        lambda tx: tx.billing.unrefunded_of("h1"),
        "ix_credit_notes_holder_unrefunded",
        NONE,
    ),
    ("codes that are over", lambda tx: tx.accounts.drop_claim_codes_before(NOW), "ix_claim_codes_expires_at", NONE),
]
SCANS = re.compile(r"\bSCAN (?!CONSTANT|\(subquery|anon_1)\w+")


@pytest_asyncio.fixture
async def records(tmp_path: Path) -> AsyncIterator[SqlRecords]:
    opened = await open_records(tmp_path / "cloud.sqlite")
    yield opened
    await opened.close()


@pytest.mark.parametrize(("query", "index", "sorts"), [case[1:] for case in HOT], ids=[case[0] for case in HOT])
async def test_a_hot_query_finds_its_rows_by_an_index(
    records: SqlRecords,
    tmp_path: Path,
    query: Callable[[Transaction], Awaitable[object]],
    index: str,
    sorts: str,
) -> None:
    said: list[tuple[str, tuple[str | int | None, ...]]] = []
    engine = records._engine.sync_engine

    def heard(
        _connection: object, _cursor: object, statement: str, parameters: tuple[str | int | None, ...], *_rest: object
    ) -> None:
        said.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", heard)
    async with records.writing() as transaction:
        await query(transaction)
    event.remove(engine, "before_cursor_execute", heard)
    with sqlite3.connect(tmp_path / "cloud.sqlite") as plain:
        plans = [
            "\n".join(row[3] for row in plain.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in said
            if not statement.startswith("BEGIN")
        ]
    plain.close()
    assert plans
    if index:
        assert any(index in plan for plan in plans), plans
        assert not any(SCANS.search(plan.replace("USING COVERING INDEX", "")) for plan in plans), plans
    sorted_by_hand = [line for plan in plans for line in plan.splitlines() if "TEMP B-TREE" in line]
    assert all(sorts in line for line in sorted_by_hand), plans


async def test_a_database_of_the_first_schema_keeps_what_it_holds_and_its_open_uploads_end_when_they_would(
    tmp_path: Path,
) -> None:
    path = tmp_path / "cloud.sqlite"
    await asyncio.to_thread(_first_schema, path)
    with sqlite3.connect(path) as plain:
        plain.execute(
            "INSERT INTO uploads (upload_id, clip_id, module_id, offset, metadata, expires_at, finished) "
            "VALUES ('u1', 'k1', 'm1', 7, '', ?, 0)",
            (NOW.replace(tzinfo=None).isoformat(sep=" "),),
        )
    plain.close()
    records = await open_records(path)
    async with records.reading() as transaction:
        assert await transaction.clips.upload("u1") == Upload("u1", "k1", "m1", 7, None, "", NOW, NOW, finished=False)
    await records.close()


def _first_schema(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        settings = Config()
        settings.set_main_option("script_location", str(MIGRATIONS))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        connection.commit()
    engine.dispose()


async def test_figures_are_counted_and_pools_are_summed(records: SqlRecords) -> None:
    async with records.writing() as tx:
        assert (await tx.accounts.count(), await tx.modules.count_claimed()) == (0, (0, 0))
        assert (await tx.leases.count_outbox(2), await tx.clips.used_ms("a1/m1")) == (0, 0)
        for number, online in enumerate((True, True, False)):
            await tx.modules.add(dataclasses.replace(MODULE, module_id=f"m{number}", online=online))
        await tx.modules.add(dataclasses.replace(MODULE, module_id="removed", revoked_at=NOW))
        for number in range(5):
            await tx.leases.enqueue("m1", "lease", b"x", retain=True)
            phase = ClipPhase.GONE if number else ClipPhase.HELD
            await tx.clips.add(dataclasses.replace(CLIP, clip_id=f"k{number}", phase=phase))
        await tx.clips.add(dataclasses.replace(CLIP, clip_id="held too", duration_ms=5))
    async with records.reading() as tx:
        assert await tx.modules.count_claimed() == (3, 2)
        assert await tx.modules.claimed_ids() == ["m0", "m1", "m2"]
        assert (await tx.leases.count_outbox(2), await tx.leases.count_outbox(9)) == (2, 5)
        assert await tx.clips.used_ms("a1/m1") == 12_005
        assert await tx.clips.not_gone("a1", ["k0", "k1", "nobody's"]) == {"k0": True, "k1": False}
        assert await tx.clips.not_gone("a2", ["k0"]) == {}
