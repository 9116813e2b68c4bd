"""Segments beyond the window: what stays first, then what goes, from the spool and from the drive (R140)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.domain.clip import ClipReason, ClipRow, RowPhase
from agent.domain.lease import Storage
from agent.flow.segments_to_window import SegmentsToWindow
from tests.flow.keeping import CAMERA, Module, module, video

DAY_S = 86_400.0


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Module]:
    async with module(tmp_path) as made:
        lease(made, "plan", 7)
        yield made


def lease(home: Module, cover: str, days: int | None) -> None:
    taken = home.take_lease(cover)
    camera = taken.cameras[CAMERA]
    storage = Storage(camera.storage.kind, days)
    home.board.link.lease = replace(
        taken,
        cameras={CAMERA: replace(camera, storage=storage)},
        expires_at_s=taken.expires_at_s + 40 * 86_400,
        grace_until_s=taken.grace_until_s + 40 * 86_400,
    )


async def segment(
    home: Module, age_days: float, reason: ClipReason = ClipReason.CONTINUOUS, *, trusted: bool = True
) -> str:
    at = home.clock.now() - timedelta(days=age_days)
    clip = await home.keeper.open(CAMERA, reason, at, video()[0], clock_trusted=trusted)
    await clip.write(video()[1])
    await clip.close()
    return clip.clip_id


def window(home: Module) -> SegmentsToWindow:
    return SegmentsToWindow(ledger=home.ledger, moves=home.moves, clock=home.clock, board=home.board)


async def row(home: Module, clip_id: str) -> ClipRow:
    return await home.row(clip_id)


async def test_what_is_no_segment_or_young_or_of_an_unknown_time_stays(home: Module) -> None:
    kept = [
        await segment(home, 6.9),
        await segment(home, 30.0, ClipReason.MOTION),
        await segment(home, 30.0, trusted=False),
    ]
    await window(home).step()
    assert [(await row(home, clip_id)).phase for clip_id in kept] == [RowPhase.SPOOLED] * 3


@pytest.mark.parametrize("why", ["no lease", "no window", "in hand"])
async def test_without_a_known_window_nothing_goes(home: Module, why: str) -> None:
    clip_id = await segment(home, 30.0)
    if why == "no lease":
        home.board.link.lease = None
    elif why == "no window":
        lease(home, "plan", None)
    else:
        await home.moves.take_in_hand(clip_id)
    await window(home).step()
    assert (await row(home, clip_id)).phase is RowPhase.SPOOLED


async def test_a_segment_that_still_waits_goes_with_its_file_and_leaves_a_tombstone(home: Module) -> None:
    clip_id = await segment(home, 7.1)
    await window(home).step()
    gone = await row(home, clip_id)
    assert (gone.phase, gone.lost_because, gone.path) == (RowPhase.LOST, "window_over", None)
    assert await home.spool_is_empty()
    assert await home.findings() == []


async def test_power_that_goes_after_the_mark_leaves_a_delete_that_the_next_start_finishes(tmp_path: Path) -> None:
    async with module(tmp_path) as first:
        lease(first, "plan", 7)
        clip_id = await segment(first, 7.1)

        async def cut(_path: str) -> None:
            raise KeyboardInterrupt

        first.files.delete = cut  # type: ignore[assignment,method-assign] # the power goes between the mark and the unlink
        with pytest.raises(KeyboardInterrupt):
            await window(first).step()
    async with module(tmp_path) as again:
        await again.recover()
        gone = await row(again, clip_id)
        assert (gone.phase, gone.lost_because, gone.path) == (RowPhase.LOST, "window_over", None)
        assert await again.spool_is_empty()


async def test_a_segment_on_the_drive_leaves_it(home: Module) -> None:
    lease(home, "local", 7)
    await home.watcher.step()
    clip_id = await segment(home, 6.5)
    await home.copier.step()
    stored = await row(home, clip_id)
    assert stored.phase is RowPhase.STORED_USB
    assert stored.usb_path is not None
    assert (home.control.root / stored.usb_path).exists()
    await home.clock.advance(DAY_S)
    await window(home).step()
    await home.copier.step()
    gone = await row(home, clip_id)
    assert (gone.phase, gone.lost_because, gone.usb_path) == (RowPhase.LOST, "window_over", None)
    assert not (home.control.root / stored.usb_path).exists()
    assert await home.findings() == []
