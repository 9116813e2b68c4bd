"""A catalog's `quota.when_full = "stop"`: a full pool refuses the next clip, and nothing leaves for it."""

import asyncio
import copy
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.quota import evict_for, is_full
from cloud_stub.domain.records import Clip, ClipPhase
from cloud_stub.errors import CloudError
from tests.adapters.cloud_media.media import make_clip
from tests.domain.cloud_media.clips import START as CLIPS_START
from tests.domain.cloud_media.clips import a_clip
from tests.flow.cloud_media.rig import (
    LEASE,
    POOL,
    QUOTA_CAMERA,
    SEQ,
    START,
    Died,
    Rig,
    blob_files,
    clip_uuid,
    metadata_of,
)

CLIP = make_clip(seconds=3)
POOL_MS = 7000
OWN = {"camera_id": QUOTA_CAMERA, "lease_seq": str(SEQ + 1)}


@pytest.fixture(autouse=True)
async def _pool_of_7_s_that_stops(rig: Rig) -> None:
    claims = copy.deepcopy(LEASE)
    claims["cameras"][QUOTA_CAMERA]["storage"]["limit_ms"] = POOL_MS
    await rig.issue(SEQ + 1, START, claims)
    rig.when_full = QuotaWhenFull.STOP


async def held(rig: Rig) -> list[str]:
    async with rig.records.reading() as transaction:
        return sorted(clip.clip_id for clip in await transaction.clips.held_in_pool(POOL))


async def test_a_clip_that_does_not_fit_is_refused_at_its_end_and_the_others_stay(rig: Rig) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP, **OWN)
    with pytest.raises(CloudError) as refusal:
        await rig.put(3, CLIP, **OWN)
    assert (refusal.value.code, refusal.value.status) == ("quota_full", 403)
    assert await held(rig) == sorted([clip_uuid(1), clip_uuid(2)])
    left_out = await rig.clip(3)
    assert (left_out.phase, left_out.gone_because, left_out.disposition) == (ClipPhase.GONE, "quota_full", None)
    assert not [key for key in blob_files(rig) if clip_uuid(3) in key]
    assert await rig.staging.ids() == []
    with pytest.raises(CloudError) as unknown:
        await rig.flows.status.status(await rig.module(), clip_uuid(3))
    assert unknown.value.code == "clip_unknown", "the module keeps its own copy"


async def test_a_full_pool_refuses_before_the_first_byte_and_takes_the_clip_once_there_is_room(rig: Rig) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP, **OWN)
    await rig.put(3, make_clip(seconds=1), **OWN)
    with pytest.raises(CloudError) as refusal:
        await rig.create(metadata_of(clip_uuid(4), START) | OWN)
    assert refusal.value.code == "quota_full"
    await rig.flows.retention.delete_by_owner((await rig.clip(1)).account_id, clip_uuid(1))
    await rig.put(4, CLIP, **OWN)
    assert await held(rig) == sorted([clip_uuid(2), clip_uuid(3), clip_uuid(4)])


async def test_a_refused_clip_may_come_again_when_there_is_room(rig: Rig) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP, **OWN)
    with pytest.raises(CloudError):
        await rig.put(3, CLIP, **OWN)
    await rig.flows.retention.delete_by_owner((await rig.clip(1)).account_id, clip_uuid(1))
    await rig.put(3, CLIP, **OWN)
    assert await held(rig) == sorted([clip_uuid(2), clip_uuid(3)])


async def test_of_two_clips_for_the_last_seconds_one_is_taken(rig: Rig) -> None:
    await rig.put(1, CLIP, **OWN)
    uploads = [await rig.create(metadata_of(clip_uuid(number), START) | OWN) for number in (2, 3)]
    ends = await asyncio.gather(
        *(rig.patch(upload, CLIP, length=len(CLIP)) for upload in uploads), return_exceptions=True
    )
    codes = [end.code for end in ends if isinstance(end, CloudError)]
    assert codes == ["quota_full"]
    assert len(await held(rig)) == 2


async def test_a_beginning_that_does_not_fit_goes_quietly(rig: Rig) -> None:
    """An upload that expires is nobody's request: there is nobody to refuse."""
    for number in (1, 2):
        await rig.put(number, CLIP, **OWN)
    await rig.patch(await rig.create(metadata_of(clip_uuid(3), START) | OWN), CLIP[: len(CLIP) - 10])
    rig.real_now += timedelta(days=2)
    await rig.flows.leftovers.expire()
    assert await held(rig) == sorted([clip_uuid(1), clip_uuid(2)])
    assert await rig.staging.ids() == []


@pytest.mark.parametrize("step", ["committed", "staging_left", "media_unlinked", "tombstone"])
async def test_a_crash_while_it_is_refused_leaves_no_blob_and_no_room_lost(rig: Rig, step: str) -> None:
    for number in (1, 2):
        await rig.put(number, CLIP, **OWN)
    with rig.fails_at(step), pytest.raises(Died):
        await rig.put(3, CLIP, **OWN)
    await rig.restart()
    assert await held(rig) == sorted([clip_uuid(1), clip_uuid(2)])
    assert not [key for key in blob_files(rig) if clip_uuid(3) in key]
    assert await rig.staging.ids() == []


@given(st.lists(st.integers(0, 4000), max_size=12), st.integers(0, 10_000))
def test_a_pool_that_stops_never_evicts_and_never_overflows(durations: list[int], limit_ms: int) -> None:
    kept: list[Clip] = []
    for number, duration_ms in enumerate(durations):
        new = a_clip(number, duration_ms=duration_ms, start=CLIPS_START + timedelta(minutes=number))
        eviction = evict_for(kept, new, limit_ms, QuotaWhenFull.STOP)
        assert eviction.evicted == ()
        if eviction.fits:
            kept.append(new)
        assert sum(clip.duration_ms for clip in kept) <= limit_ms
        if duration_ms and is_full(kept, limit_ms) and kept and kept[-1] is not new:
            assert not eviction.fits
