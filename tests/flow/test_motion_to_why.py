"""Events become records beside the recording: a disk that stands still is never waited for."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from agent.domain.motion_why import MotionWhy
from agent.flow.motion_to_why import MOST_WAITING, MotionToWhy
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.vision.motion import MotionReading

READING = MotionReading(
    3.2, moving=True, light_change=False, area=0.02, box=(0.1, 0.2, 0.3, 0.4), score=6.0, threshold=1.0,
    onset_s=3.0, picture=b"jpeg",
)  # fmt: skip


class SlowDisk:
    def __init__(self) -> None:
        self.kept: list[tuple[MotionWhy, bytes | None]] = []
        self.fails = False
        self.all_kept = asyncio.Event()

    async def load(self) -> Sequence[MotionWhy]:
        return []

    async def keep(self, why: MotionWhy, picture: bytes | None) -> Sequence[str]:
        if self.fails:
            raise OSError("full")
        self.kept.append((why, picture))
        if len(self.kept) == MOST_WAITING:
            self.all_kept.set()
        return []

    async def picture(self, event_id: str) -> bytes | None:
        return next((picture for why, picture in self.kept if why.event_id == event_id), None)


def flow() -> tuple[MotionToWhy, SlowDisk]:
    board, disk = StatusBoard(), SlowDisk()
    board.cameras["c1"] = CameraBoard("c1", "Yard", "mini", "emulated", reading=READING)
    return MotionToWhy(board, disk), disk


def event(phase: str, **changes: object) -> dict[str, object]:
    return {
        "event_id": str(uuid4()), "camera_id": "c1", "clip_id": "k1", "phase": phase, "at": "2026-03-01T09:00:00Z",
        "area": 0.02, "box": [0.1, 0.2, 0.3, 0.4], "score": 6.0, "threshold": 1.0, "light_change": False,
        "trigger": "picture", **changes,
    }  # fmt: skip


async def test_what_began_and_ended_is_one_record_with_its_picture() -> None:
    whys, disk = flow()
    started = event("started")
    whys.hear("event/motion", started)
    (why,) = whys.of_clip("k1")
    assert (why.decided_after_s, why.sensitivity) == (0.2, 5)
    assert await whys.picture(why.event_id) == b"jpeg"  # also before the disk has it
    await whys.finish()
    whys.hear("event/motion", event("ended", score=9.0, at="2026-03-01T09:00:07Z"))
    await whys.finish()
    (why,) = whys.of_clip("k1")
    assert (why.event_id, why.peak_score, why.ended_at) == (started["event_id"], 9.0, "2026-03-01T09:00:07Z")
    assert [picture for _, picture in disk.kept] == [b"jpeg", None]


async def test_the_record_says_the_sensitivity_of_the_picture_that_decided_else_that_in_force() -> None:
    """The owner may have changed it between that picture and now; a sensor beside the camera has no picture."""
    board, disk = StatusBoard(), SlowDisk()
    board.cameras["c1"] = CameraBoard("c1", "Yard", "mini", "emulated", reading=replace(READING, sensitivity=3))
    board.sensitivity.by_owner = {"c1": 8}
    whys = MotionToWhy(board, disk)
    whys.hear("event/motion", event("started"))
    whys.hear("event/motion", event("started", clip_id="k2", trigger="pir", box=None))
    assert [whys.of_clip(clip_id)[0].sensitivity for clip_id in ("k1", "k2")] == [3, 8]


async def test_a_sensor_has_no_picture_of_what_decided() -> None:
    whys, disk = flow()
    whys.hear("event/motion", event("started", trigger="pir", box=None))
    await whys.finish()
    assert [picture for _, picture in disk.kept] == [None]


async def test_a_slow_disk_drops_records_and_never_holds_who_tells() -> None:
    whys, disk = flow()
    for number in range(MOST_WAITING + 5):
        whys.hear("event/motion", event("started", clip_id=str(number)))
    assert whys.of_clip(str(MOST_WAITING - 1))
    assert not whys.of_clip(str(MOST_WAITING))
    writing = asyncio.ensure_future(whys.run())
    await disk.all_kept.wait()
    writing.cancel()


async def test_a_full_disk_and_a_broken_event_stop_nothing() -> None:
    whys, disk = flow()
    disk.fails = True
    whys.hear("event/motion", event("started"))
    await whys.finish()
    assert not whys.of_clip("k1")
    whys.hear("event/motion", {"phase": "started"})
    whys.hear("event/clip", {})
