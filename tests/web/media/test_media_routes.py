"""What the owner's browser gets: lists, ranges, a clip followed while it grows, its index and poster, its end."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import ClientError, ClientResponse

from cloud_stub.domain.fragments import FragmentIndex
from cloud_stub.domain.records import Upload
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.flow.cloud_media.rig import ACCOUNT, CLOUD_CAMERA, LEASE, SEQ, START, clip_uuid, metadata_of
from tests.waiting import wait_until_async
from tests.web.tus.conftest import Server

CLIP = make_clip(seconds=4, keyframe_every=20)
INDEX = FragmentIndex()
INDEX.feed(CLIP)
ENDS = [fragment.end for fragment in INDEX.fragments]


def at(server: Server, number: int, what: str = "", base: str = "clips") -> str:
    return f"{server.url}/api/v1/{base}/{clip_uuid(number)}{what}"


async def get(server: Server, url: str, **headers: str) -> tuple[ClientResponse, bytes]:
    async with server.owner.get(url, headers=headers) as answer:
        return answer, await answer.read()


async def growing(server: Server, number: int, end: int) -> Upload:
    upload = await server.rig.create(metadata_of(clip_uuid(number), server.rig.now))
    return await server.rig.patch(upload, CLIP[:end])


@pytest.mark.parametrize("what", ["", "/media", "/download", "/poster", "/index"])
async def test_nothing_is_shown_without_a_log_in_and_what_is_not_there_is_404(server: Server, what: str) -> None:
    await server.rig.put(1, CLIP)
    async with server.http.get(at(server, 1, what)) as answer:
        assert answer.status == 401
    answer, _ = await get(server, at(server, 2, what))
    assert answer.status == 404


@pytest.mark.parametrize(
    ("header", "status", "start", "end"),
    [
        (None, 200, 0, len(CLIP)),
        ("bytes=0-", 206, 0, len(CLIP)),
        ("bytes=100-199", 206, 100, 200),
        ("bytes=-50", 206, len(CLIP) - 50, len(CLIP)),
        ("bytes=0-1,5-6", 200, 0, len(CLIP)),
    ],
)
async def test_a_held_clip_is_sent_whole_or_by_range_and_never_cached(
    server: Server, header: str | None, status: int, start: int, end: int
) -> None:
    await server.rig.put(1, CLIP)
    answer, body = await get(server, at(server, 1, "/media"), **({} if header is None else {"Range": header}))
    assert (answer.status, body == CLIP[start:end]) == (status, True)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "video/mp4"
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CLIP)}"


async def test_a_range_behind_the_end_is_416_and_says_the_size(server: Server) -> None:
    await server.rig.put(1, CLIP)
    answer, _ = await get(server, at(server, 1, "/media"), Range=f"bytes={len(CLIP)}-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(CLIP)}")


async def test_a_growing_clip_is_followed_until_it_ends_and_is_byte_for_byte_the_clip(server: Server) -> None:
    upload = await growing(server, 1, ENDS[0])
    async with server.owner.get(at(server, 1, "/media"), headers={"Range": "bytes=0-"}) as answer:
        assert (answer.status, answer.headers.get("Content-Length")) == (200, None)
        came = await answer.content.readexactly(ENDS[0])
        for end in ENDS[1:]:
            upload = await server.rig.patch(upload, CLIP[upload.offset : end])
            came += await answer.content.readexactly(end - len(came))
        await server.rig.patch(upload, CLIP[upload.offset :], length=len(CLIP))
        came += await answer.read()
    assert came == CLIP


async def test_a_follower_reads_on_from_the_blob_when_the_upload_ends_at_once(server: Server) -> None:
    upload = await growing(server, 1, ENDS[0])
    async with server.owner.get(at(server, 1, "/media")) as answer:
        await server.rig.patch(upload, CLIP[ENDS[0] :], length=len(CLIP))
        assert await answer.read() == CLIP


async def test_a_player_can_poll_the_index_of_a_growing_clip_and_fetch_its_fragments_by_range(server: Server) -> None:
    upload = await growing(server, 1, ENDS[1] + 5)
    answer, _ = await get(server, at(server, 1, "/index"))
    document = await answer.json()
    assert (document["growing"], document["mime"]) == (True, INDEX.mime)
    assert [(one["keyframe"], one["end"]) for one in document["fragments"]] == [(True, ENDS[0]), (False, ENDS[1])]
    _, first = await get(server, at(server, 1, "/media"), Range=f"bytes=0-{document['init_bytes'] - 1}")
    one = document["fragments"][1]
    answer, second = await get(server, at(server, 1, "/media"), Range=f"bytes={one['start']}-{one['end'] - 1}")
    assert answer.headers["Content-Range"].endswith("/*")
    assert (first, second) == (CLIP[: INDEX.init_bytes], CLIP[one["start"] : one["end"]])
    await server.rig.patch(upload, CLIP[upload.offset :], length=len(CLIP))
    answer, _ = await get(server, at(server, 1, "/index"))
    document = await answer.json()
    assert (document["growing"], document["duration_ms"], len(document["fragments"])) == (False, 4000, 4)


async def test_the_poster_is_there_while_the_clip_still_grows(server: Server) -> None:
    await growing(server, 1, INDEX.init_bytes)
    answer, _ = await get(server, at(server, 1, "/poster"))
    assert (answer.status, answer.headers["Retry-After"]) == (404, "1")
    await growing(server, 2, ENDS[0])

    async def picture() -> bytes | None:
        answer, body = await get(server, at(server, 2, "/poster"))
        return body if answer.status == 200 else None

    poster = await wait_until_async(picture, 10, "the poster")
    assert poster is not None
    assert poster.startswith(b"\xff\xd8\xff")


async def test_a_clip_deleted_while_it_is_followed_breaks_off_and_then_answers_410(server: Server) -> None:
    await growing(server, 1, ENDS[0])
    async with server.owner.get(at(server, 1, "/media")) as answer:
        await answer.content.readexactly(ENDS[0])
        async with server.owner.delete(at(server, 1)) as deleted:
            assert deleted.status == 204
        with pytest.raises(ClientError):
            await answer.read()
    for what in ("", "/media", "/index", "/poster", "/download"):
        answer, _ = await get(server, at(server, 1, what))
        assert (answer.status, (await answer.json(content_type=None))["code"]) == (410, "clip_deleted")


async def test_a_held_clip_swept_between_two_ranges_answers_410(server: Server) -> None:
    await server.rig.put(1, CLIP)
    answer, _ = await get(server, at(server, 1, "/media"), Range="bytes=0-99")
    assert answer.status == 206
    await server.rig.flows.retention.sweep(START + timedelta(days=30))
    answer, _ = await get(server, at(server, 1, "/media"), Range="bytes=100-199")
    assert answer.status == 410


async def test_a_download_has_a_name_that_sorts_by_time(server: Server) -> None:
    await server.rig.put(1, CLIP)
    answer, body = await get(server, at(server, 1, "/download"))
    name = f"2026-03-01_00-00-00Z_{clip_uuid(1)[:8]}.mp4"
    assert (answer.headers["Content-Disposition"], body) == (
        f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}",
        CLIP,
    )


async def test_clips_are_listed_newest_first_in_pages_growing_ones_too(server: Server) -> None:
    for number in range(5):
        await server.rig.put(number, CLIP)
        server.rig.now += timedelta(minutes=1)
    await growing(server, 5, ENDS[0])
    listed: list[str] = []
    url = f"{server.url}/api/v1/clips?limit=4"
    while url:
        answer, _ = await get(server, url)
        page = await answer.json()
        listed += [clip["clip_id"] for clip in page["clips"]]
        url = f"{server.url}/api/v1/clips?limit=4&before={page['next']}" if page["next"] else ""
    assert listed == [clip_uuid(number) for number in (5, 4, 3, 2, 1, 0)]
    for query in (
        "limit=0",
        "limit=x",
        "limit=1000",
        "limit=000000100999",
        "limit=" + "9" * 5000,
        "before=yesterday",
        "before=2026-03-01",
        "before=0001-01-01T00:00:00%2B14:00",
    ):
        answer, _ = await get(server, f"{server.url}/api/v1/clips?{query}")
        assert answer.status == 400
    answer, _ = await get(server, f"{server.url}/api/v1/clips?camera_id=other")
    assert (await answer.json())["clips"] == []


async def test_an_index_that_is_asked_for_while_the_clip_ends_is_that_of_the_whole_clip(server: Server) -> None:
    """Between finding a growing clip and reading its staged file, the file moves to the store."""
    upload = await growing(server, 1, ENDS[0])
    media = await server.rig.flows.serve.find(ACCOUNT, clip_uuid(1))
    assert media.growing
    await server.rig.patch(upload, CLIP[ENDS[0] :], length=len(CLIP))
    index = await server.rig.flows.serve.index(media)
    assert index.playable_end == ENDS[-1]


async def test_photos_have_their_own_list_and_are_jpegs(server: Server) -> None:
    claims = {**LEASE, "cameras": {CLOUD_CAMERA: {**LEASE["cameras"][CLOUD_CAMERA], "features": ["photo_capture"]}}}
    await server.rig.issue(SEQ + 1, START, claims)
    said = {"kind": "photo", "clip_reason": "photos", "filetype": "image/jpeg", "lease_seq": str(SEQ + 1)}
    await server.rig.put(1, make_photo(), **said)
    await server.rig.put(2, CLIP)
    answer, _ = await get(server, f"{server.url}/api/v1/photos")
    assert [photo["clip_id"] for photo in (await answer.json())["photos"]] == [clip_uuid(1)]
    answer, body = await get(server, at(server, 1, "/media", "photos"))
    assert (answer.headers["Content-Type"], body) == ("image/jpeg", make_photo())
    answer, _ = await get(server, at(server, 1, "/poster", "photos"))
    assert answer.status == 200
    answer, _ = await get(server, at(server, 2, "/media", "photos"))
    assert answer.status == 404


async def test_many_follow_one_clip_and_all_get_it_whole(server: Server) -> None:
    upload = await growing(server, 1, ENDS[0])
    followers = [asyncio.create_task(get(server, at(server, 1, "/media"))) for _ in range(8)]
    for end in ENDS[1:]:
        upload = await server.rig.patch(upload, CLIP[upload.offset : end])
    await server.rig.patch(upload, CLIP[upload.offset :], length=len(CLIP))
    assert all(body == CLIP for _, body in await asyncio.gather(*followers))
