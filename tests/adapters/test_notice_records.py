"""Messages in the records: each id once, those that were tried least come first, and what is known is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from cloud_stub.adapters.records_sqlalchemy import open_records
from cloud_stub.domain.notice_records import Notice, NoticeState

NOW = datetime(2026, 3, 14, tzinfo=UTC)
NOTICE = Notice("n1", "a1", "mail", "trial_ended", "t1", NOW, NoticeState.QUEUED, "o@example.org", "T", "Text", NOW)


async def test_queued_messages_come_by_how_often_they_were_tried_then_by_age(tmp_path: Path) -> None:
    records = await open_records(tmp_path / "cloud.sqlite")
    try:
        async with records.writing() as writing:
            for number, attempts in enumerate((3, 0, 1, 0)):
                at = NOW + timedelta(minutes=number)
                await writing.notices.put(
                    replace(NOTICE, notice_id=f"n{number}", due_at=at, made_at=at, attempts=attempts)
                )
            await writing.notices.put(replace(NOTICE, notice_id="n9", kind="plan_ended", state=NoticeState.SENT))
        async with records.reading() as reading:
            assert [n.notice_id for n in await reading.notices.queued(3)] == ["n1", "n3", "n2"]
            assert set(await reading.notices.known(["n9", "n0", "never"])) == {"n0", "n9"}
            assert not await reading.notices.known([])
    finally:
        await records.close()


async def test_the_same_message_under_another_id_is_refused(tmp_path: Path) -> None:
    records = await open_records(tmp_path / "cloud.sqlite")
    try:
        async with records.writing() as writing:
            await writing.notices.put(NOTICE)
        with pytest.raises(IntegrityError):
            async with records.writing() as writing:
                await writing.notices.put(replace(NOTICE, notice_id="n2"))
    finally:
        await records.close()
