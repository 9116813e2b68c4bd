"""Clients that others wrote upload to our server: aiotus, tuspy and tus-js-client, as clips and as any bytes."""

import asyncio
import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiotus
import pytest
import pytest_asyncio
from aiohttp import web
from tusclient.client import TusClient

from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.domain.records import Disposition, Module
from cloud_stub.flow.bytes_to_upload import BytesToUpload
from cloud_stub.web.tus_routes import TusRoutes
from tests.adapters.cloud_media.media import make_clip
from tests.flow.cloud_media.rig import MODULE, START, clip_uuid, metadata_of
from tests.web.tus.conftest import Server, bearer
from tests.web.tus.free_uploads import FreeUploads

PACKAGE = "tus-js-client@4.3.1"
SCRIPT = Path(__file__).with_name("tus_client.mjs")
CLIP = make_clip(seconds=3)
BYTES = random.Random(7).randbytes(9_000_001)  # noqa: S311 - content, not a secret
NOBODY = Module(MODULE, "a", "n", "m", "s", START, None, online=True, session=1, state=None, state_at=None)


@dataclass(frozen=True)
class Job:
    """One file to send."""

    endpoint: str
    path: Path
    metadata: dict[str, str]


async def send_with_aiotus(job: Job) -> None:
    metadata = {key: value.encode() for key, value in job.metadata.items()}
    chunk = max(1, min(1_000_000, job.path.stat().st_size // 3))  # aiohttp warns of larger bodies in memory
    url = await aiotus.upload(
        job.endpoint, io.BytesIO(job.path.read_bytes()), metadata, headers=bearer(), chunksize=chunk
    )
    assert url is not None


async def send_with_tuspy(job: Job) -> None:
    def send() -> None:
        client = TusClient(job.endpoint, headers=bearer())
        chunk = max(1, job.path.stat().st_size // 3)
        with job.path.open("rb") as stream:
            uploader = client.uploader(
                file_stream=stream, chunk_size=chunk, metadata=job.metadata, upload_checksum=True
            )
            uploader.upload_chunk()  # type: ignore[no-untyped-call] # tuspy has no types
            again = client.uploader(file_stream=stream, url=uploader.url, chunk_size=chunk, upload_checksum=True)
            again.upload()

    await asyncio.to_thread(send)


def npm_folder() -> Path:
    """Return a folder with tus-js-client, installed once below the environment that runs the tests."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("tus-js-client needs node and npm: apt-get install nodejs npm")
    folder = Path(sys.prefix) / "npm-tus-client"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), PACKAGE]
        done = subprocess.run(command, check=False, capture_output=True, timeout=90)
        if done.returncode != 0:
            pytest.skip("npm could not install tus-js-client: is the network away?")
        (folder / "ready").touch()
    return folder


async def send_with_tus_js(job: Job) -> None:
    folder = await asyncio.to_thread(npm_folder)
    arguments = (str(SCRIPT), str(folder), job.endpoint, str(job.path), json.dumps(bearer()), json.dumps(job.metadata))
    process = await asyncio.create_subprocess_exec("node", *arguments, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(60):
            _, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, complaints.decode()


Send = Callable[[Job], Awaitable[None]]
CLIENTS = pytest.mark.parametrize(
    "send", [send_with_aiotus, send_with_tuspy, send_with_tus_js], ids=["aiotus", "tuspy", "tus-js-client"]
)


@CLIENTS
async def test_a_client_uploads_a_clip_in_pieces_and_it_is_held(server: Server, send: Send, tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(CLIP)
    await send(Job(server.url + "/files/", path, metadata_of(clip_uuid(1), START)))
    clip = await server.rig.clip(1)
    assert (clip.disposition, clip.sha256) == (Disposition.HELD, hashlib.sha256(CLIP).hexdigest())


@dataclass
class FreeServer:
    """A server for any bytes."""

    url: str
    keeper: FreeUploads
    staging: FileStaging


@pytest_asyncio.fixture
async def free(tmp_path: Path) -> AsyncIterator[FreeServer]:
    staging = FileStaging(tmp_path / "free", reserve_bytes=0)
    staging.prepare()
    keeper = FreeUploads()

    async def anybody(_request: web.Request) -> Module:
        return NOBODY

    app = web.Application()
    TusRoutes(BytesToUpload(keeper, staging), anybody).add_to(app)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield FreeServer(f"http://127.0.0.1:{runner.addresses[0][1]}/files/", keeper, staging)
    await runner.cleanup()


@CLIENTS
@pytest.mark.parametrize("data", [BYTES, b"x"], ids=["9 MB", "1 byte"])
async def test_a_client_uploads_any_bytes(free: FreeServer, send: Send, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "any"
    path.write_bytes(data)
    await send(Job(free.url, path, {"filename": "any"}))
    (upload,) = free.keeper.uploads.values()
    assert (upload.finished, upload.offset) == (True, len(data))
    assert await free.staging.sha256(upload.upload_id) == hashlib.sha256(data).hexdigest()
