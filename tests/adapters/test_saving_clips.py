"""What saving clips stands on: ranges over HTTP that may be answered wrongly, and the file that outlives a restart."""

import hashlib
from pathlib import Path

import pytest
from aiohttp import web

from agent.adapters.clip_media_http import HttpClipMedia
from agent.adapters.cloud_http import CloudHttp
from agent.adapters.fetched_file import FetchedFile
from agent.errors import AgentError, Refused, TryLater
from tests.adapters.memory_cloud import served

CLIP_ID = "d7823817-e330-5557-bfa4-e791b45f4dbc"
MEDIA = bytes(range(256)) * 4


async def piece(base: str, offset: int, length: int) -> bytes:
    cloud = CloudHttp(base, "module.secret")
    try:
        return await HttpClipMedia(cloud).piece(CLIP_ID, offset, length)
    finally:
        await cloud.close()


def saying(status: int, body: bytes, content_range: str = "") -> web.Application:
    async def say(request: web.Request) -> web.Response:
        assert request.path == f"/api/v1/module/clips/{CLIP_ID}/media"
        assert request.headers["Authorization"] == "Bearer module.secret"
        return web.Response(status=status, body=body, headers={"Content-Range": content_range} if content_range else {})

    app = web.Application()
    app.router.add_get("/{anything:.*}", say)
    return app


@pytest.mark.parametrize(
    ("status", "body", "content_range", "error"),
    [
        (206, b"1234567890", "bytes 0-9/1024", TryLater),
        (206, b"12345678901", "bytes 10-20/1024", TryLater),
        (206, b"", "bytes 10-19/1024", TryLater),
        (206, b"1234567890", "", TryLater),
        (200, MEDIA, "", TryLater),
        (500, b"", "", TryLater),
        (401, b"", "", TryLater),
        (416, b"", "", Refused),
        (410, b'{"code": "clip_deleted"}', "", Refused),
    ],
)
async def test_what_is_not_the_range_that_was_asked_for_is_not_taken(
    status: int, body: bytes, content_range: str, error: type[AgentError]
) -> None:
    async with served(saying(status, body, content_range)) as base:
        with pytest.raises(error):
            await piece(base, 10, 10)


async def test_ranges_are_put_together_to_the_clip(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(MEDIA)

    async def media(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(path)

    app = web.Application()
    app.router.add_get("/api/v1/module/clips/{clip_id}/media", media)
    async with served(app) as base:
        found = b"".join([await piece(base, at, min(300, len(MEDIA) - at)) for at in range(0, len(MEDIA), 300)])
    assert found == MEDIA


async def test_a_cloud_that_knows_no_ranges_gives_a_first_piece() -> None:
    async with served(saying(200, MEDIA)) as base:
        assert await piece(base, 0, 10) == MEDIA[:10]


async def test_what_was_fetched_outlives_a_restart_and_only_one_clip_stands_there(tmp_path: Path) -> None:
    fetched = FetchedFile(tmp_path / "fetched")
    assert await fetched.begin("one") == 0
    await fetched.write("one", 0, MEDIA[:100])
    again = FetchedFile(tmp_path / "fetched")
    assert await again.begin("one") == 100
    await again.write("one", 100, MEDIA[100:])
    assert await again.whole("one") == (len(MEDIA), hashlib.sha256(MEDIA).hexdigest())
    assert await again.begin("two") == 0
    assert not again.locate("one").exists()
    await again.discard("two")
    await again.discard("two")
