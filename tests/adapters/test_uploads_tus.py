"""The tus client: what it does with wrong answers first, then the port's contract on three clouds.

The contract runs on the reference tus server from npm, on the cloud in memory served over HTTP, and on that cloud
itself (which other tests use as a stand-in, so it must keep the same contract).
"""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from agent.adapters.cloud_http import CloudHttp, retry_after_s
from agent.adapters.uploads_tus import TusUploads, metadata_of
from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.errors import AgentError, Refused, TryLater
from agent.ports import Uploads
from tests.adapters.memory_cloud import MemoryCloud, served, tus_app
from tests.adapters.tus_peer import tus_peer

CONTRACT = Path(__file__).parents[1] / "contract"
SECRET = "not-to-be-seen-anywhere"


def row(clip_id: str = "d1d2d3d4-1111-4222-8333-444455556666") -> ClipRow:
    choice = SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:77aa0000-0000-4000-8000-000000000001", 1772323200000)
    camera = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
    captured = "2026-03-01T00:09:55.000Z"
    return ClipRow(
        clip_id, camera, MediaKind.CLIP, ClipReason.MOTION, RowPhase.RECORDING, choice, captured, True, "clip.mp4"
    )


# --- wrong answers


@dataclass
class Answer:
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


def app_that_says(answer: Answer) -> web.Application:
    async def say(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=answer.status, headers=dict(answer.headers), body=answer.body)

    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", say)
    return app


def problem(code: str) -> bytes:
    return json.dumps({"type": "about:blank", "title": "No", "status": 403, "code": code, "detail": "Why."}).encode()


async def answered(cloud: CloudHttp, call: str) -> str:
    uploads, url = TusUploads(cloud), cloud.locate("/files/1")
    if call == "create":
        return await uploads.create(row())
    if call == "offset":
        return str(await uploads.offset(url))
    if call == "append":
        return str(await uploads.append(url, 10, b"12345", None))
    if call == "status":
        return (await uploads.status("clip")).disposition
    await uploads.terminate(url)
    return "done"


async def outcome(base: str, call: str) -> str:
    cloud = CloudHttp(base, f"module.{SECRET}", longest_call_s=5)
    try:
        return await answered(cloud, call)
    except TryLater as error:
        after = "" if error.after_s is None else f", in {error.after_s:.0f} s"
        return f"later{after}" if SECRET not in str(error) else "the secret was told"
    except Refused as error:
        return error.code
    finally:
        await cloud.close()


@pytest.mark.parametrize(
    ("call", "answer", "means"),
    [
        ("create", Answer(500), "later"),
        ("create", Answer(507, (("Retry-After", "30"),), problem("cloud_full")), "later, in 30 s"),
        ("create", Answer(429, (("Retry-After", "7"),)), "later, in 7 s"),
        ("create", Answer(401), "later"),
        ("create", Answer(302, (("Location", "http://127.0.0.1:1/login"),)), "later"),
        ("create", Answer(200, (), b"<html>Log in to the hotel</html>"), "later"),
        ("create", Answer(404, (), b"<html>no such page</html>"), "later"),
        ("create", Answer(201), "later"),
        ("create", Answer(201, (("Location", "http://[nowhere/files/1"),)), "later"),
        ("create", Answer(201, (("Location", "http://cloud:99999999/files/1"),)), "later"),
        ("create", Answer(403, (), problem("not_entitled")), "not_entitled"),
        ("create", Answer(403, (), problem("camera_unknown")), "camera_unknown"),
        ("create", Answer(410, (), problem("clip_finished")), "clip_finished"),
        ("offset", Answer(404), "upload_gone"),
        ("offset", Answer(410), "upload_gone"),
        ("offset", Answer(200), "later"),
        ("offset", Answer(200, (("Upload-Offset", "-1"),)), "later"),
        ("offset", Answer(200, (("Upload-Offset", "many"),)), "later"),
        ("offset", Answer(200, (("Upload-Offset", "9" * 5000),)), "later"),
        ("offset", Answer(503, (("Retry-After", "1"),)), "later, in 1 s"),
        ("append", Answer(204, (("Upload-Offset", "99"),)), "later"),
        ("append", Answer(204, (("Upload-Offset", "9"),)), "later"),
        ("append", Answer(204), "later"),
        ("append", Answer(204, (("Upload-Offset", "15"),)), "15"),
        ("append", Answer(204, (("Upload-Offset", "12"),)), "12"),
        ("append", Answer(409), "offset_mismatch"),
        ("append", Answer(410), "upload_gone"),
        ("append", Answer(460), "checksum_mismatch"),
        ("append", Answer(412), "tus_version"),
        ("append", Answer(415), "wrong_content_type"),
        ("append", Answer(423), "later"),
        ("append", Answer(413, (), problem("clip_too_long")), "clip_too_long"),
        ("append", Answer(413), "too_large"),
        ("append", Answer(400, (), problem("upload_broken")), "later"),
        ("append", Answer(404, (), problem("upload_unknown")), "upload_gone"),
        ("status", Answer(404, (), problem("clip_unknown")), "unknown"),
        ("status", Answer(404, (), b"nothing here"), "later"),
        ("status", Answer(200, (), b"<html>"), "later"),
        ("status", Answer(200, (), b'{"disposition": "melted"}'), "later"),
        ("status", Answer(200, (), b'{"disposition": "held", "size": 1, "sha256": "short"}'), "later"),
        ("status", Answer(200, (), (CONTRACT / "clip_status_v1.json").read_bytes()), "held"),
        ("terminate", Answer(404), "done"),
        ("terminate", Answer(204), "done"),
        ("terminate", Answer(502), "later"),
    ],
)
async def test_an_answer_means_later_or_a_word_and_never_a_loss(call: str, answer: Answer, means: str) -> None:
    async with served(app_that_says(answer)) as base:
        assert await outcome(base, call) == means


