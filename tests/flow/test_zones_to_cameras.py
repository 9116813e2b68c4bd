"""The owner's zones: checked by version, kept before they count, and never forgotten in silence."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.adapters.module_state_files import ModuleStateFiles
from agent.domain.zones import NO_ZONES, CameraZones, Zone, ZoneKind
from agent.errors import BadInput
from agent.flow.camera_fleet import CameraFleet, Run
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.flow.zones_to_cameras import ZonesToCameras
from hardware.camera import CameraRefused

DOOR, YARD = "door", "yard"
PRIVATE = Zone(ZoneKind.PRIVACY, ((0.1, 0.1), (0.4, 0.1), (0.4, 0.4)))
QUIET = Zone(ZoneKind.ACTIVITY, ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5)))


class FullDisk(ModuleStateFiles):
    """A disk that takes nothing."""

    async def save_kept(self, name: str, value: object) -> None:
        raise OSError("No space left on device")


class Module:
    """Zones over a state folder, with the cameras that were started anew."""

    def __init__(self, state: ModuleStateFiles) -> None:
        self.board = StatusBoard(cameras={each: CameraBoard(each, each, "mini", "rtsp") for each in (DOOR, YARD)})
        self.renewed: list[tuple[str, Mapping[str, CameraZones]]] = []
        self.zones = ZonesToCameras(board=self.board, state=state, renew=self._renew)

    async def _renew(self, camera_id: str) -> None:
        self.renewed.append((camera_id, dict(self.board.zones.cameras)))


async def module(folder: Path) -> Module:
    made = Module(ModuleStateFiles(folder))
    await made.zones.load()
    return made


async def test_a_stale_version_and_an_unknown_camera_are_refused(tmp_path: Path) -> None:
    house = await module(tmp_path)
    with pytest.raises(BadInput, match="no such camera"):
        await house.zones.set("shed", 0, [PRIVATE])
    assert await house.zones.set(DOOR, 0, [PRIVATE]) == 1
    with pytest.raises(BadInput, match="version 1 is the newest, not 0"):
        await house.zones.set(DOOR, 0, [])
    assert house.zones.of(DOOR) == CameraZones(1, (PRIVATE,))
    assert len(house.renewed) == 1


async def test_what_cannot_be_kept_changes_nothing(tmp_path: Path) -> None:
    house = Module(FullDisk(tmp_path))
    await house.zones.load()
    with pytest.raises(OSError, match="No space"):
        await house.zones.set(DOOR, 0, [PRIVATE])
    assert (house.zones.of(DOOR), house.renewed) == (NO_ZONES, [])


async def test_zones_count_before_the_camera_opens_again_and_outlive_a_restart(tmp_path: Path) -> None:
    house = await module(tmp_path)
    await house.zones.set(DOOR, 0, [PRIVATE, QUIET])
    assert house.renewed == [(DOOR, {DOOR: CameraZones(1, (PRIVATE, QUIET))})]
    assert house.zones.of(YARD) == NO_ZONES
    again = await module(tmp_path)
    assert again.zones.of(DOOR) == CameraZones(1, (PRIVATE, QUIET))
    assert await again.zones.set(DOOR, 1, []) == 2
    assert (await module(tmp_path)).zones.of(DOOR) == CameraZones(2, ())


@pytest.mark.parametrize("content", [b"", b"{}", b'{"value": "1", "sha256": "0"}'])
async def test_damaged_zones_refuse_every_camera_until_its_own_are_set_again(tmp_path: Path, content: bytes) -> None:
    """An older copy may lack the zone that matters: it is not used."""
    house = await module(tmp_path)
    await house.zones.set(DOOR, 0, [])
    await house.zones.set(DOOR, 1, [PRIVATE])
    (tmp_path / "zones.json").write_bytes(content)
    house = await module(tmp_path)
    for camera_id in (DOOR, YARD):
        with pytest.raises(CameraRefused, match="draw them again"):
            house.zones.of(camera_id)
    await house.zones.set(DOOR, 0, [PRIVATE])
    assert house.zones.of(DOOR).zones == (PRIVATE,)
    house = await module(tmp_path)
    assert house.zones.of(DOOR).zones == (PRIVATE,)
    with pytest.raises(CameraRefused, match="draw them again"):
        house.zones.of(YARD)
    await house.zones.set(YARD, 0, [])
    house = await module(tmp_path)
    assert house.zones.of(YARD) == CameraZones(1, ())
    assert house.zones.of("a camera that came later") == NO_ZONES


@pytest.mark.parametrize(
    "kept", [[], {"cameras": {}}, {"cameras": {DOOR: {"version": "1", "zones": []}}, "lost": False}, {"cameras": 1}]
)
async def test_what_another_agent_wrote_otherwise_counts_as_damaged(tmp_path: Path, kept: object) -> None:
    await ModuleStateFiles(tmp_path).save_kept("zones", kept)
    house = await module(tmp_path)
    with pytest.raises(CameraRefused):
        house.zones.of(DOOR)


async def test_a_slow_encoder_is_said_until_the_zones_change(tmp_path: Path) -> None:
    house = await module(tmp_path)
    house.zones.encodes_every(DOOR, 3)
    assert house.board.zones.every == {DOOR: 3}
    await house.zones.set(DOOR, 0, [])
    assert house.board.zones.every == {}


async def test_the_fleet_starts_one_camera_anew_and_leaves_the_others_alone() -> None:
    began: asyncio.Queue[str] = asyncio.Queue()
    ended: list[str] = []

    def make(camera_id: str, _plan: int) -> Run:
        async def run() -> None:
            began.put_nowait(camera_id)
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(camera_id)

        return run

    fleet = CameraFleet[int](make, lambda _camera_id: None)
    fleet.begin_with({DOOR: 1, YARD: 1})
    running = asyncio.ensure_future(fleet.run())
    assert [await began.get() for _ in range(2)] == [DOOR, YARD]
    await fleet.renew(DOOR)
    await fleet.renew("shed")
    assert await began.get() == DOOR
    assert (began.empty(), ended) == (True, [DOOR])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
