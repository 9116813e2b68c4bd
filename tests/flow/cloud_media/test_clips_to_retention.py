"""Clips leave exactly when they are due, in order, whole: media, poster, row; and a full pool lets the oldest go."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from cloud_stub.domain.records import ClipPhase, Disposition
from cloud_stub.errors import CloudError
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import (
    ACCOUNT,
    LEASE,
    POOL,
    QUOTA_CAMERA,
    SEQ,
    START,
    Rig,
    blob_files,
    clip_uuid,
    metadata_of,
)

CLIP = make_clip(seconds=3)
DAY = timedelta(days=1)


async def set_auto_delete(rig: Rig, days: int | None) -> None:
    async with rig.records.writing() as transaction:
        account = await transaction.accounts.get(ACCOUNT)
        assert account is not None
        await transaction.accounts.update(replace(account, auto_delete_days=days))


async def log_of(rig: Rig) -> list[tuple[str, str]]:
    async with rig.records.reading() as transaction:
        return [(entry.subject, entry.rule) for entry in reversed(await transaction.leases.entries(ACCOUNT, 99))]


async def small_pool(rig: Rig, limit_ms: int) -> dict[str, str]:
    """Issue a lease whose pool is small; return what a quota clip says."""
    camera = LEASE["cameras"][QUOTA_CAMERA]
    storage = {**camera["storage"], "limit_ms": limit_ms}
    await rig.issue(SEQ + 1, START, {**LEASE, "cameras": {QUOTA_CAMERA: {**camera, "storage": storage}}})
    return {"camera_id": QUOTA_CAMERA, "lease_seq": str(SEQ + 1), "sink": "quota"}


async def test_nothing_leaves_before_its_instant_and_everything_at_it(rig: Rig) -> None:
    await rig.put(1, CLIP)
    due = START + 30 * DAY
    assert await rig.flows.retention.next_deletion_at() == due
    assert await rig.flows.retention.sweep(due - timedelta(milliseconds=1)) == 0
    assert await rig.flows.retention.sweep(due) == 1
    assert (blob_files(rig), (await rig.clip(1)).phase) == ([], ClipPhase.GONE)
    assert await rig.flows.retention.next_deletion_at() is None
    assert await log_of(rig) == [(clip_uuid(1), "auto_delete")]
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert (status.disposition, status.size) == (Disposition.EXPIRED, len(CLIP))


async def test_the_owners_setting_rules_from_the_moment_it_is_set_and_the_order_is_that_of_the_due_times(
    rig: Rig,
) -> None:
    for number in (2, 1, 3):
        await rig.put(number, CLIP)
        rig.now += timedelta(hours=1)
    await set_auto_delete(rig, 7)
    assert await rig.flows.retention.next_deletion_at() == START + 7 * DAY
    assert await rig.flows.retention.sweep(START + 7 * DAY + timedelta(hours=1)) == 2
    assert await log_of(rig) == [(clip_uuid(2), "auto_delete"), (clip_uuid(1), "auto_delete")]


async def test_a_window_shorter_than_the_setting_is_the_rule_that_is_named(rig: Rig) -> None:
    await rig.put(1, CLIP)
    await set_auto_delete(rig, 60)
    assert await rig.flows.retention.sweep(START + 30 * DAY) == 1
    assert await log_of(rig) == [(clip_uuid(1), "window_over")]


async def test_a_full_pool_lets_its_oldest_clips_go_and_never_holds_more_than_its_limit(rig: Rig) -> None:
    said = await small_pool(rig, 7_000)
    for number in range(5):
        await rig.put(number, CLIP, **said)
        rig.now += timedelta(minutes=1)
    assert [(await rig.clip(number)).phase for number in range(5)] == [ClipPhase.GONE] * 3 + [ClipPhase.HELD] * 2
    assert await log_of(rig) == [(clip_uuid(number), "quota_evicted") for number in range(3)]
    status = await rig.flows.status.status(await rig.module(), clip_uuid(0))
    assert status.disposition is Disposition.EVICTED
    assert len(blob_files(rig)) == 4


async def test_a_late_clip_older_than_all_in_a_full_pool_displaces_nothing(rig: Rig) -> None:
    said = await small_pool(rig, 3_500)
    rig.now += timedelta(hours=2)
    await rig.put(1, CLIP, **said)
    rig.now -= timedelta(hours=1)
    early = rig.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    rig.now += timedelta(hours=2)
    await rig.put(2, CLIP, **(said | {"captured_at": early}))
    assert (await rig.clip(1)).phase is ClipPhase.HELD
    assert (await rig.clip(2)).gone_because == "quota_evicted"


async def test_clips_under_a_plan_are_neither_counted_nor_evicted(rig: Rig) -> None:
    await rig.put(1, CLIP)
    said = await small_pool(rig, 3_000)
    await rig.put(2, CLIP, **said)
    rig.now += timedelta(minutes=1)
    await rig.put(3, CLIP, **said)
    assert [(await rig.clip(number)).phase for number in (1, 2, 3)] == [
        ClipPhase.HELD,
        ClipPhase.GONE,
        ClipPhase.HELD,
    ]


async def test_concurrent_finishes_cannot_overfill_a_pool(rig: Rig) -> None:
    said = await small_pool(rig, 7_000)
    await asyncio.gather(*(rig.put(number, CLIP, **said) for number in range(6)))
    async with rig.records.reading() as transaction:
        held = await transaction.clips.held_in_pool(POOL)
    assert sum(clip.duration_ms for clip in held) == 6_000
    assert len(blob_files(rig)) == 4


async def test_the_owner_deletes_at_once_and_the_module_is_told(rig: Rig) -> None:
    await rig.put(1, CLIP)
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    assert blob_files(rig) == []
    assert await log_of(rig) == [(clip_uuid(1), "owner_deleted")]
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert status.disposition is Disposition.DELETED
    with pytest.raises(CloudError) as refusal:
        await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    assert refusal.value.code == "clip_deleted"
    with pytest.raises(CloudError) as refusal:
        await rig.flows.serve.find("another account", clip_uuid(1))
    assert refusal.value.code == "clip_unknown"


async def test_a_growing_clip_that_its_owner_deletes_takes_nothing_more(rig: Rig) -> None:
    upload = await rig.create(_said(1, rig))
    upload = await rig.patch(upload, CLIP[:5000])
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    with pytest.raises(CloudError) as refusal:
        await rig.patch(upload, CLIP[5000:], length=len(CLIP))
    assert refusal.value.code == "upload_gone"
    with pytest.raises(CloudError) as refusal:
        await rig.create(_said(1, rig))
    assert refusal.value.code == "clip_finished"
    assert (blob_files(rig), await rig.staging.ids()) == ([], [])


async def test_a_clip_deleted_in_the_middle_of_its_finish_leaves_no_blob(rig: Rig) -> None:
    upload = await rig.create(_said(1, rig))
    deletions: list[asyncio.Task[None]] = []

    def delete_now(step: str) -> None:
        if step == "poster_put":
            deletions.append(asyncio.create_task(rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))))

    rig.fault = delete_now
    with pytest.raises(CloudError) as refusal:
        await rig.patch(upload, CLIP, length=len(CLIP))
    assert refusal.value.code == "upload_gone"
    await asyncio.gather(*deletions)
    assert (blob_files(rig), await rig.staging.ids()) == ([], [])


def _said(number: int, rig: Rig) -> dict[str, str]:
    return metadata_of(clip_uuid(number), rig.now)


async def test_a_store_that_fails_keeps_a_clip_marked_and_the_next_round_finishes_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP)
    sound = rig.blobs.delete

    async def fails_for_the_first(key: str) -> None:
        if clip_uuid(1) in key:
            raise CloudError("store_away", 503, "The store is away.")
        await sound(key)

    monkeypatch.setattr(rig.blobs, "delete", fails_for_the_first)
    assert await rig.flows.retention.sweep(START + 30 * DAY) == 2
    assert [(await rig.clip(number)).phase for number in (1, 2)] == [ClipPhase.DELETING, ClipPhase.GONE]
    with pytest.raises(CloudError) as refusal:
        await rig.flows.serve.find(ACCOUNT, clip_uuid(1))
    assert refusal.value.code == "clip_deleted", "its owner never sees it again, whatever the store says"
    monkeypatch.undo()
    await rig.flows.leftovers.expire()
    assert ((await rig.clip(1)).phase, blob_files(rig)) == (ClipPhase.GONE, [])
