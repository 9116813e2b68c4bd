"""Links to clips over HTTP: what a stranger gets, what ends a link, what is refused; digests, names and archives."""

import base64
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from yarl import URL

from cloud_stub.domain.share import MOST_OPEN_LINKS, SHARE_PACE
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import ClaimedModule

CLIP = make_clip(seconds=3)
DAY = 24


@dataclass
class Watched:
    """An owner with one camera in its trial, and one clip of it."""

    street: Street
    owner: Caller
    module: ClaimedModule
    camera_id: str
    clip_id: str

    async def share(self, hours: int = DAY) -> Any:  # noqa: ANN401 - JSON
        status, said = await self.owner.call("POST", f"/api/v1/clips/{self.clip_id}/shares", {"hours": hours})
        assert status == 201, said
        return said

    async def stranger(self, path: str, **headers: str) -> tuple[int, bytes, Any]:
        async with (
            ClientSession(URL(self.street.site.url)) as client,
            client.get(path, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, await answer.read(), answer.headers

    async def code(self, path: str) -> tuple[int, str]:
        async with ClientSession(URL(self.street.site.url)) as client, client.get(path) as answer:
            return answer.status, (await answer.json(content_type=None))["code"]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    async with open_street(tmp_path) as street:
        owner = await street.owner()
        module = await street.module()
        camera_id = await street.site.camera(module, 1, "Café à côté", "mini")
        clip_id = await street.site.upload(module, camera_id, CLIP, await street.now())
        yield Watched(street, owner, module, camera_id, clip_id)


def token_of(share: Any) -> str:  # noqa: ANN401 - JSON
    return str(share["url"]).rsplit("/", 1)[1]


async def test_a_link_that_leads_nowhere_is_404_and_many_of_them_from_one_place_wait(watched: Watched) -> None:
    share = await watched.share()
    for number in range(SHARE_PACE.free):
        assert await watched.code(f"/api/v1/shares/guess-{number}") == (404, "share_unknown")
    status, _, headers = await watched.stranger(f"/api/v1/shares/{token_of(share)}")
    assert (status, headers["Retry-After"]) == (429, "1")
    await watched.street.site.clock.advance(2.0)
    status, _, _ = await watched.stranger(f"/api/v1/shares/{token_of(share)}")
    assert status == 200


@pytest.mark.parametrize("hours", [0, -1, 721, "many", None])
async def test_a_link_lives_1_to_720_hours(watched: Watched, hours: object) -> None:
    answer = await watched.owner.refusal("POST", f"/api/v1/clips/{watched.clip_id}/shares", {"hours": hours})
    assert answer == (422, "bad_body")


async def test_a_clip_has_at_most_20_open_links_and_one_that_is_taken_back_makes_room(watched: Watched) -> None:
    path = f"/api/v1/clips/{watched.clip_id}/shares"
    made = [await watched.share() for _ in range(MOST_OPEN_LINKS)]
    assert await watched.owner.refusal("POST", path, {"hours": 1}) == (409, "too_many_shares")
    status, _ = await watched.owner.call("DELETE", f"{path}/{made[0]['share_id']}")
    assert status == 204
    await watched.share()


async def test_only_the_owner_makes_lists_and_revokes_links(watched: Watched) -> None:
    share = await watched.share()
    await watched.street.site.add_account("other", "other@example.org", linked=False)
    other = await watched.street.owner("other@example.org")
    path = f"/api/v1/clips/{watched.clip_id}/shares"
    assert await other.refusal("POST", path, {"hours": 1}) == (404, "clip_unknown")
    assert await other.refusal("GET", path) == (404, "clip_unknown")
    assert await other.refusal("DELETE", f"{path}/{share['share_id']}") == (404, "share_unknown")
    assert (await watched.stranger(path))[0] == 401


async def test_a_revoked_link_and_one_that_is_too_old_say_so(watched: Watched) -> None:
    first, second = await watched.share(hours=1), await watched.share(hours=2)
    path = f"/api/v1/clips/{watched.clip_id}/shares"
    for _ in range(2):
        status, _ = await watched.owner.call("DELETE", f"{path}/{first['share_id']}")
        assert status == 204
    assert await watched.code(f"/api/v1/shares/{token_of(first)}/media") == (410, "share_revoked")
    await watched.street.advance(hours=2)
    assert await watched.code(f"/api/v1/shares/{token_of(second)}/media") == (410, "share_expired")
    states = {each["share_id"]: each["state"] for each in await watched.owner.get(path)}
    assert states == {first["share_id"]: "share_revoked", second["share_id"]: "share_expired"}


async def test_a_link_dies_with_its_clip_and_nothing_of_it_is_served(watched: Watched) -> None:
    share = await watched.share()
    status, _ = await watched.owner.call("DELETE", f"/api/v1/clips/{watched.clip_id}")
    assert status == 204
    for what in ("", "/media", "/poster"):
        assert await watched.code(f"/api/v1/shares/{token_of(share)}{what}") == (410, "clip_deleted")
    status, body, _ = await watched.stranger(f"/s/{token_of(share)}")
    assert (status, b"<video" in body) == (410, False)
    async with watched.street.site.records.reading() as records:
        (link,) = await records.clips.shares_of_clip((await records.accounts.all())[0].account_id, watched.clip_id)
    assert link.revoked_at is not None


async def test_a_link_never_outlives_its_clip(watched: Watched) -> None:
    status, _ = await watched.owner.call("PATCH", "/api/v1/account", {"auto_delete_days": 3})
    assert status == 200
    share = await watched.share(hours=720)
    assert datetime.fromisoformat(share["expires_at"]) == await watched.street.now() + timedelta(days=3)


async def test_the_page_of_a_link_shows_the_clip_and_nothing_of_its_owner(watched: Watched) -> None:
    share = await watched.share()
    status, body, headers = await watched.stranger(f"/s/{token_of(share)}")
    page = body.decode()
    assert (status, "<video" in page) == (200, True)
    assert "noindex" in headers["X-Robots-Tag"]
    assert (headers["Referrer-Policy"], "no-store" in headers["Cache-Control"]) == ("no-referrer", True)
    for secret in ("owner@example.org", "Café", watched.clip_id, watched.camera_id, watched.module.module_id):
        assert secret not in page
    _, said, _ = await watched.stranger(f"/api/v1/shares/{token_of(share)}")
    assert watched.clip_id.encode() not in said


async def test_the_token_is_kept_as_its_hash_alone(watched: Watched) -> None:
    token = token_of(await watched.share())
    kept = b"".join(
        path.read_bytes()
        for path in watched.street.site.records_file.parent.glob(watched.street.site.records_file.name + "*")
    )
    assert hashlib.sha256(token.encode()).hexdigest().encode() in kept
    assert token.encode() not in kept


async def test_a_photo_is_shared_as_a_photo(watched: Watched) -> None:
    street = watched.street
    doorbell = await street.site.camera(watched.module, 2, "Door", "video_doorbell")
    photo = make_photo()
    watched.clip_id = await street.site.upload(watched.module, doorbell, photo, await street.now(), kind="photo")
    token = token_of(await watched.share())
    _, body, headers = await watched.stranger(f"/api/v1/shares/{token}/media")
    assert (body, headers["Content-Type"]) == (photo, "image/jpeg")
    _, page, _ = await watched.stranger(f"/s/{token}")
    assert b"<img" in page
    assert b"<video" not in page


async def test_a_download_is_named_after_its_camera_and_its_time_in_utc(watched: Watched) -> None:
    path = f"/api/v1/clips/{watched.clip_id}"
    for what in ("/download", "/media?download=1"):
        async with watched.owner.client.get(path + what) as answer:
            assert await answer.read() == CLIP
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="Caf____c_t__2026-03-14_17-42-10Z_{watched.clip_id[:8]}.mp4"; '
            f"filename*=UTF-8''Caf%C3%A9_%C3%A0_c%C3%B4t%C3%A9_2026-03-14_17-42-10Z_{watched.clip_id[:8]}.mp4"
        )


async def test_a_range_carries_the_digest_of_the_whole_and_a_growing_clip_none(watched: Watched) -> None:
    whole = base64.b64encode(hashlib.sha256(CLIP).digest()).decode()
    async with watched.owner.client.get(
        f"/api/v1/clips/{watched.clip_id}/media", headers={"Range": "bytes=5-9"}
    ) as part:
        assert (part.status, await part.read()) == (206, CLIP[5:10])
    assert part.headers["Repr-Digest"] == f"sha-256=:{whole}:"
    now = await watched.street.now()
    growing = await watched.street.site.upload(watched.module, watched.camera_id, CLIP[:-10], now, whole=False)
    async with watched.owner.client.get(f"/api/v1/clips/{growing}/media", headers={"Range": "bytes=0-9"}) as part:
        assert part.status == 206
    assert "Repr-Digest" not in part.headers


async def test_clips_come_as_one_archive_of_a_known_size(watched: Watched) -> None:
    other = make_clip(seconds=2)
    now = await watched.street.now()
    second = await watched.street.site.upload(watched.module, watched.camera_id, other, now - timedelta(minutes=3))
    path = f"/api/v1/clips/archive?ids={watched.clip_id},{second}"
    async with watched.owner.client.get(path) as answer:
        body = await answer.read()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    assert int(answer.headers["Content-Length"]) == len(body)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert [archive.read(each) for each in archive.infolist()] == [CLIP, other]
        assert [each.compress_type for each in archive.infolist()] == [zipfile.ZIP_STORED] * 2


@pytest.mark.parametrize(
    ("ids", "refusal"),
    [
        ("", (400, "bad_query")),
        (",".join(f"clip-{number}" for number in range(201)), (400, "bad_query")),
        ("nothing-of-that-name", (404, "clip_unknown")),
    ],
)
async def test_an_archive_of_nothing_of_too_much_or_of_the_unknown_is_refused(
    watched: Watched, ids: str, refusal: tuple[int, str]
) -> None:
    assert await watched.owner.refusal("GET", f"/api/v1/clips/archive?ids={ids}") == refusal


async def form(watched: Watched, what: str, **fields: str) -> tuple[int, str]:
    body = {"csrf_token": watched.owner.csrf, **fields}
    async with watched.owner.client.post(f"/clips/{watched.clip_id}/{what}", data=body) as answer:
        return answer.status, await answer.text()


async def test_the_page_of_a_clip_makes_a_link_shows_it_once_and_takes_it_back(watched: Watched) -> None:
    assert (await form(watched, "share", hours="5"))[0] == 422
    status, page = await form(watched, "share", hours="24")
    assert status == 200
    url = page.split('readonly value="')[1].split('"')[0]
    token = url.rsplit("/", 1)[1]
    assert (await watched.stranger(f"/s/{token}"))[0] == 200
    async with watched.owner.client.get(f"/clips/{watched.clip_id}") as answer:
        shown = await answer.text()
    assert token not in shown
    share_id = shown.split('name="share_id" value="')[1].split('"')[0]
    status, page = await form(watched, "unshare", share_id=share_id)
    assert (status, share_id in page) == (200, False)
    assert await watched.code(f"/api/v1/shares/{token}") == (410, "share_revoked")


async def test_a_pool_is_told_in_days_with_the_clip_that_goes_next(watched: Watched) -> None:
    """R071: the owner sees for how long it is enough, and what to download first."""
    street, module = watched.street, watched.module
    legacy = await street.site.camera(module, 3, "Garage", "xt2")
    assert (await watched.owner.call("DELETE", "/api/v1/trial"))[0] == 200
    (pool,) = (await watched.owner.get("/api/v1/plan"))["pools"]
    assert (pool["days_at_present_rate"], pool["full_at"], pool["next_evicted"]) == (None, None, None)
    first = await street.site.upload(module, legacy, CLIP, await street.now())
    await street.advance(days=2)
    await street.site.upload(module, legacy, CLIP, await street.now())
    (pool,) = (await watched.owner.get("/api/v1/plan"))["pools"]
    assert (pool["used_ms"], pool["days_at_present_rate"]) == (6000, 2400.0)
    assert (pool["next_evicted"]["clip_id"], pool["next_evicted"]["camera_id"]) == (first, legacy)
    async with watched.owner.client.get("/plan") as answer:
        page = await answer.text()
    assert "At your present rate it holds about 2400 days. Next to go:" in page
    assert f'href="/clips/{first}"' in page
