"""The module's keeping against the cloud's own uploads, over HTTP: neither side knows the other's code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from agent.adapters.cloud_http import CloudHttp
from agent.adapters.uploads_tus import TusUploads
from agent.domain.clip import ClipRow, RowPhase, Sink
from agent.flow.spool_to_cloud import SpoolToCloud
from cloud_stub.domain.records import ClipPhase
from cloud_stub.web.module_auth import module_from_request
from cloud_stub.web.module_clip_routes import ModuleClipRoutes
from cloud_stub.web.tus_routes import TusRoutes
from tests.adapters.memory_cloud import served
from tests.flow.cloud_media.rig import MODULE, SECRETS, SEQ, Rig, open_rig
from tests.flow.keeping import Module, module, video


def cloud_app(rig: Rig) -> web.Application:
    app = web.Application()
    who = module_from_request(rig.records)
    TusRoutes(rig.flows.uploads, who).add_to(app)
    ModuleClipRoutes(rig.flows.status, rig.flows.photos, who).add_to(app)
    return app


@asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[Module, Rig, TusUploads]]:
    """Open a module whose sender speaks to a real cloud; the lease is the golden one, a trial."""
    async with open_rig(folder / "cloud") as rig, served(cloud_app(rig)) as base, module(folder / "module") as kept:
        rig.now = rig.real_now = kept.clock.now() + timedelta(minutes=1)
        http = CloudHttp(base, f"{MODULE}.{SECRETS[MODULE]}")
        uploads = TusUploads(http)
        kept.sender = sender_of(kept, uploads)
        lease = kept.take_lease("trial")
        kept.board.link.lease = replace(lease, seq=SEQ)
        try:
            yield kept, rig, uploads
        finally:
            await http.close()


def sender_of(kept: Module, uploads: TusUploads) -> SpoolToCloud:
    return SpoolToCloud(
        ledger=kept.ledger,
        files=kept.files,
        uploads=uploads,
        moves=kept.moves,
        clock=kept.clock,
        board=kept.board,
        jitter=lambda: 1.0,
        piece_bytes=4000,
    )


async def clip_in_cloud(rig: Rig, clip_id: str) -> tuple[ClipPhase, int, str | None]:
    async with rig.records.reading() as transaction:
        clip = await transaction.clips.get(MODULE, clip_id)
    assert clip is not None
    return clip.phase, clip.size_bytes, clip.sha256


async def settled(kept: Module, row: ClipRow) -> ClipRow:
    await kept.send_all()
    return await kept.row(row.clip_id)


@pytest.mark.parametrize("changes", [{"camera_id": "c0a80101-0000-4000-8000-000000000009"}, {"lease_seq": 5}])
async def test_a_clip_that_the_cloud_does_not_owe_is_held(tmp_path: Path, changes: dict[str, str | int]) -> None:
    async with both(tmp_path) as (kept, _, _):
        row = await kept.record()
        if "camera_id" in changes:
            row = replace(row, camera_id=str(changes["camera_id"]))
        else:
            row = replace(row, choice=replace(row.choice, lease_seq=int(changes["lease_seq"])))
        await kept.ledger.update(row)
        held = await settled(kept, row)
        assert (held.phase, held.refused_seq) == (RowPhase.HELD, row.choice.lease_seq)
        assert held.path is not None


async def test_a_clip_travels_while_it_grows_and_ends_in_the_cloud_alone(tmp_path: Path) -> None:
    async with both(tmp_path) as (kept, rig, uploads):
        clip = await kept.open()
        await clip.write(video()[1][:25])
        await kept.send_all()
        assert (await uploads.status(clip.clip_id)).disposition == "partial"
        await clip.write(video()[1][25:])
        await clip.close()
        row = await settled(kept, await kept.row(clip.clip_id))
        assert (row.phase, row.choice.sink, row.path) == (RowPhase.STORED_CLOUD, Sink.CLOUD, None)
        assert await clip_in_cloud(rig, clip.clip_id) == (ClipPhase.HELD, row.size_bytes, row.sha256)
        assert await kept.spool_is_empty()
        assert await kept.findings() == []


@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_a_sender_that_forgot_everything_goes_on_and_nothing_is_doubled(tmp_path: Path, steps: int) -> None:
    async with both(tmp_path) as (kept, rig, uploads):
        row = await kept.record()
        for _ in range(steps):
            await kept.sender.step()
        kept.sender = sender_of(kept, uploads)
        await kept.ledger.update(replace(await kept.row(row.clip_id), upload_url=None))
        stored = await settled(kept, row)
        assert stored.phase is RowPhase.STORED_CLOUD
        assert await clip_in_cloud(rig, row.clip_id) == (ClipPhase.HELD, row.size_bytes, row.sha256)


async def test_a_clip_that_was_stored_but_whose_answer_was_lost_is_not_sent_again(tmp_path: Path) -> None:
    async with both(tmp_path) as (kept, _, uploads):
        row = await kept.record()
        await kept.send_all()
        await kept.ledger.update(replace(row, upload_url=None))
        kept.sender = sender_of(kept, uploads)
        assert (await settled(kept, row)).phase is RowPhase.STORED_CLOUD


async def test_a_photo_that_the_lease_does_not_name_waits(tmp_path: Path) -> None:
    async with both(tmp_path) as (kept, _, _):
        await kept.keeper.keep_photo(
            "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1", b"\xff\xd8 \xff\xd9", kept.clock.now(), clock_trusted=True
        )
        await kept.send_all()
        [row] = await kept.ledger.newest(1)
        # The golden lease has no `photo_capture`: the cloud refuses the photo, and it waits instead of getting lost.
        assert (row.phase, row.refused_seq) == (RowPhase.HELD, SEQ)
