"""From a module's bytes to a held clip: what is refused, what is kept, what is acknowledged."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.records import ClipPhase, Disposition, Upload
from cloud_stub.domain.tus import Patch
from cloud_stub.errors import CloudError
from cloud_stub.flow.upload_to_clip import UploadLimits
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.flow.cloud_media.rig import (
    ACCOUNT,
    CLOUD_CAMERA,
    LEASE,
    LOCAL_CAMERA,
    OTHER_MODULE,
    POOL,
    QUOTA_CAMERA,
    SEQ,
    START,
    Rig,
    blob_files,
    chunked,
    clip_uuid,
    metadata_of,
    open_rig,
    sha256_checksum,
    wire_time,
)

CLIP = make_clip(seconds=3)
LONG = make_clip(seconds=90, width=64, height=48, rate=2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"camera_id": LOCAL_CAMERA}, "not_entitled"),
        ({"camera_id": "c0a80104-7b1e-4a55-8d5e-11aa22bb33c4"}, "camera_unknown"),
        ({"lease_seq": "5"}, "not_entitled"),
        ({"kind": "photo", "clip_reason": "photos", "filetype": "image/jpeg"}, "not_entitled"),
        ({"captured_at": wire_time(START - timedelta(days=31))}, "not_entitled"),
        ({"clip_id": "../../etc/passwd"}, "bad_metadata"),
        ({"clip_id": clip_uuid(1).upper()}, "bad_metadata"),
        ({"captured_at": "yesterday"}, "bad_metadata"),
        ({"captured_at": "9999-12-31T23:59:59Z", "clock_trusted": "false"}, "bad_metadata"),
        ({"captured_at": "0001-01-01T00:00:00Z", "clock_trusted": "false"}, "bad_metadata"),
        ({"captured_at": "2026-02-30T00:00:00Z"}, "bad_metadata"),
        ({"kind": "photo"}, "bad_metadata"),
        ({"sink": "usb"}, "bad_metadata"),
    ],
)
async def test_a_clip_that_is_not_owed_is_refused_with_its_code_and_leaves_nothing(
    rig: Rig, changes: dict[str, str], code: str
) -> None:
    pairs = metadata_of(clip_uuid(1), START) | changes
    with pytest.raises(CloudError) as refusal:
        await rig.create(pairs)
    assert refusal.value.code == code
    async with rig.records.reading() as transaction:
        assert not await transaction.clips.page(ACCOUNT, kind="clip", camera_id=None, before=None, limit=9)


@pytest.mark.parametrize("key", sorted(set(metadata_of("x", START)) - {"grant"}))
async def test_each_metadata_key_is_needed_and_named_when_it_is_missing(rig: Rig, key: str) -> None:
    pairs = metadata_of(clip_uuid(1), START)
    del pairs[key]
    with pytest.raises(CloudError, match=key) as refusal:
        await rig.create(pairs)
    assert refusal.value.status == 400


async def test_a_photo_needs_the_feature_and_is_a_jpeg(rig: Rig) -> None:
    claims = {**LEASE, "cameras": {CLOUD_CAMERA: {**LEASE["cameras"][CLOUD_CAMERA], "features": ["photo_capture"]}}}
    await rig.issue(SEQ + 1, START, claims)
    said = {"kind": "photo", "clip_reason": "photos", "filetype": "image/jpeg", "lease_seq": str(SEQ + 1)}
    with pytest.raises(CloudError) as refusal:
        await rig.put(1, CLIP, **said)
    assert (refusal.value.code, refusal.value.status) == ("not_playable", 422)
    await rig.put(2, make_photo(), **said)
    assert blob_files(rig) == [f"{ACCOUNT}/{clip_uuid(2)}.jpg", f"{ACCOUNT}/{clip_uuid(2)}.poster.jpg"]


async def test_a_module_cannot_take_another_modules_clip_id_or_see_its_upload(rig: Rig) -> None:
    upload = await rig.create(metadata_of(clip_uuid(1), START))
    await rig.issue(SEQ, START, LEASE, OTHER_MODULE)
    with pytest.raises(CloudError) as refusal:
        await rig.create(metadata_of(clip_uuid(1), START), module_id=OTHER_MODULE)
    assert refusal.value.code == "clip_id_taken"
    with pytest.raises(CloudError) as refusal:
        await rig.flows.uploads.find(await rig.module(OTHER_MODULE), upload.upload_id)
    assert (refusal.value.code, refusal.value.status) == ("upload_unknown", 404)
    with pytest.raises(CloudError) as refusal:
        await rig.flows.status.status(await rig.module(OTHER_MODULE), clip_uuid(1))
    assert refusal.value.code == "clip_unknown"


@pytest.mark.parametrize("arrived", ["a part", "the whole"])
async def test_a_clip_that_a_removed_module_began_goes_on_under_the_module_claimed_in_its_place(
    rig: Rig, arrived: str
) -> None:
    """The device keeps its clips over a new claim: what is in the cloud of them is found, and never a second clip."""
    upload = await rig.create(metadata_of(clip_uuid(1), START))
    part = CLIP[: len(CLIP) // 2]
    await (rig.patch(upload, part) if arrived == "a part" else rig.patch(upload, CLIP, length=len(CLIP)))
    async with rig.records.writing() as transaction:
        removed = await transaction.modules.get(upload.module_id)
        assert removed is not None
        await transaction.modules.update(replace(removed, revoked_at=START))
    await rig.issue(SEQ, START, LEASE, OTHER_MODULE)
    if arrived == "a part":
        again = await rig.create(metadata_of(clip_uuid(1), START), module_id=OTHER_MODULE)
        assert (again.upload_id, again.offset) == (upload.upload_id, len(part))
    else:
        with pytest.raises(CloudError) as refusal:
            await rig.create(metadata_of(clip_uuid(1), START), module_id=OTHER_MODULE)
        assert refusal.value.code == "clip_finished"
        status = await rig.flows.status.status(await rig.module(OTHER_MODULE), clip_uuid(1))
        assert (status.disposition, status.sha256) == (Disposition.HELD, hashlib.sha256(CLIP).hexdigest())


async def test_a_whole_clip_is_held_measured_and_acknowledged_with_its_hash(rig: Rig) -> None:
    upload = await rig.put(1, CLIP)
    assert upload.finished
    clip = await rig.clip(1)
    assert (clip.phase, clip.disposition, clip.duration_ms) == (ClipPhase.HELD, Disposition.HELD, 3000)
    assert (clip.sink, clip.why, clip.keep_for_days, clip.pool) == ("cloud", "trial", 30, None)
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert (status.size, status.sha256) == (len(CLIP), hashlib.sha256(CLIP).hexdigest())
    assert blob_files(rig) == [f"{ACCOUNT}/{clip_uuid(1)}.mp4", f"{ACCOUNT}/{clip_uuid(1)}.poster.jpg"]
    assert await rig.staging.ids() == []


async def test_the_lease_decides_and_not_what_the_module_says_of_grant_and_sink(rig: Rig) -> None:
    await rig.put(1, CLIP, camera_id=QUOTA_CAMERA, sink="cloud", grant="plan:invented")
    clip = await rig.clip(1)
    assert (clip.sink, clip.pool, clip.why) == ("quota", POOL, "legacy_model")


async def test_the_same_clip_created_again_is_the_same_upload_until_it_is_whole_then_410(rig: Rig) -> None:
    first = await rig.create(metadata_of(clip_uuid(1), START))
    await rig.patch(first, CLIP[:2000])
    again = await rig.create(metadata_of(clip_uuid(1), START))
    assert (again.upload_id, again.offset) == (first.upload_id, 2000)
    await rig.patch(again, CLIP[2000:], length=len(CLIP))
    with pytest.raises(CloudError) as refusal:
        await rig.create(metadata_of(clip_uuid(1), START))
    assert (refusal.value.code, refusal.value.status) == ("clip_finished", 410)


async def test_a_wrong_checksum_discards_exactly_the_body_that_had_it(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:2000])
    wrong = Patch(2000, None, sha256_checksum(b"something else"), 1000)
    with pytest.raises(CloudError) as refusal:
        await rig.flows.uploads.patch(await rig.module(), upload.upload_id, wrong, chunked(CLIP[2000:3000]))
    assert refusal.value.status == 460
    assert await rig.staging.size(upload.upload_id) == 2000
    upload = await rig.patch(upload, CLIP[2000:], length=len(CLIP))
    assert (await rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


@pytest.mark.parametrize("checked", [True, False])
async def test_a_body_that_breaks_off_keeps_what_came_unless_it_had_a_checksum(rig: Rig, checked: bool) -> None:
    upload = await rig.create(metadata_of(clip_uuid(1), START))

    async def breaks_off() -> AsyncIterator[bytes]:
        yield CLIP[:1500]
        raise ConnectionResetError

    said = Patch(0, None, sha256_checksum(CLIP) if checked else None, len(CLIP))
    with pytest.raises(ConnectionResetError):
        await rig.flows.uploads.patch(await rig.module(), upload.upload_id, said, breaks_off())
    upload = await rig.flows.uploads.find(await rig.module(), upload.upload_id)
    assert upload.offset == (0 if checked else 1500)
    await rig.patch(upload, CLIP[upload.offset :], length=len(CLIP))
    assert (await rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


async def test_what_is_no_playable_clip_is_not_held(rig: Rig) -> None:
    with pytest.raises(CloudError) as refusal:
        await rig.put(1, b"\0" * 5000)
    assert refusal.value.code == "not_playable"
    assert blob_files(rig) == []


async def test_a_photo_over_its_limit_and_an_upload_over_the_servers_are_413(tmp_path: Path) -> None:
    async with open_rig(tmp_path, limits=UploadLimits(max_bytes=4000, photo_bytes=100)) as rig:
        upload = await rig.create(metadata_of(clip_uuid(1), START))
        with pytest.raises(CloudError) as refusal:
            await rig.patch(upload, CLIP, check=False)
        assert refusal.value.code == "too_large"


async def test_a_terminated_upload_is_gone_and_the_clip_may_come_again(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    await rig.flows.uploads.terminate(await rig.module(), upload.upload_id)
    with pytest.raises(CloudError) as refusal:
        await rig.flows.uploads.find(await rig.module(), upload.upload_id)
    assert refusal.value.code == "upload_gone"
    with pytest.raises(CloudError) as refusal:
        await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert refusal.value.code == "clip_unknown"
    assert (blob_files(rig), await rig.staging.ids()) == ([], [])
    await rig.put(1, CLIP)
    assert (await rig.clip(1)).phase is ClipPhase.HELD


async def test_an_expired_upload_is_held_as_far_as_it_plays_and_replaced_by_the_whole_clip(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:7000])
    rig.real_now += timedelta(hours=7)
    with pytest.raises(CloudError) as refusal:
        await rig.patch(upload, CLIP[7000:])
    assert refusal.value.code == "upload_gone"
    assert await rig.flows.leftovers.expire() == 1
    clip = await rig.clip(1)
    assert (clip.phase, clip.disposition, clip.duration_ms) == (ClipPhase.HELD, Disposition.PARTIAL, 2000)
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert (status.disposition, status.size) == (Disposition.PARTIAL, clip.size_bytes)
    assert 0 < clip.size_bytes <= 7000

    again = await rig.create(metadata_of(clip_uuid(1), START))
    assert again.offset == 0
    media = await rig.flows.serve.find(ACCOUNT, clip_uuid(1))
    assert (media.growing, media.size_bytes) == (False, clip.size_bytes), "viewers keep the beginning meanwhile"
    await rig.patch(again, CLIP, length=len(CLIP))
    clip = await rig.clip(1)
    assert (clip.disposition, clip.duration_ms, clip.size_bytes) == (Disposition.HELD, 3000, len(CLIP))


async def test_a_second_attempt_that_expires_earlier_leaves_the_longer_beginning(rig: Rig) -> None:
    await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:7000])
    rig.real_now += timedelta(hours=7)
    await rig.flows.leftovers.expire()
    await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:4500])
    rig.real_now += timedelta(hours=7)
    await rig.flows.leftovers.expire()
    assert (await rig.clip(1)).duration_ms == 2000
    assert await rig.staging.ids() == []


async def test_an_expired_upload_of_which_nothing_plays_was_never_there(rig: Rig) -> None:
    await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:900])
    rig.real_now += timedelta(hours=7)
    await rig.flows.leftovers.expire()
    with pytest.raises(CloudError) as refusal:
        await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert refusal.value.code == "clip_unknown"
    await rig.put(1, CLIP)


async def test_an_upload_that_its_module_took_up_again_does_not_expire(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list of what is over may be older than the module's return."""
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    rig.real_now += timedelta(hours=6, seconds=30)

    async def listed_before(_before: object) -> list[Upload]:
        return [upload]

    again = await rig.create(metadata_of(clip_uuid(1), START))
    monkeypatch.setattr(rig.flows.leftovers, "_unfinished", listed_before)
    assert await rig.flows.leftovers.expire() == 0
    await rig.patch(again, CLIP[5000:], length=len(CLIP))
    assert (await rig.clip(1)).disposition is Disposition.HELD


