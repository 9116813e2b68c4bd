"""Motion becomes a look for persons: what forbids it first, then how often, and never two looks at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, LeaseState, Storage, StorageKind
from agent.domain.person import LookReason, PersonPolicy, PersonState, lease_reason, look_reason
from agent.errors import BadInput, Refused
from agent.flow.motion_to_person import MotionToPerson
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import FeedStep
from agent.vision.motion import MotionReading
from agent.vision.person import Box, Crop, PersonSeen
from hardware.camera import EncodedPacket
from tests.manual_clock import ManualClock

BOX: Box = (0.1, 0.2, 0.3, 0.4)
SEEN = PersonSeen("person", 0.9, BOX)
NOWHERE = Storage(StorageKind.NONE)


def lease(
    *features: str, why: Cover = Cover.PLAN, cameras: Sequence[str] = ("door", "shed"), until_s: int = 10**10
) -> Lease:
    each = CameraLease("outdoor_4", frozenset(features), NOWHERE, why, None, DriveRole.OFF)
    return Lease(1, 0, 0, until_s, until_s, "a", 60.0, dict.fromkeys(cameras, each), "t")


@dataclass
class Model:
    """A detector that can be held up, and counts how many look at once."""

    fails: Exception | None = None
    loads: int = 0
    looks: int = 0
    at_once: int = 0
    most_at_once: int = 0
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        self.loads += 1
        if self.fails is not None:
            raise self.fails

    async def look(self, crop: Crop) -> Sequence[PersonSeen]:
        self.looks += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.go_on.wait()
        self.at_once -= 1
        return [SEEN]


class Bench:
    """Two cameras, a lease and a model."""

    def __init__(self, *, held: Lease | None = None, policy: PersonPolicy | None = None, missing: str = "") -> None:
        self.clock, self.board, self.model = ManualClock(), StatusBoard(), Model()
        for camera_id in ("door", "shed"):
            self.board.cameras[camera_id] = CameraBoard(camera_id, camera_id.title(), "m", "rtsp")
        self.board.link.lease, self.board.link.lease_state = held, LeaseState.IN_FORCE
        self.model.go_on.set()
        self.crops: list[str] = []
        self.told: list[tuple[str, Sequence[PersonSeen]]] = []
        self.dark = False
        self.flow = MotionToPerson(
            detector=self.model,
            policy=policy or PersonPolicy(),
            board=self.board,
            clock=self.clock,
            crop_of=self.crop_of,
            tell=lambda camera_id, persons: self.told.append((camera_id, persons)),
            missing=missing,
        )
        self.running = asyncio.ensure_future(self.flow.run())

    async def crop_of(self, camera_id: str, box: Box) -> Crop | None:
        self.crops.append(camera_id)
        return None if self.dark else Crop(np.zeros((8, 8, 3), np.uint8), box)

    async def moves(self, camera_id: str = "door", seconds: float = 1.0, per_s: int = 6) -> None:
        for _ in range(round(seconds * per_s)):
            self.flow.moved(camera_id, BOX)
            await self.clock.advance(1 / per_s)
        await self.clock.settle()

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (None, LookReason.NO_LEASE),
        (lease("person_detection", until_s=5), LookReason.LEASE_OVER),
        (lease("person_detection", cameras=["shed"]), LookReason.CAMERA_NOT_CONFIRMED),
        (lease(why=Cover.CAMERA_NOT_CONFIRMED), LookReason.CAMERA_NOT_CONFIRMED),
        (lease("photo_capture"), LookReason.NOT_ENTITLED),
        (lease(why=Cover.MODEL_NOT_ELIGIBLE), LookReason.MODEL_NOT_ELIGIBLE),
        (lease("person_detection"), LookReason.DUE),
    ],
)
async def test_the_lease_in_force_decides_and_a_refusal_names_what_failed(
    held: Lease | None, reason: LookReason
) -> None:
    assert lease_reason(held, "door", 10.0) is reason
    assert look_reason(PersonPolicy(), PersonState.READY, reason, None) is reason
    bench = Bench(held=held if held is None or held.expires_at_s > 10 else None)
    await bench.moves()
    await bench.end()
    assert bool(bench.told) is (reason is LookReason.DUE)
    assert bool(bench.model.loads) is (reason is LookReason.DUE), "what may not be used is not loaded"


async def test_switched_off_in_the_configuration_nothing_is_loaded() -> None:
    bench = Bench(held=lease("person_detection"), policy=PersonPolicy(wanted=False))
    await bench.moves()
    await bench.end()
    assert (bench.model.loads, bench.board.person) == (0, PersonState.OFF)


async def test_without_the_runtime_the_board_says_so_and_recording_hears_nothing() -> None:
    bench = Bench(held=lease("person_detection"), missing="Run `make person`.")
    await bench.moves()
    await bench.end()
    assert (bench.model.loads, bench.told, bench.board.person) == (0, [], PersonState.NOT_INSTALLED)
    assert bench.board.person_detail == "Run `make person`."


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (BadInput("x.onnx is not a person model that can be used."), PersonState.MODEL_UNUSABLE),
        (Refused("not_installed", "Person detection is not installed."), PersonState.NOT_INSTALLED),
    ],
)
async def test_a_model_that_does_not_load_is_tried_once_and_the_sentence_stays(
    error: Exception, state: PersonState
) -> None:
    bench = Bench(held=lease("person_detection"))
    bench.model.fails = error
    await bench.moves(seconds=3.0)
    await bench.end()
    assert (bench.model.loads, bench.board.person, bench.board.person_detail) == (1, state, str(error))


async def test_the_state_follows_the_lease_and_the_board_tells_it_once() -> None:
    bench = Bench()
    changes: list[PersonState] = []
    await bench.clock.settle()
    bench.board.listeners.append(lambda: changes.append(bench.board.person))
    for held in (lease("person_detection"), None):
        bench.board.link.lease = held
        bench.board.changed()
        bench.board.changed()
    await bench.end()
    assert {*changes} == {PersonState.READY, PersonState.NOT_ENTITLED}
    assert bench.board.person is PersonState.NOT_ENTITLED


@pytest.mark.parametrize(("most_per_s", "looks"), [(1.0, 4), (2.0, 8), (0.5, 2)])
async def test_a_camera_is_looked_at_so_many_times_a_second_at_most(most_per_s: float, looks: int) -> None:
    bench = Bench(held=lease("person_detection"), policy=PersonPolicy(most_per_s=most_per_s))
    await bench.moves(seconds=4.0)
    await bench.end()
    assert bench.model.looks == looks


async def test_one_look_at_a_time_and_nothing_queues_behind_a_slow_one() -> None:
    bench = Bench(held=lease("person_detection"), policy=PersonPolicy(most_per_s=10.0))
    bench.model.go_on.clear()
    for _ in range(20):
        await bench.moves("door", 0.2)
        await bench.moves("shed", 0.2)
    assert bench.model.looks == 1
    bench.model.go_on.set()
    await bench.clock.settle()
    await bench.end()
    assert bench.model.most_at_once == 1
    assert [camera_id for camera_id, _ in bench.told] == ["door", "shed", "door"], "each once, with its newest box"


async def test_a_camera_that_shows_nothing_is_not_looked_at() -> None:
    bench = Bench(held=lease("person_detection"))
    bench.dark = True
    await bench.moves()
    await bench.end()
    assert (bench.crops != [], bench.model.looks, bench.told) == (True, 0, [])


async def test_an_onlooker_notes_only_the_newest_motion_with_a_box() -> None:
    bench = Bench(held=lease("person_detection"))
    onlooker = bench.flow.onlooker("door")
    packet = EncodedPacket(b"x", 0, 0, 1, is_keyframe=True, arrived_s=0.0)

    def step(*, moving: bool, box: Box | None) -> FeedStep:
        return FeedStep(packet, MotionReading(0.0, moving, False, 0.1, box, 2.0, 1.0))

    await onlooker.take([step(moving=True, box=BOX), step(moving=False, box=BOX), FeedStep(packet, None)])
    await onlooker.take([step(moving=True, box=None)])
    await bench.clock.settle()
    assert bench.told == []
    await onlooker.take([FeedStep(packet, None), step(moving=True, box=BOX), FeedStep(packet, None)])
    await onlooker.lost()
    await bench.clock.settle()
    assert bench.told == [], "its pictures went with the camera"
    await onlooker.take([step(moving=True, box=BOX)])
    await bench.clock.settle()
    await bench.end()
    assert bench.told == [("door", [SEEN])]
