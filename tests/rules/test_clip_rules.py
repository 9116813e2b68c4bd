"""R078, R082, R083, R085, R086, R093, R096, R097, R119 and C04, C05, C08: what becomes of clips, over HTTP."""

import base64
import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, insert, select

from cloud_stub.adapters.records_sqlalchemy import schema
from cloud_stub.domain.catalog import Catalogs
from cloud_stub.domain.policies import ClipRights
from cloud_stub.domain.records import Clip, ClipPhase
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.domain.cloud_media.clips import PLAIN
from tests.web.cloud.owner import Owner, open_owner
from tests.web.cloud.site import ACCOUNT, CATALOGS, TUS, ClaimedModule, open_site

CLIP = make_clip(seconds=3)
LEGACY = date(2020, 4, 15)
POOL_MS = 7_200_000


async def add_clips(
    owner: Owner, module: ClaimedModule, camera_id: str, starts: Iterable[datetime], **fields: object
) -> list[str]:
    """Write held clips straight into the records, for numbers that no test uploads."""
    under_plan = {"sink": "cloud", "why": "plan", "grant": "plan:before", "pool": None, "keep_for_days": 30}
    rows, ids = [], []
    for number, start in enumerate(starts):
        clip_id = f"00000000-0000-4000-8000-{number:012}"
        times = {"captured_at": start, "received_at": start, "retained_from": start}
        own = {"clip_id": clip_id, "module_id": module.module_id, "account_id": ACCOUNT, "camera_id": camera_id}
        clip = replace(PLAIN, **{**under_plan, **own, **times, "sha256": "0" * 64, **fields})  # type: ignore[arg-type] # a test names the fields it changes
        rows.append({name: getattr(clip, name) for name in Clip.__dataclass_fields__})
        ids.append(clip_id)
    async with owner.site.records.writing() as records:
        await records.clips._connection.execute(insert(schema.clips), rows)  # type: ignore[attr-defined] # bulk
    return ids


async def count(owner: Owner, phase: ClipPhase = ClipPhase.HELD) -> int:
    async with owner.site.records.reading() as records:
        counted = select(func.count()).where(schema.clips.c.phase == phase)
        return int((await records.clips._connection.execute(counted)).scalar_one())  # type: ignore[attr-defined]


async def cancel(owner: Owner, plan: str) -> None:
    path = f"/api/v1/subscriptions/{plan}/cancellation"
    status, said = await owner.ask("POST", path, {"mode": "now"})
    if status == 409:
        await owner.have("POST", path, {"mode": "now", "confirmation": said["confirmation"]})
    else:
        assert status == 200, said


def now(owner: Owner) -> datetime:
    return owner.site.services.leases.now()


async def status_of(owner: Owner, path: str) -> tuple[int, bytes]:
    async with owner.client.get(path) as answer:
        return answer.status, await answer.read()


async def shared_with_a_stranger(owner: Owner, url: str) -> tuple[int, bytes]:
    token = url.rsplit("/", 1)[1]
    async with ClientSession(owner.site.url) as stranger, stranger.get(f"/api/v1/shares/{token}/media") as answer:
        return answer.status, await answer.read()


