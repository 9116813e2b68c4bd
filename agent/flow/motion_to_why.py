"""From a motion event to the record that says why: heard beside the recording, which never waits for its disk."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from agent.domain.motion_why import MotionWhy, began
from agent.flow.status_board import StatusBoard
from agent.ports.why import WhyStore

MOST_WAITING: Final = 16
"""Records that wait for the disk; with one more the newest is dropped, and the log says so."""

log = structlog.get_logger()


class MotionToWhy:
    """`load()` comes first; `hear` takes every event that the module emits, `run` writes, `finish` ends."""

    def __init__(self, board: StatusBoard, store: WhyStore) -> None:
        self._board = board
        self._store = store
        self._known: dict[str, MotionWhy] = {}
        self._open: dict[str, str] = {}
        self._waiting: deque[tuple[MotionWhy, bytes | None]] = deque()
        self._something = asyncio.Event()

    async def load(self) -> None:
        """Take up what was stored; a disk that cannot be read is an empty one."""
        try:
            self._known = {why.event_id: why for why in await self._store.load()}
        except OSError as error:
            log.warning("motion_whys_not_loaded", problem=type(error).__name__)

    def of_clip(self, clip_id: str) -> Sequence[MotionWhy]:
        """Return why a clip was made, oldest first."""
        return [why for why in self._known.values() if why.clip_id == clip_id]

    async def picture(self, event_id: str) -> bytes | None:
        """Return the picture of an event, a JPEG, or `None`: also the one that still waits for the disk."""
        for why, picture in self._waiting:
            if why.event_id == event_id and picture is not None:
                return picture
        return await self._store.picture(event_id) if event_id in self._known else None

    def hear(self, topic: str, payload: Mapping[str, object]) -> None:
        """Take an event; never waits and never raises: recording goes on whatever this does."""
        if topic != "event/motion":
            return
        try:
            self._hear(payload)
        except (KeyError, TypeError, ValueError):
            log.exception("motion_why_not_taken")

    def _hear(self, payload: Mapping[str, object]) -> None:
        camera_id = str(payload["camera_id"])
        if payload["phase"] == "ended":
            open_id = self._open.pop(camera_id, None)
            why = None if open_id is None else self._known.get(open_id)
            if why is not None:
                self._put(why.ended(payload), None)
        elif payload["phase"] == "started":
            camera = self._board.cameras.get(camera_id)
            reading = None if camera is None or payload["trigger"] == "pir" else camera.reading
            onset_s = None if reading is None else reading.onset_s
            after_s = 0.0 if reading is None or onset_s is None else max(0.0, reading.at_s - onset_s)
            used = None if reading is None else reading.sensitivity  # of the picture that decided; it may be older
            sensitivity = self._board.sensitivity.of(camera_id).level if used is None else used
            why = began(payload, round(after_s, 3), sensitivity)
            self._open[camera_id] = why.event_id
            self._put(why, None if reading is None else reading.picture)

    def _put(self, why: MotionWhy, picture: bytes | None) -> None:
        if len(self._waiting) >= MOST_WAITING:
            log.warning("motion_why_dropped", event_id=why.event_id, waiting=len(self._waiting))
            return
        self._known[why.event_id] = why
        self._waiting.append((why, picture))
        self._something.set()

    async def run(self) -> None:
        """Write what was heard, one after the other, until cancelled."""
        while True:
            await self._something.wait()
            await self.finish()

    async def finish(self) -> None:
        """Write what still waits."""
        self._something.clear()
        while self._waiting:
            why, picture = self._waiting[0]
            try:
                for gone in await self._store.keep(why, picture):
                    self._known.pop(gone, None)
            except OSError as error:
                self._known.pop(why.event_id, None)
                log.warning("motion_why_not_kept", event_id=why.event_id, problem=type(error).__name__)
            if self._waiting and self._waiting[0][0] is why:
                self._waiting.popleft()
