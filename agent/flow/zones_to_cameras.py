"""From the owner's zones to the cameras: kept over restarts, on the board, and in force from the next packet on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import structlog

from agent.domain.zones import NO_ZONES, CameraZones, Zone, ZoneKind, read_zones, zones_document
from agent.errors import BadInput
from agent.flow.status_board import StatusBoard
from hardware.camera import CameraRefused

KEPT: Final = "zones"
ZONES_LOST: Final = (
    "The zones of this camera could not be read after a fault of the module's disk, so it is not shown or recorded: "
    "draw them again and save, or save without any."
)

log = structlog.get_logger()


class ZonesState(Protocol):
    """Where zones are kept."""

    async def load_kept_or_damaged(self, name: str) -> tuple[object, bool]:
        """Return what was kept under a name (`None` for nothing), and whether it, or a newer value, was damaged."""

    async def save_kept(self, name: str, value: object) -> None:
        """Keep a value; OSError when the disk does not take it."""


class ZonesToCameras:
    """`load()` comes before the first camera opens. `renew(camera_id)` starts one camera anew.

    Where what was kept is damaged nobody knows what is private: cameras are refused until their zones are set again.
    """

    def __init__(self, *, board: StatusBoard, state: ZonesState, renew: Callable[[str], Awaitable[None]]) -> None:
        self._board = board
        self._state = state
        self._renew = renew
        self._one_change = asyncio.Lock()

    async def load(self) -> None:
        """Take up what was kept."""
        kept, damaged = await self._state.load_kept_or_damaged(KEPT)
        on_board = self._board.zones
        on_board.lost = damaged
        if kept is None or damaged:
            return
        try:
            on_board.cameras, on_board.lost = _read(kept)
        except (BadInput, KeyError) as error:
            on_board.cameras, on_board.lost = {}, True
            log.warning("zones_not_taken_up", problem=str(error))

    def of(self, camera_id: str) -> CameraZones:
        """Return the zones of a camera that is about to be opened; raises CameraRefused when they were lost."""
        zones = self._board.zones.cameras.get(camera_id)
        if zones is None and self._board.zones.lost:
            raise CameraRefused(ZONES_LOST)
        return zones or NO_ZONES

    async def set(self, camera_id: str, version: int, zones: Sequence[Zone]) -> int:
        """Take a whole set of zones in the place of version `version`; return the new version.

        The camera's clip ends, its ring is emptied, and it opens anew with these zones. Raises BadInput for an unknown
        camera or a version that is not the newest, OSError (and nothing changes) when they cannot be kept.
        """
        board = self._board
        if camera_id not in board.cameras:
            raise BadInput("This module has no such camera.")
        async with self._one_change:
            known = board.zones.cameras
            newest = known.get(camera_id, NO_ZONES).version
            if version != newest:
                raise BadInput(f"These zones were changed meanwhile: version {newest} is the newest, not {version}.")
            cameras = {**known, camera_id: CameraZones(version + 1, tuple(zones))}
            lost = board.zones.lost and not set(board.cameras) <= set(cameras)
            await self._state.save_kept(KEPT, _document(cameras, lost=lost))
            board.zones.cameras, board.zones.lost = cameras, lost
            board.zones.every.pop(camera_id, None)
            await self._renew(camera_id)
            board.changed()
        counts = {kind.value: len(cameras[camera_id].of(kind)) for kind in ZoneKind}
        log.info("zones", camera_id=camera_id, version=version + 1, **counts)
        return version + 1

    def encodes_every(self, camera_id: str, every: int) -> None:
        """Take what a masked camera's encoder says: it keeps up with every n-th picture only."""
        log.warning("masked_pictures", camera_id=camera_id, encoded_every=every)
        self._board.zones.every[camera_id] = every
        self._board.changed()


def _document(cameras: Mapping[str, CameraZones], *, lost: bool) -> dict[str, object]:
    return {
        "lost": lost,
        "cameras": {
            camera_id: {"version": zones.version, "zones": zones_document(zones.zones)}
            for camera_id, zones in cameras.items()
        },
    }


def _read(kept: object) -> tuple[Mapping[str, CameraZones], bool]:
    """Read what `_document` wrote; BadInput or KeyError for what another agent wrote otherwise."""
    if not isinstance(kept, dict) or not isinstance(kept["cameras"], dict):
        raise BadInput("These are no zones.")
    cameras = {}
    for camera_id, words in kept["cameras"].items():
        if not isinstance(words, dict) or not isinstance(words["version"], int):
            raise BadInput("A version of zones is a whole number.")
        cameras[camera_id] = CameraZones(words["version"], read_zones(words["zones"]))
    return cameras, bool(kept["lost"])
