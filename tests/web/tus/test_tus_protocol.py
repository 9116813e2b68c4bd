"""tus 1.0.0 over the wire, rule by rule: what every answer carries, what is refused and how."""

import asyncio
import base64
import hashlib
import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from cloud_stub.flow.upload_to_clip import UploadLimits
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import OTHER_MODULE, START, clip_uuid, encoded, metadata_of
from tests.web.tus.conftest import Server, bearer

CLIP = make_clip(seconds=3)
OCTETS = {"Content-Type": "application/offset+octet-stream"}
GOLDEN = json.loads((Path(__file__).parents[2] / "contract" / "problem_v1.json").read_text())


def saying(more: dict[str, str] | None = None, number: int = 1) -> dict[str, str]:
    return {"Upload-Metadata": encoded(metadata_of(clip_uuid(number), START)), **(more or {})}


def checksum(data: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


async def created(server: Server, number: int = 1, length: int | None = None) -> str:
    more = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
    async with server.http.post(server.url + "/files/", headers=saying(more, number)) as answer:
        assert answer.status == 201
        return answer.headers["Location"]


async def patch(server: Server, url: str, data: bytes, offset: int, **headers: str) -> ClientResponse:
    said = OCTETS | {"Upload-Offset": str(offset)} | headers
    async with server.http.patch(url, data=data, headers=said) as answer:
        await answer.read()
        return answer


async def code_of(answer: ClientResponse) -> str:
    document = await answer.json(content_type="application/problem+json")
    assert set(document) == set(GOLDEN)
    assert document["status"] == answer.status
    return str(document["code"])


async def test_options_needs_no_log_in_and_names_what_is_spoken(server: Server) -> None:
    async with server.owner.options(server.url + "/files/") as answer:
        assert answer.status == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert set(answer.headers["Tus-Extension"].split(",")) == {
            "creation",
            "creation-with-upload",
            "creation-defer-length",
            "checksum",
            "expiration",
            "termination",
        }
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
        assert answer.headers["Tus-Max-Size"] == str(UploadLimits().max_bytes)


@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
async def test_another_version_is_412_with_ours_and_nothing_happens(server: Server, method: str) -> None:
    url = await created(server)
    headers = {"Tus-Resumable": "0.2.2", "Upload-Offset": "0", **OCTETS}
    target = server.url + "/files/" if method == "POST" else url
    async with server.http.request(method, target, headers=headers, data=None) as answer:
        assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")
    async with server.http.head(url) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (200, "0")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code"),
    [
        ("POST", "/files/", {"Upload-Defer-Length": "1"}, 400, "bad_metadata"),
        ("POST", "/files/", saying(), 400, "tus_request"),
        ("POST", "/files/", saying({"Upload-Length": str(2 << 30)}), 413, "too_large"),
        ("POST", "/files/", {"Authorization": "Bearer x.y", **saying()}, 401, "module_unknown"),
        ("PATCH", "/files/", {}, 405, "method_not_allowed"),
        ("GET", "/files/x", {}, 405, "method_not_allowed"),
        ("PATCH", "/files/x", {"Upload-Offset": "0"}, 415, "wrong_content_type"),
        ("PATCH", "/files/x", {"Upload-Offset": "0", **OCTETS}, 404, "upload_unknown"),
        ("DELETE", "/files/x", {}, 404, "upload_unknown"),
        ("DELETE", "/files/..%2f..%2fetc", {}, 404, "upload_unknown"),
    ],
)
async def test_a_refusal_is_a_problem_document_that_speaks_tus(
    server: Server, method: str, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    if "Upload-Length" in headers:
        headers = {key: value for key, value in headers.items() if key != "Upload-Defer-Length"}
    async with server.http.request(method, server.url + path, headers={"Content-Length": "0"} | headers) as answer:
        assert (answer.status, answer.headers["Tus-Resumable"]) == (status, "1.0.0")
        assert await code_of(answer) == code


async def test_head_says_offset_length_and_metadata_and_is_never_stored(server: Server) -> None:
    url = await created(server)
    async with server.http.head(url) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Upload-Defer-Length"] == "1"
        assert answer.headers["Upload-Metadata"] == saying()["Upload-Metadata"]
        assert "Upload-Length" not in answer.headers
    assert (await patch(server, url, CLIP[:10], 0, **{"Upload-Length": str(len(CLIP))})).status == 204
    async with server.http.head(url) as answer:
        assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("10", str(len(CLIP)))
        assert "Upload-Defer-Length" not in answer.headers


async def test_a_head_of_what_is_not_there_has_no_offset(server: Server) -> None:
    async with server.http.head(server.url + "/files/nothing") as answer:
        assert answer.status == 404
        assert "Upload-Offset" not in answer.headers


async def test_another_modules_upload_is_not_there(server: Server) -> None:
    url = await created(server)
    for method in ("HEAD", "DELETE"):
        async with server.http.request(method, url, headers=bearer(OTHER_MODULE)) as answer:
            assert answer.status == 404


async def test_a_wrong_offset_is_409_and_changes_nothing(server: Server) -> None:
    url = await created(server)
    assert (await patch(server, url, CLIP[:10], 5)).status == 409
    assert (await patch(server, url, CLIP[:10], 0)).status == 204
    assert (await patch(server, url, CLIP[:10], 0)).status == 409
    async with server.http.head(url) as answer:
        assert answer.headers["Upload-Offset"] == "10"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_checksum_that_fits_is_taken_and_one_that_does_not_is_460(server: Server, algorithm: str) -> None:
    url = await created(server)
    wrong = checksum(b"other", algorithm)
    assert (await patch(server, url, CLIP[:100], 0, **wrong)).status == 460
    assert (await patch(server, url, CLIP[:100], 0, **{"Upload-Checksum": "md5 AA=="})).status == 400
    answer = await patch(server, url, CLIP[:100], 0, **checksum(CLIP[:100], algorithm))
    assert (answer.status, answer.headers["Upload-Offset"]) == (204, "100")


async def test_creation_with_upload_takes_the_body_and_says_how_far(server: Server) -> None:
    headers = saying({"Upload-Length": str(len(CLIP))}) | OCTETS | checksum(CLIP[:4000])
    async with server.http.post(server.url + "/files/", headers=headers, data=CLIP[:4000], expect100=True) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "4000")
        url = answer.headers["Location"]
    assert (await patch(server, url, CLIP[4000:], 4000)).status == 204
    assert (await server.rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


async def test_creation_with_bytes_of_another_type_is_415(server: Server) -> None:
    headers = saying({"Upload-Defer-Length": "1", "Content-Type": "text/plain"})
    async with server.http.post(server.url + "/files/", headers=headers, data=b"x") as answer:
        assert answer.status == 415


async def test_the_same_clip_again_is_the_same_location(server: Server) -> None:
    assert await created(server) == await created(server)
    assert await created(server) != await created(server, 2)


async def test_every_answer_says_until_when_and_the_date_moves_on_with_the_bytes(server: Server) -> None:
    async with server.http.post(server.url + "/files/", headers=saying({"Upload-Defer-Length": "1"})) as answer:
        first = parsedate_to_datetime(answer.headers["Upload-Expires"])
        url = answer.headers["Location"]
    assert first == START + UploadLimits().expires_after
    server.rig.real_now += UploadLimits().expires_after / 2
    answer = await patch(server, url, CLIP[:10], 0)
    assert parsedate_to_datetime(answer.headers["Upload-Expires"]) > first
    server.rig.real_now += UploadLimits().expires_after
    assert (await patch(server, url, CLIP[10:20], 10)).status == 410


async def test_a_terminated_upload_is_gone(server: Server) -> None:
    url = await created(server)
    async with server.http.delete(url) as answer:
        assert answer.status == 204
    for method in ("HEAD", "DELETE"):
        async with server.http.request(method, url) as answer:
            assert answer.status == 410


async def test_the_method_may_be_named_in_a_header(server: Server) -> None:
    url = await created(server)
    headers = {"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", **OCTETS}
    async with server.http.post(url, data=CLIP[:10], headers=headers) as answer:
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, "10")


