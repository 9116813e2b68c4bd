"""A crash between any two steps, then a start: nothing is lost, nothing is stored twice, nothing is left lying."""

import hashlib
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.records import ClipPhase, Disposition
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import ACCOUNT, POOL, START, Died, Rig, blob_files, clip_uuid, metadata_of, open_rig
from tests.flow.cloud_media.test_clips_to_retention import log_of, small_pool

CLIP = make_clip(seconds=3)
FINISH = ["poster_put", "media_put", "one_marked", "committed", "staging_left"]
ERASE = ["media_unlinked", "poster_unlinked", "tombstone"]
LIMIT_MS = 4_000


async def is_whole(rig: Rig) -> None:
    """Check what must be true after the repair: clip 2 is held alone in its pool, clip 1 has left it for good."""
    clip = await rig.clip(2)
    assert (clip.phase, clip.sha256) == (ClipPhase.HELD, hashlib.sha256(CLIP).hexdigest())
    assert ((await rig.clip(1)).phase, (await rig.clip(1)).disposition) == (ClipPhase.GONE, Disposition.EVICTED)
    assert blob_files(rig) == [f"{ACCOUNT}/{clip_uuid(2)}.mp4", f"{ACCOUNT}/{clip_uuid(2)}.poster.jpg"]
    assert await log_of(rig) == [(clip_uuid(1), "quota_evicted")]
    assert await rig.staging.ids() == []
    async with rig.records.reading() as transaction:
        assert sum(held.duration_ms for held in await transaction.clips.held_in_pool(POOL)) <= LIMIT_MS


@pytest.mark.parametrize("step", FINISH + ERASE)
async def test_a_finish_that_evicts_survives_a_death_after_any_step(rig: Rig, step: str) -> None:
    said = await small_pool(rig, LIMIT_MS)
    await rig.put(1, CLIP, **said)
    rig.now += timedelta(minutes=1)
    with rig.fails_at(step), pytest.raises(Died):
        await rig.put(2, CLIP, **said)
    await rig.restart()
    await is_whole(rig)


@pytest.mark.parametrize("step", ["marked", *ERASE])
async def test_a_sweep_survives_a_death_after_any_step(rig: Rig, step: str) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP)
    with rig.fails_at(step), pytest.raises(Died):
        await rig.flows.retention.sweep(START + timedelta(days=30))
    await rig.restart()
    await rig.flows.retention.sweep(START + timedelta(days=30))
    assert blob_files(rig) == []
    assert sorted(await log_of(rig)) == sorted((clip_uuid(number), "auto_delete") for number in (1, 2))


@pytest.mark.parametrize("step", ["truncated", "poster_put", "media_put", "committed", "staging_left"])
async def test_a_partial_clip_survives_a_death_after_any_step_of_its_expiry(rig: Rig, step: str) -> None:
    await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:7000])
    rig.real_now += timedelta(hours=7)
    with rig.fails_at(step), pytest.raises(Died):
        await rig.flows.leftovers.expire()
    await rig.restart()
    await rig.flows.leftovers.expire()
    clip = await rig.clip(1)
    assert (clip.disposition, clip.duration_ms) == (Disposition.PARTIAL, 2000)
    assert (len(blob_files(rig)), await rig.staging.ids()) == (2, [])


async def test_staged_bytes_that_a_power_cut_took_are_asked_for_again(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    await rig.staging.truncate(upload.upload_id, 3000)
    await rig.restart()
    upload = await rig.flows.uploads.find(await rig.module(), upload.upload_id)
    assert upload.offset == 3000
    await rig.patch(upload, CLIP[3000:], length=len(CLIP))
    assert (await rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


async def test_bytes_behind_the_kept_offset_are_overwritten(rig: Rig) -> None:
    upload = await rig.patch(await rig.create(metadata_of(clip_uuid(1), START)), CLIP[:5000])
    with rig.staging.locate(upload.upload_id).open("ab") as file:
        file.write(b"never acknowledged")
    await rig.restart()
    await rig.patch(upload, CLIP[5000:], length=len(CLIP))
    assert (await rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


CHILD = """
import asyncio, os, signal, sys
from datetime import timedelta
from pathlib import Path
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import open_rig
from tests.flow.cloud_media.test_clips_to_retention import small_pool

def fault(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with open_rig(Path(sys.argv[1])) as rig:
        said = await small_pool(rig, 4000)
        clip = make_clip(seconds=3)
        await rig.put(1, clip, **said)
        rig.now += timedelta(minutes=1)
        rig.fault = fault
        await rig.put(2, clip, **said)

asyncio.run(main())
"""


@pytest.mark.parametrize("step", ["media_put", "one_marked", "committed", "media_unlinked"])
async def test_a_process_killed_in_the_middle_of_a_finish_is_repaired_by_the_next_one(
    tmp_path: Path, step: str
) -> None:
    root = Path(__file__).parents[3]
    child = subprocess.run(  # noqa: ASYNC221 - nothing else runs in this loop
        [sys.executable, "-c", CHILD, str(tmp_path), step],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=60,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL
    async with open_rig(tmp_path, new=False) as rig:
        await rig.flows.leftovers.repair()
        await is_whole(rig)
