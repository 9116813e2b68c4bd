"""What only answers questions goes when nobody can ask any more: the log, old leases, tombstones, over log-ins."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.catalog.reader import load_catalogs
from cloud_stub.domain.keeping import KeepFor, check_keeping, longest_window_days
from cloud_stub.domain.records import ClaimCode, LogEntry, Session
from cloud_stub.errors import BadConfiguration, CloudError
from cloud_stub.flow.records_to_purge import PAUSE_S, STEP_ROWS, RecordsToPurge
from cloud_stub.settings import RecordSettings
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import ACCOUNT, LEASE, MODULE, SEQ, START, Rig, clip_uuid, metadata_of
from tests.manual_clock import ManualClock

CLIP = make_clip(seconds=1)
DAY = timedelta(days=1)
KEEP = KeepFor(log_days=100, leases_days=200, tombstones_days=300)


class CountingClock(ManualClock):
    """Wakes at once, and remembers how long each sleep was to be."""

    def __init__(self) -> None:
        super().__init__(START)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def purging(rig: Rig, clock: ManualClock | None = None, step_rows: int = STEP_ROWS) -> RecordsToPurge:
    return RecordsToPurge(rig.records, clock or CountingClock(), lambda: rig.now, KEEP, step_rows)


async def test_log_entries_go_when_they_are_too_old_and_in_small_steps(rig: Rig) -> None:
    async with rig.records.writing() as transaction:
        for number in range(25):
            await transaction.leases.log(LogEntry(START + number * DAY, ACCOUNT, "what", str(number), "rule"))
    clock = CountingClock()
    rig.now = START + (100 + 21) * DAY
    assert (await purging(rig, clock, 10).purge())["log_entries"] == 21
    assert clock.slept == [PAUSE_S, PAUSE_S]
    async with rig.records.reading() as transaction:
        left = await transaction.leases.entries(ACCOUNT, 99)
    assert [entry.subject for entry in left] == ["24", "23", "22", "21"]


async def test_leases_go_after_their_grace_but_never_a_modules_newest(rig: Rig) -> None:
    await rig.issue(SEQ + 1, START + DAY, LEASE)
    ends = START + DAY + 8 * DAY
    rig.now = ends - DAY + 200 * DAY
    assert (await purging(rig).purge())["leases"] == 0, "what goes is from before the instant"
    rig.now += timedelta(milliseconds=1)
    assert (await purging(rig).purge())["leases"] == 1
    rig.now += 1000 * DAY
    assert (await purging(rig).purge())["leases"] == 0
    async with rig.records.reading() as transaction:
        assert await transaction.leases.by_seq(MODULE, SEQ) is None
        newest = await transaction.leases.newest(MODULE)
    assert newest is not None
    assert newest.seq == SEQ + 1


async def test_a_tombstone_answers_for_as_long_as_it_is_kept_and_goes_with_its_upload(rig: Rig) -> None:
    upload = await rig.put(1, CLIP)
    await rig.put(2, CLIP)
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    rig.now = START + 300 * DAY
    assert (await purging(rig).purge())["tombstones"] == 0
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert status.disposition == "deleted"
    rig.now += timedelta(milliseconds=1)
    assert (await purging(rig).purge())["tombstones"] == 1
    with pytest.raises(CloudError) as unknown:
        await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert unknown.value.code == "clip_unknown"
    async with rig.records.reading() as transaction:
        assert await transaction.clips.upload(upload.upload_id) is None
        assert await transaction.clips.get(MODULE, clip_uuid(2)) is not None, "what is held has no age here"


@pytest.mark.parametrize("trusted", ["true", "false"])
async def test_a_deleted_clip_does_not_come_back_when_its_tombstone_is_gone(rig: Rig, trusted: str) -> None:
    """Its lease went earlier, or its grace was over: whatever an agent brings after years, nothing is taken."""
    await rig.put(1, CLIP)
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    for name_newest in (True, False):
        rig.now = START + 400 * DAY
        await purging(rig).purge()
        with pytest.raises(CloudError) as refusal:
            await rig.create(metadata_of(clip_uuid(1), START) | {"clock_trusted": trusted})
        assert refusal.value.code == "not_entitled"
        if name_newest:
            await rig.issue(SEQ + 1, START + 390 * DAY, LEASE)


async def test_log_ins_and_claim_codes_that_are_over_go_too(rig: Rig) -> None:
    async with rig.records.writing() as transaction:
        for token, ends in (("over", START - DAY), ("good", START + DAY)):
            await transaction.accounts.add_session(Session(token, ACCOUNT, "csrf", START - 9 * DAY, ends))
        for code, ends in (("old", START - 8 * DAY), ("told apart", START - 6 * DAY)):
            await transaction.accounts.add_claim_code(ClaimCode(code, ACCOUNT, START - 9 * DAY, ends, None, None))
    await purging(rig).purge()
    async with rig.records.reading() as transaction:
        assert [bool(await transaction.accounts.session(token)) for token in ("over", "good")] == [False, True]
        assert [bool(await transaction.accounts.claim_code(code)) for code in ("old", "told apart")] == [False, True]


def test_the_settings_as_they_come_are_allowed_by_every_catalog() -> None:
    kept = RecordSettings()
    catalogs = load_catalogs()
    check_keeping(KeepFor(kept.log_kept_for_days, kept.leases_kept_for_days, kept.tombstones_kept_for_days), catalogs)
    assert longest_window_days(catalogs) == 60


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"leases_days": 60}, "leases_kept_for_days must be 61"),
        ({"tombstones_days": 207}, "tombstones_kept_for_days must be 208"),
    ],
)
def test_records_that_would_go_while_a_module_may_still_ask_are_refused(change: dict[str, int], named: str) -> None:
    catalogs = load_catalogs()
    check_keeping(replace(KEEP, leases_days=61), catalogs)
    check_keeping(replace(KEEP, tombstones_days=208), catalogs)
    with pytest.raises(BadConfiguration, match=named):
        check_keeping(replace(KEEP, **change), catalogs)