async def test_a_body_beyond_the_stated_length_is_413(server: Server) -> None:
    url = await created(server, length=100)
    assert (await patch(server, url, CLIP[:101], 0)).status == 413

    async def chunks() -> object:
        yield CLIP[:60]
        yield CLIP[60:120]

    headers = OCTETS | {"Upload-Offset": "0"}
    async with server.http.patch(url, data=chunks(), headers=headers) as answer:
        assert answer.status == 413


async def test_an_empty_patch_may_state_the_length_of_a_deferred_upload_and_so_end_it(server: Server) -> None:
    url = await created(server)
    assert (await patch(server, url, CLIP, 0)).status == 204
    assert (await patch(server, url, b"", len(CLIP), **{"Upload-Length": str(len(CLIP))})).status == 204
    async with server.http.get(f"{server.url}/api/v1/module/clips/{clip_uuid(1)}") as answer:
        status = await answer.json()
    golden = json.loads((Path(__file__).parents[2] / "contract" / "clip_status_v1.json").read_text())
    assert set(status) == set(golden)
    assert (status["disposition"], status["sha256"]) == ("held", hashlib.sha256(CLIP).hexdigest())
    assert (await patch(server, url, b"", len(CLIP))).status == 204, "a repeated last request changes nothing"


async def raw_patch(server: Server, url: str, body: bytes, said: int, extra: str = "") -> tuple[object, ...]:
    """Open a connection and send a PATCH whose body is shorter than it says."""
    port = int(server.url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    path = url.removeprefix(server.url)
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
        f"Authorization: {bearer()['Authorization']}\r\nContent-Type: application/offset+octet-stream\r\n"
        f"{extra}Content-Length: {said}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    return reader, writer


async def offset_within(server: Server, url: str, wanted: str) -> str:
    """Return the offset once no request writes the upload any more and it is `wanted`, or what it was last."""
    offset = ""
    for _ in range(200):
        async with server.http.head(url) as answer:
            offset = answer.headers["Upload-Offset"]
        if offset == wanted and not server.rig.flows.uploads.busy(url.rsplit("/", 1)[1]):
            break
    return offset


@pytest.mark.parametrize(("extra", "kept"), [("", "3000"), ("checksum", "0")])
async def test_a_connection_cut_in_a_body_keeps_what_came_unless_it_had_a_checksum(
    server: Server, extra: str, kept: str
) -> None:
    url = await created(server)
    line = f"Upload-Checksum: {checksum(CLIP)['Upload-Checksum']}\r\n" if extra else ""
    _, writer = await raw_patch(server, url, CLIP[:3000], len(CLIP), line)
    while await server.rig.staging.size(url.rsplit("/", 1)[1]) < 3000:
        await asyncio.to_thread(int)
    writer.transport.abort()  # type: ignore[attr-defined] # a StreamWriter
    assert await offset_within(server, url, kept) == kept
    offset = int(kept)
    answer = await patch(server, url, CLIP[offset:], offset, **{"Upload-Length": str(len(CLIP))})
    assert answer.status == 204
    assert (await server.rig.clip(1)).sha256 == hashlib.sha256(CLIP).hexdigest()


async def test_a_body_that_stands_still_ends_with_408_keeps_what_came_and_others_are_423_meanwhile(
    server: Server,
) -> None:
    url = await created(server)
    reader, writer = await raw_patch(server, url, CLIP[:3000], len(CLIP))
    while await server.rig.staging.size(url.rsplit("/", 1)[1]) < 3000:
        await asyncio.to_thread(int)
    assert (await patch(server, url, CLIP[:10], 0)).status == 423
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")  # type: ignore[attr-defined] # a StreamReader
    writer.close()  # type: ignore[attr-defined] # a StreamWriter
    assert await offset_within(server, url, "3000") == "3000"


async def test_a_fault_is_500_without_details(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object) -> None:
        message = "secret details"
        raise RuntimeError(message)

    monkeypatch.setattr(server.rig.flows.status.__class__, "status", fails)
    async with server.http.get(f"{server.url}/api/v1/module/clips/x") as answer:
        assert answer.status == 500
        text = await answer.text()
        assert (await code_of(answer), "secret" in text) == ("internal", False)
    async with server.http.get(server.url + "/nowhere") as answer:
        assert await code_of(answer) == "not_found"
    async with server.http.post(f"{server.url}/api/v1/module/clips/x") as answer:
        assert (await code_of(answer), answer.headers["Allow"]) == ("method_not_allowed", "GET,HEAD")
