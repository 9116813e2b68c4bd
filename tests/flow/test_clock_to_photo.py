"""Periodic photos: when none may be taken, then when one is."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, Storage, StorageKind
from agent.errors import BadInput, Refused, TryLater
from agent.flow.clock_to_photo import ClockToPhoto, PhotoCamera
from agent.flow.status_board import StatusBoard
from tests.flow.test_motion_to_clip import RecordedIntake
from tests.manual_clock import ManualClock

CAMERA = "camera-1"
PERIOD_S = 3600.0


def lease(
    *features: str, ends_in_s: int = 10**6, kind: StorageKind = StorageKind.CLOUD, why: Cover = Cover.PLAN
) -> Lease:
    now_s = int(ManualClock().now().timestamp())
    camera = CameraLease("outdoor", frozenset(features), Storage(kind, 30), why, "plan:1", DriveRole.OFF)
    until_s = now_s + ends_in_s
    return Lease(1, now_s, now_s, until_s, until_s, "account", 60.0, {CAMERA: camera}, "token")


@dataclass
class PhotoIntake(RecordedIntake):
    """Keeps photos."""

    photos: list[tuple[str, bytes, datetime]] = field(default_factory=list)

    async def keep_photo(
        self, camera_id: str, jpeg: bytes, captured_at: datetime, *, clock_trusted: bool
    ) -> str | None:
        if self.fails is not None:
            raise self.fails
        self.photos.append((camera_id, jpeg, captured_at))
        return f"photo-{len(self.photos)}"


class Bench:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.board = StatusBoard()
        self.board.link.lease = lease("photo_capture")
        self.intake = PhotoIntake()
        self.jpeg: bytes | None = b"jpeg"
        self.picture_breaks = False
        self.motion_s: float | None = None
        camera = PhotoCamera(CAMERA, self._latest, lambda: self.motion_s)
        self.album: list[tuple[str, str, bytes, datetime]] = []
        self.flow = ClockToPhoto(
            cameras=lambda: (camera,),
            board=self.board,
            clock=self.clock,
            intake=self.intake,
            period_s=PERIOD_S,
            to_album=self._to_album,
        )

    async def _to_album(self, camera_id: str, photo_id: str, jpeg: bytes, captured_at: datetime) -> None:
        self.album.append((camera_id, photo_id, jpeg, captured_at))

    async def _latest(self, max_width: int) -> bytes | None:
        if self.picture_breaks:
            raise ValueError("a picture that no encoder takes")
        return self.jpeg

    async def periods(self, count: int) -> int:
        task = asyncio.create_task(self.flow.run())
        for _ in range(count):
            await self.clock.advance(PERIOD_S)
        assert not task.done()
        task.cancel()
        return len(self.intake.photos)


@pytest.mark.parametrize(
    "why", ["no lease", "no feature", "other camera", "lease over", "disarmed", "switched off", "no picture"]
)
async def test_no_photo_is_taken(why: str) -> None:
    bench = Bench()
    if why == "no lease":
        bench.board.link.lease = None
    elif why == "no feature":
        bench.board.link.lease = lease("video_history")
    elif why == "other camera":
        bench.board.link.lease = Lease(1, 0, 0, 2**40, 2**40, "account", 60.0, {}, "token")
    elif why == "lease over":
        bench.board.link.lease = lease("photo_capture", ends_in_s=10)
    elif why == "disarmed":
        bench.board.armed = False
    elif why == "switched off":
        bench.board.arming.switched_off = frozenset({CAMERA})
    else:
        bench.jpeg = None
    assert await bench.periods(3) == 0


async def test_a_period_with_an_event_has_no_photo_and_the_next_one_has() -> None:
    bench = Bench()
    bench.motion_s = bench.clock.monotonic() + 1800.0
    assert await bench.periods(2) == 1


async def test_a_photo_that_cannot_be_kept_does_not_end_the_next_ones() -> None:
    bench = Bench()
    bench.intake.fails = TryLater("The disk is full.")
    assert await bench.periods(1) == 0
    bench.intake.fails = None
    assert await bench.periods(1) == 1


async def test_a_picture_that_cannot_be_made_does_not_end_the_next_ones() -> None:
    bench = Bench()
    bench.picture_breaks = True
    assert await bench.periods(1) == 0
    bench.picture_breaks = False
    assert await bench.periods(1) == 1


async def test_one_photo_per_period_while_the_lease_has_the_feature_and_none_after_it_lost_it() -> None:
    bench = Bench()
    assert await bench.periods(3) == 3
    assert bench.intake.photos[0][:2] == (CAMERA, b"jpeg")
    bench.board.link.lease = lease("video_history")
    assert await bench.periods(3) == 3


async def test_the_switch_of_another_camera_keeps_no_photo_from_this_one() -> None:
    bench = Bench()
    bench.board.arming.switched_off = frozenset({"camera-2"})
    assert await bench.periods(1) == 1


async def test_a_camera_with_local_storage_takes_no_photo_and_makes_no_row_of_one() -> None:
    bench = Bench()
    bench.board.link.lease = lease("photo_capture", kind=StorageKind.LOCAL)
    assert await bench.periods(2) == 0
    with pytest.raises(Refused, match="keeps its clips on the drive"):
        await bench.flow.take_now(CAMERA)
    assert bench.intake.photos == []


async def test_a_photo_of_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match="no such camera"):
        await Bench().flow.take_now("unknown")


async def test_a_photo_that_the_lease_does_not_allow_is_refused_and_says_why() -> None:
    bench = Bench()
    bench.board.link.lease = lease("video_history")
    with pytest.raises(Refused, match="this model") as refused:
        await bench.flow.take_now(CAMERA)
    assert refused.value.code == "not_entitled"


@pytest.mark.parametrize("fault", ["no picture", "disk full"])
async def test_a_photo_that_cannot_be_made_or_kept_has_failed(fault: str) -> None:
    bench = Bench()
    if fault == "no picture":
        bench.jpeg = None
    else:
        bench.intake.fails = TryLater("The disk is full.")
    with pytest.raises(Refused) as refused:
        await bench.flow.take_now(CAMERA)
    assert refused.value.code == "failed"


async def test_a_photo_on_demand_asks_neither_arming_nor_the_switch() -> None:
    bench = Bench()
    bench.board.armed = False
    bench.board.arming.switched_off = frozenset({CAMERA})
    await bench.flow.take_now(CAMERA)
    assert len(bench.intake.photos) == 1


async def test_a_periodic_photo_goes_into_the_album_and_one_on_demand_does_not() -> None:
    bench = Bench()
    await bench.flow.take_now(CAMERA)
    assert await bench.periods(1) == 2
    assert bench.album == [(CAMERA, "photo-2", b"jpeg", bench.clock.now())]