async def test_nobody_writes_an_upload_while_it_is_ended(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    rig.real_now += timedelta(hours=7)
    busy = []
    rig.fault = lambda _step: busy.append(rig.flows.uploads.busy(upload.upload_id))
    assert await rig.flows.leftovers.expire() == 1
    assert busy
    assert all(busy)
    assert not rig.flows.uploads.busy(upload.upload_id)


async def test_one_upload_that_fails_as_nobody_foresaw_stops_neither_the_others_nor_a_start(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:7000])
    rig.real_now += timedelta(minutes=1)
    await rig.patch(await rig.create(metadata_of(clip_uuid(2), START)), CLIP[:7000])
    whole = await rig.patch(await rig.create(metadata_of(clip_uuid(3), START)), CLIP)
    async with rig.records.writing() as transaction:
        await transaction.clips.put_upload(replace(whole, length=whole.offset))
    real = rig.staging.sha256

    async def sha256(upload_id: str) -> str:
        if upload_id not in {poison.upload_id, whole.upload_id}:
            return await real(upload_id)
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(rig.staging, "sha256", sha256)
    await rig.restart()
    rig.real_now += timedelta(hours=7)
    assert await rig.flows.leftovers.expire() == 3
    assert (await rig.clip(2)).phase is ClipPhase.HELD
    monkeypatch.undo()
    await rig.flows.leftovers.expire()
    assert {(await rig.clip(number)).phase for number in (1, 3)} == {ClipPhase.HELD}