async def creation_status(owner: Owner, module: ClaimedModule, camera_id: str) -> int:
    """Offer a clip under the newest lease as if a plan covered it, and return what the cloud answers."""
    clip_id = "00000000-0000-4000-8000-0000000000ff"
    known = await owner.site._metadata(module, camera_id, clip_id, now(owner), "clip", "motion")
    pairs = dict(pair.split(" ") for pair in known.split(",") if not pair.startswith(("grant", "sink")))
    pairs |= {"grant": base64.b64encode(b"plan:before").decode(), "sink": base64.b64encode(b"cloud").decode()}
    metadata = ",".join(f"{key} {value}" for key, value in pairs.items())
    headers = {**TUS, **module.bearer, "Upload-Defer-Length": "1", "Upload-Metadata": metadata}
    async with ClientSession(owner.site.url) as client, client.post("/files/", headers=headers) as made:
        return made.status


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_owner(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def legacy_owner(folder: Path) -> AsyncIterator[Owner]:
    async with open_site(folder, lab=True) as site, site.client() as client:
        await site.add_account(created_on=LEGACY)
        yield Owner(site, client, await site.log_in(client))


async def test_R078_C04_the_history_of_a_plan_is_not_counted_in_the_pool_and_not_evicted_by_it(
    tmp_path: Path,
) -> None:
    """10,000 s of history at the cancel: they stay until auto-delete, and new clips count against 7,200 s."""
    async with legacy_owner(tmp_path) as owner:
        module, (camera_id,) = await owner.cameras("mini")
        plan = await owner.buy("plus")
        started = now(owner)
        history = await add_clips(
            owner, module, camera_id, (started - timedelta(minutes=n) for n in range(200)), duration_ms=50_000
        )
        await cancel(owner, plan)
        fresh = await owner.site.upload(module, camera_id, CLIP, now(owner))
        (pool,) = (await owner.have("GET", "/api/v1/plan"))["pools"]
        assert (pool["limit_ms"], pool["used_ms"]) == (POOL_MS, 3000)

        async with owner.site.records.writing() as records:
            clip = await records.clips.find(ACCOUNT, fresh)
            assert clip is not None
            await records.clips.update(replace(clip, duration_ms=POOL_MS - 1000))
        newest = await owner.site.upload(module, camera_id, CLIP, now(owner))
        assert (await status_of(owner, f"/api/v1/clips/{fresh}"))[0] == 410
        assert (await owner.have("GET", f"/api/v1/clips/{newest}"))["sink"] == "quota"
        (pool,) = (await owner.have("GET", "/api/v1/plan"))["pools"]
        assert (pool["used_ms"], pool["next_evicted"]["clip_id"]) == (3000, newest)
        assert await count(owner) == len(history) + 1
        await owner.advance(days=30)
        assert await count(owner) == 0


async def test_R082_inside_the_window_the_number_of_recordings_has_no_limit(owner: Owner) -> None:
    module, (camera_id,) = await owner.cameras("mini")
    await owner.buy("plus")
    start = now(owner)
    await add_clips(owner, module, camera_id, (start - timedelta(seconds=20 * n) for n in range(50_000)))
    one_more = await owner.site.upload(module, camera_id, CLIP, start)
    assert await count(owner) == 50_001
    (newest,) = (await owner.have("GET", "/api/v1/clips?limit=1"))["clips"]
    assert newest["captured_at"] == (await owner.have("GET", f"/api/v1/clips/{one_more}"))["captured_at"]


async def test_R083_a_download_has_every_byte_and_a_matching_digest(owner: Owner) -> None:
    module, (camera_id,) = await owner.cameras("mini")
    await owner.buy("plus")
    clip_id = await owner.site.upload(module, camera_id, CLIP, now(owner))
    async with owner.client.get(f"/api/v1/clips/{clip_id}/download") as answer:
        body = await answer.read()
    assert (answer.status, body) == (200, CLIP)
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert (await owner.have("GET", f"/api/v1/clips/{clip_id}"))["sha256"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(("region", "days"), [("ES", 30), ("GB_IE", 30), ("CA", 60), ("US", 60)])
async def test_R085_photos_are_kept_for_the_window_of_the_region_at_most(
    tmp_path: Path, region: str, days: int
) -> None:
    async with open_owner(tmp_path, region=region) as owner:
        module, (camera_id,) = await owner.cameras("video_doorbell")
        await owner.buy("plus")
        assert max((await owner.have("GET", "/api/v1/account"))["auto_delete_choices"]) == days
        await owner.have("PATCH", "/api/v1/account", {"auto_delete_days": days})
        photo = await owner.site.upload(module, camera_id, make_photo(), now(owner), kind="photo")
        clip = await owner.site.upload(module, camera_id, CLIP, now(owner), reason="photos")
        await owner.advance(days=days, seconds=-1)
        assert (await status_of(owner, f"/api/v1/photos/{photo}"))[0] == 200
        assert (await status_of(owner, f"/api/v1/clips/{clip}"))[0] == 200
        await owner.advance(seconds=1)
        assert (await status_of(owner, f"/api/v1/photos/{photo}"))[0] == 410
        assert (await status_of(owner, f"/api/v1/clips/{clip}"))[0] == 410


@pytest.mark.parametrize("source", ["plan", "trial"])
async def test_R086_C08_after_the_end_clips_stay_watchable_downloadable_and_shareable(
    owner: Owner, source: str
) -> None:
    """A plan that ended yesterday and a clip that is 5 days old, and the same with a trial."""
    plan = ""
    if source == "plan":
        module, (camera_id,) = await owner.cameras("mini")
        plan = await owner.buy("plus")
    else:
        module = await owner.site.claim()
        camera_id = await owner.site.camera(module, 1, "Door", "mini")
    clip_id = await owner.site.upload(module, camera_id, CLIP, now(owner))
    await owner.advance(days=4)
    if plan:
        await cancel(owner, plan)
    else:
        await owner.have("DELETE", "/api/v1/trial")
    await owner.advance(days=1)
    assert await creation_status(owner, module, camera_id) == 403
    assert await status_of(owner, f"/api/v1/clips/{clip_id}/media") == (200, CLIP)
    assert await status_of(owner, f"/api/v1/clips/{clip_id}/download") == (200, CLIP)
    share = await owner.have("POST", f"/api/v1/clips/{clip_id}/shares", {"hours": 720})
    assert await shared_with_a_stranger(owner, share["url"]) == (200, CLIP)
    await owner.advance(days=25)
    assert (await status_of(owner, f"/api/v1/clips/{clip_id}/media"))[0] == 410
    assert (await shared_with_a_stranger(owner, share["url"]))[0] == 410


async def test_R093_only_the_camera_that_a_basic_plan_covers_has_a_growing_history(owner: Owner) -> None:
    module, (covered, other) = await owner.cameras("mini", "mini")
    await owner.buy("basic", covered)
    for _ in range(2):
        await owner.site.upload(module, covered, CLIP, now(owner))
        assert await creation_status(owner, module, other) == 403
        await owner.advance(hours=1)
    assert len((await owner.have("GET", f"/api/v1/clips?camera_id={covered}"))["clips"]) == 2
    assert (await owner.have("GET", f"/api/v1/clips?camera_id={other}"))["clips"] == []
    account = await owner.have("GET", "/api/v1/account")
    assert max(account["auto_delete_choices"]) == 30, "the window of this region"


async def test_R096_a_clip_can_be_watched_before_it_is_whole(owner: Owner) -> None:
    module, (camera_id,) = await owner.cameras("mini")
    await owner.buy("plus")
    clip_id = await owner.site.upload(module, camera_id, CLIP[: len(CLIP) * 2 // 3], now(owner), whole=False)
    index = await owner.have("GET", f"/api/v1/clips/{clip_id}/index")
    assert (index["growing"], len(index["fragments"]) >= 1, index["mime"] is not None) == (True, True, True)
    end = index["fragments"][0]["end"]
    async with owner.client.get(f"/api/v1/clips/{clip_id}/media", headers={"Range": f"bytes=0-{end - 1}"}) as answer:
        assert (answer.status, await answer.read()) == (206, CLIP[:end])
    async with owner.site.records.reading() as records:
        lease = await records.leases.newest(module.module_id)
    assert lease is not None
    assert '"rapid_access"' in lease.claims


async def test_R097_a_third_party_plays_a_shared_clip_until_the_link_is_over(owner: Owner) -> None:
    module, (camera_id,) = await owner.cameras("mini")
    await owner.buy("plus")
    clip_id = await owner.site.upload(module, camera_id, CLIP, now(owner))
    share = await owner.have("POST", f"/api/v1/clips/{clip_id}/shares", {"hours": 24})
    assert await shared_with_a_stranger(owner, share["url"]) == (200, CLIP)
    await owner.advance(hours=24, seconds=-1)
    assert await shared_with_a_stranger(owner, share["url"]) == (200, CLIP)
    await owner.advance(seconds=1)
    assert (await shared_with_a_stranger(owner, share["url"]))[0] == 410


async def test_R097_a_clip_of_the_free_pool_is_watched_and_downloaded_but_not_shared(tmp_path: Path) -> None:
    async with legacy_owner(tmp_path) as owner:
        module, (camera_id,) = await owner.cameras("mini")
        clip_id = await owner.site.upload(module, camera_id, CLIP, now(owner))
        assert await status_of(owner, f"/api/v1/clips/{clip_id}/media") == (200, CLIP)
        assert await status_of(owner, f"/api/v1/clips/{clip_id}/download") == (200, CLIP)
        refusal = await owner.refusal("POST", f"/api/v1/clips/{clip_id}/shares", {"hours": 1})
        assert refusal == (403, "not_granted")


async def test_R119_cancelling_removes_nothing_each_clip_leaves_at_its_own_age(owner: Owner) -> None:
    module, (camera_id,) = await owner.cameras("mini")
    plan = await owner.buy("plus")
    start = now(owner)
    await add_clips(owner, module, camera_id, (start - timedelta(hours=6 * n) for n in range(100)))
    await cancel(owner, plan)
    await owner.advance(seconds=1)
    assert await count(owner) == 100
    await owner.advance(days=10)
    left = [n for n in range(100) if timedelta(hours=6 * n) + timedelta(days=10, seconds=1) < timedelta(days=30)]
    assert await count(owner) == len(left)
    await owner.advance(days=20)
    assert await count(owner) == 0


def with_history(**changes: object) -> Catalogs:
    """Return the catalogs with every vendor's policy on history changed as an operator may."""
    versions = (
        replace(each, history=replace(each.history, **changes))  # type: ignore[arg-type] # as above
        for each in CATALOGS.versions
    )
    return Catalogs(tuple(versions))


@asynccontextmanager
async def cared_for(folder: Path, catalogs: Catalogs = CATALOGS) -> AsyncIterator[tuple[Owner, str, dict[int, str]]]:
    """Run a cloud where a camera on the highest plan has a clip of each of some ages in days; give the plan too."""
    async with open_owner(folder, "kasa_care", "US", catalogs=catalogs) as owner:
        module, (camera_id,) = await owner.cameras("kc400")
        plan = await owner.buy("premium", camera_id)
        clips, last = {}, 29
        for age in (29, 20, 10, 1):
            if last > age:
                await owner.advance(days=last - age)
            clips[age], last = await owner.site.upload(module, camera_id, CLIP, now(owner)), age
        await owner.advance(days=1)
        yield owner, plan, clips


async def test_C05_unset_the_limit_of_the_plan_moved_to_decides(tmp_path: Path) -> None:
    async with cared_for(tmp_path) as (owner, plan, clips):
        preview = await owner.have("GET", f"/api/v1/subscriptions/{plan}/cancellation?mode=now")
        assert {each["clip_id"] for each in preview["clips_erased"]} == {clips[29], clips[20], clips[10]}
        await cancel(owner, plan)
        await owner.advance(seconds=1)
        after = {age: (await status_of(owner, f"/api/v1/clips/{its}/media"))[0] for age, its in clips.items()}
        assert after == {29: 410, 20: 410, 10: 410, 1: 200}


async def test_C05_set_to_30_clips_of_at_most_30_days_can_still_be_watched(tmp_path: Path) -> None:
    async with cared_for(tmp_path, with_history(keep_days_after_end=30)) as (owner, plan, clips):
        await cancel(owner, plan)
        await owner.advance(seconds=1)
        kept = {age: (await status_of(owner, f"/api/v1/clips/{its}/media"))[0] for age, its in clips.items()}
        assert kept == {29: 200, 20: 200, 10: 200, 1: 200}
        await owner.advance(days=1)
        after = {age: (await status_of(owner, f"/api/v1/clips/{its}/media"))[0] for age, its in clips.items()}
        assert after == {29: 410, 20: 200, 10: 200, 1: 200}


async def test_C08_by_the_rights_at_recording_an_old_clip_is_shared_after_its_plan(tmp_path: Path) -> None:
    async with cared_for(tmp_path, with_history(clip_rights=ClipRights.AT_RECORDING)) as (owner, plan, clips):
        before = await owner.have("POST", f"/api/v1/clips/{clips[1]}/shares", {"hours": 24})
        await cancel(owner, plan)
        await owner.advance(seconds=1)
        assert await shared_with_a_stranger(owner, before["url"]) == (200, CLIP)
        after = await owner.have("POST", f"/api/v1/clips/{clips[1]}/shares", {"hours": 24})
        assert await shared_with_a_stranger(owner, after["url"]) == (200, CLIP)


async def test_C08_by_the_rights_of_today_sharing_ends_with_the_plan_and_watching_does_not(tmp_path: Path) -> None:
    async with cared_for(tmp_path) as (owner, plan, clips):
        before = await owner.have("POST", f"/api/v1/clips/{clips[1]}/shares", {"hours": 24})
        assert await shared_with_a_stranger(owner, before["url"]) == (200, CLIP)
        await cancel(owner, plan)
        await owner.advance(seconds=1)
        assert (await shared_with_a_stranger(owner, before["url"]))[0] == 410
        refusal = await owner.refusal("POST", f"/api/v1/clips/{clips[1]}/shares", {"hours": 24})
        assert refusal == (403, "not_granted")
        assert await status_of(owner, f"/api/v1/clips/{clips[1]}/media") == (200, CLIP)
        assert await status_of(owner, f"/api/v1/clips/{clips[1]}/download") == (200, CLIP)
