"""What a crash left in the blob store goes when its clip is gone, and nothing else goes."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from cloud_stub.domain.blob_keys import clip_of_key
from cloud_stub.domain.records import ClipPhase
from cloud_stub.errors import CloudError
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import ACCOUNT, MODULE, START, Rig, blob_files, clip_uuid, metadata_of

CLIP = make_clip(seconds=3)
MEDIA, POSTER = f"{ACCOUNT}/{clip_uuid(1)}.mp4", f"{ACCOUNT}/{clip_uuid(1)}.poster.jpg"


async def test_a_process_killed_after_storing_a_clip_that_was_deleted_meanwhile_leaves_a_blob_that_goes(
    rig: Rig,
) -> None:
    await rig.put(1, CLIP)
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    assert (await rig.clip(1)).phase is ClipPhase.GONE
    await rig.blobs.put(MEDIA, CLIP)  # put_file was under way when the owner deleted; then the process was killed
    await rig.blobs.put(POSTER, b"picture")
    await rig.restart()
    await rig.put(2, CLIP)
    kept = [key for key in blob_files(rig) if clip_uuid(2) in key]
    await rig.flows.compare_blobs()
    assert blob_files(rig) == kept


@pytest.mark.parametrize(
    "key",
    [
        f"{ACCOUNT}/{clip_uuid(7)}.mp4",
        f"{MODULE}/{clip_uuid(1)}.mp4",
        "holiday.mp4",
        f"{ACCOUNT}/{clip_uuid(1)}.mp4.bak",
        f"{ACCOUNT}/deeper/{clip_uuid(1)}.mp4",
        f"{ACCOUNT.upper()}/{clip_uuid(1)}.mp4",
    ],
)
async def test_what_has_no_row_or_another_name_is_left_alone(rig: Rig, key: str) -> None:
    """A database that was restored from an older backup knows nothing of the newest clips."""
    await rig.put(1, CLIP)
    await rig.flows.retention.delete_by_owner(ACCOUNT, clip_uuid(1))
    await rig.blobs.put(key, b"precious")
    await rig.flows.compare_blobs()
    assert blob_files(rig) == [key]


async def test_what_is_held_or_growing_or_being_deleted_stays(rig: Rig) -> None:
    await rig.put(1, CLIP)
    await rig.patch(await rig.create(metadata_of(clip_uuid(2), START)), CLIP[:8000])
    growing = f"{ACCOUNT}/{clip_uuid(2)}.poster.jpg"
    await rig.blobs.put(growing, b"picture")
    await rig.flows.compare_blobs()
    assert {MEDIA, POSTER, growing} <= set(blob_files(rig))


async def test_a_clip_that_comes_again_while_its_blob_is_judged_keeps_it(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:8000])
    await rig.flows.uploads.terminate(await rig.module(), upload.upload_id)
    pages = rig.blobs.pages
    await rig.blobs.put(MEDIA, b"left over")

    async def slow_pages() -> AsyncIterator[Sequence[str]]:
        async for page in pages():
            yield page

    judged = rig.flows.orphans._sorted_out

    async def judged_then_it_came(keys: Sequence[str]) -> tuple[list[str], int]:
        answer = await judged(keys)
        await rig.put(1, CLIP)
        return answer

    monkeypatch.setattr(rig.blobs, "pages", slow_pages)
    monkeypatch.setattr(rig.flows.orphans, "_sorted_out", judged_then_it_came)
    assert await rig.flows.orphans.reconcile() == 0
    assert await rig.blobs.size(MEDIA) == len(CLIP)


@pytest.mark.parametrize("fault", [CloudError("store_away", 503, "It does not answer."), OSError("disk"), ValueError()])
async def test_a_store_that_fails_does_not_end_the_cloud(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    async def broken() -> AsyncIterator[Sequence[str]]:
        for page in ([f"{ACCOUNT}/{clip_uuid(1)}.mp4"],):
            yield page
        raise fault

    monkeypatch.setattr(rig.blobs, "pages", broken)
    assert await rig.flows.orphans.reconcile() == 0


def test_a_key_is_read_back_only_as_it_is_written(tmp_path: Path) -> None:
    assert clip_of_key(MEDIA) == clip_of_key(POSTER) == (ACCOUNT, clip_uuid(1))
    assert clip_of_key(f"{tmp_path}/{MEDIA}") is None