@pytest.mark.parametrize("call", ["create", "offset", "append", "status", "terminate"])
async def test_a_cloud_that_is_not_there_means_later(call: str) -> None:
    assert await outcome("http://127.0.0.1:1", call) == "later"


async def test_an_answer_without_an_end_is_cut_off() -> None:
    async with served(app_that_says(Answer(200, (), b" " * (2 << 20)))) as base:
        assert await outcome(base, "status") == "later"


async def test_the_bearer_is_only_ever_sent_to_the_cloud_itself() -> None:
    """A Location on another host is read as a path of the cloud; a stored URL of another origin is an upload gone."""
    stranger = Answer(201, (("Location", "http://stranger.example:99/files/7?a=b"),))
    async with served(app_that_says(stranger)) as base:
        assert await outcome(base, "create") == f"{base}/files/7?a=b"
        cloud = CloudHttp(base, "module.secret")
        with pytest.raises(Refused) as caught:
            await TusUploads(cloud).offset("http://stranger.example:99/files/7")
        await cloud.close()
    assert caught.value.code == "upload_gone"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "Sun, 01 Mar 2026 00:02:00 GMT", "Date": "Sun, 01 Mar 2026 00:00:30 GMT"}, 90.0),
        ({"Retry-After": "Sun, 01 Mar 2026 00:00:00 GMT", "Date": "Sun, 01 Mar 2026 00:00:30 GMT"}, 0.0),
        ({"Retry-After": "Sun, 01 Mar 2026 00:02:00 GMT"}, None),
        ({"Retry-After": "Sun, 01 Mar 2026 00:02:00 -0000", "Date": "Sun, 01 Mar 2026 00:00:30 GMT"}, 90.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers) == seconds


def test_the_metadata_are_those_of_the_golden_document() -> None:
    golden: dict[str, Any] = json.loads((CONTRACT / "upload_metadata_v1.json").read_text())
    assert metadata_of(row()) == golden


# --- the contract, on three clouds


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with tus_peer(tmp_path_factory.mktemp("tus")) as base:
        yield base


@pytest.fixture(params=["memory", "memory over HTTP", "reference tus server"])
async def uploads(request: pytest.FixtureRequest) -> AsyncIterator[Uploads]:
    memory = MemoryCloud()
    if request.param == "memory":
        yield memory
    elif request.param == "memory over HTTP":
        async with served(tus_app(memory)) as base:
            cloud = CloudHttp(base, "module.secret")
            yield TusUploads(cloud)
            await cloud.close()
    else:
        cloud = CloudHttp(request.getfixturevalue("reference"), "module.secret")
        yield TusUploads(cloud)
        await cloud.close()


async def refusal(uploads: Uploads, url: str, offset: int) -> str:
    with pytest.raises(AgentError) as caught:
        await uploads.append(url, offset, b"more", None)
    assert isinstance(caught.value, Refused)
    return caught.value.code


async def test_an_upload_that_never_was_is_gone(uploads: Uploads) -> None:
    url = await uploads.create(row())
    with pytest.raises(Refused) as caught:
        await uploads.offset(url + "0")
    assert caught.value.code == "upload_gone"
    assert await refusal(uploads, url + "0", 0) == "upload_gone"