async def test_a_clip_does_not_come_again_while_its_earlier_attempt_is_being_removed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal would take the bytes of the new attempt with it."""
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])

    async def away(_key: str) -> None:
        raise CloudError("store_away", 503, "away")

    monkeypatch.setattr(rig.blobs, "delete", away)
    await rig.flows.uploads.terminate(await rig.module(), upload.upload_id)
    with pytest.raises(CloudError) as refusal:
        await rig.create(metadata_of(clip_uuid(1), START))
    assert (refusal.value.code, refusal.value.retry_after_s) == ("upload_busy", 30)
    monkeypatch.undo()
    await rig.flows.leftovers.expire()
    await rig.put(1, CLIP)
    assert (await rig.clip(1)).phase is ClipPhase.HELD


async def test_the_lab_clock_never_expires_an_upload(rig: Rig) -> None:
    await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    rig.now += timedelta(days=5)
    assert await rig.flows.leftovers.expire() == 0


async def test_a_finish_that_failed_is_tried_again_when_the_module_asks(rig: Rig) -> None:
    upload = await rig.create(metadata_of(clip_uuid(1), START))
    real = rig.flows.uploads._keeper._blobs._blobs  # type: ignore[attr-defined] # looks inside to break the disk

    class FullDisk:
        async def put_file(self, key: str, path: object) -> None:
            raise CloudError("cloud_full", 507, "full")

        async def put(self, key: str, data: bytes) -> None:
            return

    rig.flows.uploads._keeper._blobs._blobs = FullDisk()  # type: ignore[attr-defined] # as above
    with pytest.raises(CloudError) as refusal:
        await rig.patch(upload, CLIP, length=len(CLIP))
    assert refusal.value.code == "cloud_full"
    rig.flows.uploads._keeper._blobs._blobs = real  # type: ignore[attr-defined] # as above
    status = await rig.flows.status.status(await rig.module(), clip_uuid(1))
    assert status.disposition is Disposition.HELD


async def test_one_request_at_a_time_writes_an_upload(rig: Rig) -> None:
    upload = await rig.create(metadata_of(clip_uuid(1), START))
    refusals: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        yield CLIP[:100]
        for attempt in (
            rig.patch(upload, CLIP[:10]),
            rig.flows.uploads.terminate(await rig.module(), upload.upload_id),
        ):
            with pytest.raises(CloudError) as refusal:
                await attempt
            refusals.append(refusal.value.status)
        yield CLIP[100:200]

    await rig.flows.uploads.patch(await rig.module(), upload.upload_id, Patch(0, None, None, 200), body())
    assert refusals == [423, 423]
    assert (await rig.flows.uploads.find(await rig.module(), upload.upload_id)).offset == 200


async def test_a_poster_that_cannot_be_stored_costs_no_clip(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(key: str, data: bytes) -> None:
        raise CloudError("store_away", 503, "The store is away.")

    monkeypatch.setattr(rig.blobs, "put", fails)
    await rig.put(1, CLIP)
    assert (await rig.clip(1)).phase is ClipPhase.HELD
    assert blob_files(rig) == [f"{ACCOUNT}/{clip_uuid(1)}.mp4"]
