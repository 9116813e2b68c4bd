"""What the cloud refuses for good leaves no part behind; what never ends is ended; what is no clip is not staged."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.clip_acceptance import FOR_GOOD
from cloud_stub.domain.records import Disposition, Upload
from cloud_stub.domain.tus import Patch
from cloud_stub.errors import CloudError
from cloud_stub.flow.upload_to_clip import UploadLimits
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.flow.cloud_media.rig import (
    ACCOUNT,
    CLOUD_CAMERA,
    LEASE,
    SEQ,
    START,
    Rig,
    blob_files,
    chunked,
    clip_uuid,
    metadata_of,
    open_rig,
    sha256_checksum,
)

CLIP = make_clip(seconds=3)
LONG = make_clip(seconds=90, width=64, height=48, rate=2)
DAY = timedelta(days=1)


async def begun(rig: Rig, number: int = 1, data: bytes = CLIP[:5000], **changes: str) -> Upload:
    upload = await rig.create(metadata_of(clip_uuid(number), START) | changes)
    return await rig.patch(upload, data)


async def too_long(rig: Rig) -> None:
    await rig.patch(await begun(rig, data=LONG[:3000]), LONG[3000:], check=False)


async def wrong_boxes_later(rig: Rig) -> None:
    await rig.patch(await begun(rig), b"\0" * 5000)


async def over_the_servers_limit(rig: Rig) -> None:
    await rig.patch(await begun(rig), b"", length=rig.limits.max_bytes + 1)


async def window_closed(rig: Rig) -> None:
    upload = await begun(rig)
    rig.now += 30 * DAY
    await rig.patch(upload, CLIP[5000:8000])


async def photo_too_large(rig: Rig) -> None:
    camera = {**LEASE["cameras"][CLOUD_CAMERA], "features": ["photo_capture"]}
    await rig.issue(SEQ + 1, START, {**LEASE, "cameras": {CLOUD_CAMERA: camera}})
    said = {"kind": "photo", "clip_reason": "photos", "filetype": "image/jpeg", "lease_seq": str(SEQ + 1)}
    photo = make_photo()
    await rig.patch(await begun(rig, 1, photo[:100], **said), b"\0" * rig.limits.photo_bytes)


@pytest.mark.parametrize(
    ("refuse", "code"),
    [
        (too_long, "clip_too_long"),
        (wrong_boxes_later, "not_playable"),
        (over_the_servers_limit, "too_large"),
        (window_closed, "not_entitled"),
        (photo_too_large, "too_large"),
    ],
)
async def test_a_refusal_for_good_leaves_no_part_of_the_clip_and_status_says_so(
    tmp_path: Path, refuse: Callable[[Rig], Awaitable[None]], code: str
) -> None:
    async with open_rig(tmp_path, limits=UploadLimits(max_bytes=1 << 20, photo_bytes=50_000)) as rig:
        with pytest.raises(CloudError) as refusal:
            await refuse(rig)
        assert refusal.value.code == code
        assert code in FOR_GOOD
        assert (blob_files(rig), await rig.staging.ids()) == ([], [])
        with pytest.raises(CloudError, match="refused this clip") as answer:
            await rig.flows.status.status(await rig.module(), clip_uuid(1))
        assert answer.value.code == "clip_unknown"
        async with rig.records.reading() as transaction:
            assert not await transaction.clips.page(ACCOUNT, kind="clip", camera_id=None, before=None, limit=9)
        rig.real_now += 30 * DAY
        await rig.flows.leftovers.expire()
        assert blob_files(rig) == [], "a refused beginning is not finalised like an expired one"


async def test_a_clip_that_was_refused_is_taken_when_it_comes_again_as_it_should_be(rig: Rig) -> None:
    with pytest.raises(CloudError):
        await wrong_boxes_later(rig)
    await rig.put(1, CLIP)
    assert (await rig.clip(1)).disposition is Disposition.HELD


async def test_a_refused_second_attempt_leaves_the_beginning_that_a_thief_left(rig: Rig) -> None:
    """Only an upload that expires is finalised; what is held stays held, whatever comes after it."""
    await begun(rig, data=CLIP[:8000])
    rig.real_now += timedelta(hours=7)
    assert await rig.flows.leftovers.expire() == 1
    kept = await rig.clip(1)
    with pytest.raises(CloudError):
        await wrong_boxes_later(rig)
    assert ((await rig.clip(1)), kept.disposition) == (kept, Disposition.PARTIAL)
    assert await rig.staging.ids() == []


@pytest.mark.parametrize("code", ["checksum_mismatch", "offset_mismatch", "beyond_its_length"])
async def test_a_mistake_of_one_request_costs_no_byte(rig: Rig, code: str) -> None:
    upload = await begun(rig)
    if code == "beyond_its_length":
        upload = await rig.patch(upload, b"", length=len(CLIP))
    said = {
        "checksum_mismatch": Patch(5000, None, None, 4),
        "offset_mismatch": Patch(4000, None, None, 4),
        "beyond_its_length": Patch(5000, None, None, None),
    }[code]
    body = chunked(CLIP[5000:] + b"more") if code == "beyond_its_length" else chunked(b"four")
    if code == "checksum_mismatch":
        said = replace(said, checksum=sha256_checksum(b"other"))
    with pytest.raises(CloudError):
        await rig.flows.uploads.patch(await rig.module(), upload.upload_id, said, body)
    assert (await rig.flows.uploads.find(await rig.module(), upload.upload_id)).offset == 5000


async def test_bytes_that_are_no_mp4_are_refused_with_their_first_box_and_nothing_more_is_read(rig: Rig) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b"<!doctype html>\n" * 4096

    upload = await rig.create(metadata_of(clip_uuid(1), START))
    with pytest.raises(CloudError) as refusal:
        await rig.flows.uploads.patch(await rig.module(), upload.upload_id, Patch(0, None, None, None), endless())
    assert (refusal.value.code, refusal.value.status, read) == ("not_playable", 422, 1)
    assert await rig.staging.ids() == []


@pytest.mark.parametrize("body_bytes", [0, None])
async def test_an_empty_request_does_not_prolong_an_upload(rig: Rig, body_bytes: int | None) -> None:
    upload = await begun(rig)
    rig.real_now += timedelta(seconds=30)
    said = Patch(upload.offset, None, None, body_bytes)
    assert await rig.flows.uploads.patch(await rig.module(), upload.upload_id, said, chunked(b"")) == upload


async def test_a_byte_now_and_then_does_not_keep_an_upload_for_ever(rig: Rig) -> None:
    upload = await begun(rig, data=CLIP[:8000])
    longest = timedelta(seconds=60 + 15)
    for at in range(8000, 8012):
        rig.real_now += timedelta(minutes=30)
        upload = await rig.patch(upload, CLIP[at : at + 1])
        assert upload.expires_at <= START + longest + timedelta(hours=6)
    rig.real_now = START + longest + timedelta(hours=6)
    with pytest.raises(CloudError) as refusal:
        await rig.patch(upload, CLIP[8012:])
    assert refusal.value.code == "upload_gone"
    with pytest.raises(CloudError) as busy:
        await rig.create(metadata_of(clip_uuid(1), START))
    assert (busy.value.code, busy.value.retry_after_s) == ("upload_busy", 30)
    rig.real_now += timedelta(seconds=1)
    assert await rig.flows.leftovers.expire() == 1
    assert (await rig.clip(1)).disposition is Disposition.PARTIAL
    await rig.put(1, CLIP)
    assert (await rig.clip(1)).disposition is Disposition.HELD, "the whole clip replaces what expired"


async def test_a_module_with_too_many_open_uploads_finishes_some_first(tmp_path: Path) -> None:
    async with open_rig(tmp_path, limits=UploadLimits(open_per_module=2)) as rig:
        first = await begun(rig, 1)
        await begun(rig, 2)
        with pytest.raises(CloudError) as refusal:
            await rig.create(metadata_of(clip_uuid(3), START))
        assert (refusal.value.code, refusal.value.status) == ("too_many_uploads", 429)
        assert refusal.value.retry_after_s == 60
        assert (await rig.create(metadata_of(clip_uuid(1), START))).offset == 5000, "an open one may go on"
        await rig.patch(first, CLIP[5000:], length=len(CLIP))
        await rig.create(metadata_of(clip_uuid(3), START))


async def test_a_second_attempt_that_is_created_again_goes_on_where_it_stood(rig: Rig) -> None:
    await begun(rig, data=CLIP[:8000])
    rig.real_now += timedelta(hours=7)
    assert await rig.flows.leftovers.expire() == 1
    again = await begun(rig, data=CLIP[:5000])
    assert (await rig.create(metadata_of(clip_uuid(1), START))) == replace(again, offset=5000)