async def test_bytes_at_the_wrong_offset_are_refused_and_change_nothing(uploads: Uploads) -> None:
    url = await uploads.create(row())
    assert await uploads.append(url, 0, b"12345", None) == 5
    assert await refusal(uploads, url, 3) == "offset_mismatch"
    assert await refusal(uploads, url, 7) == "offset_mismatch"
    assert await uploads.offset(url) == 5


async def test_a_terminated_upload_is_gone_and_a_second_time_is_no_error(uploads: Uploads) -> None:
    url = await uploads.create(row())
    await uploads.append(url, 0, b"12345", None)
    await uploads.terminate(url)
    await uploads.terminate(url)
    with pytest.raises(Refused) as caught:
        await uploads.offset(url)
    assert caught.value.code == "upload_gone"


async def test_a_clip_travels_while_it_grows_and_its_length_comes_last(uploads: Uploads) -> None:
    url = await uploads.create(row())
    assert await uploads.offset(url) == 0
    assert await uploads.append(url, 0, b"a" * 1000, None) == 1000
    assert await uploads.append(url, 1000, b"b" * 500, None) == 1500
    assert await uploads.offset(url) == 1500
    assert await uploads.append(url, 1500, b"c" * 20, 1520) == 1520


async def test_the_length_can_come_after_the_last_byte(uploads: Uploads) -> None:
    url = await uploads.create(row())
    assert await uploads.append(url, 0, b"a" * 1000, None) == 1000
    assert await uploads.append(url, 1000, b"", 1000) == 1000


async def test_the_reference_server_holds_the_bytes_that_were_sent(reference: str) -> None:
    """A client that starts again in the middle (a new session, HEAD, then on) leaves the same bytes there."""
    content = bytes(range(256)) * 4000
    cloud = CloudHttp(reference, "module.secret")
    url = await TusUploads(cloud).create(row())
    for start in range(0, 600_000, 200_000):
        await TusUploads(cloud).append(url, start, content[start : start + 200_000], None)
    await cloud.close()
    cloud = CloudHttp(reference, "module.secret")
    again = TusUploads(cloud)
    reached = await again.offset(url)
    assert reached == 600_000
    assert await again.append(url, reached, content[reached:], len(content)) == len(content)
    await cloud.close()
    async with aiohttp.ClientSession() as session, session.get(f"{reference}/held/{url.rsplit('/', 1)[1]}") as response:
        held = await response.json()
    assert held == {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


# --- the rules of our own cloud that tus says nothing about


@pytest.fixture(params=["memory", "memory over HTTP"])
async def our_cloud(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Uploads, MemoryCloud]]:
    memory = MemoryCloud()
    if request.param == "memory":
        yield memory, memory
    else:
        async with served(tus_app(memory)) as base:
            cloud = CloudHttp(base, "module.secret")
            yield TusUploads(cloud), memory
            await cloud.close()


async def test_the_same_clip_again_is_the_same_upload(our_cloud: tuple[Uploads, MemoryCloud]) -> None:
    uploads, _ = our_cloud
    url = await uploads.create(row())
    await uploads.append(url, 0, b"123", None)
    assert await uploads.create(row()) == url
    assert await uploads.create(row("another")) != url


async def test_a_clip_that_was_taken_whole_is_not_taken_again(our_cloud: tuple[Uploads, MemoryCloud]) -> None:
    uploads, _ = our_cloud
    url = await uploads.create(row())
    await uploads.append(url, 0, b"123", 3)
    with pytest.raises(Refused) as caught:
        await uploads.create(row())
    assert caught.value.code == "clip_finished"


async def test_the_status_names_size_and_hash_once_the_clip_is_whole(our_cloud: tuple[Uploads, MemoryCloud]) -> None:
    uploads, memory = our_cloud
    assert (await uploads.status(row().clip_id)).disposition == "unknown"
    url = await uploads.create(row())
    await uploads.append(url, 0, b"12", None)
    assert (await uploads.status(row().clip_id)).disposition == "partial"
    await uploads.append(url, 2, b"3", 3)
    found = await uploads.status(row().clip_id)
    assert (found.disposition, found.size_bytes) == ("held", 3)
    assert found.sha256 == hashlib.sha256(b"123").hexdigest()
    for word in ("evicted", "deleted", "expired"):
        memory.end(row().clip_id, word)
        assert (await uploads.status(row().clip_id)).disposition == word


async def test_a_refusal_keeps_the_clouds_word(our_cloud: tuple[Uploads, MemoryCloud]) -> None:
    uploads, memory = our_cloud
    memory.refuse[row().clip_id] = "not_entitled"
    with pytest.raises(Refused) as caught:
        await uploads.create(row())
    assert caught.value.code == "not_entitled"
