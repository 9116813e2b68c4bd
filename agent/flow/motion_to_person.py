"""A motion becomes a look for persons: one look at a time for the whole module, never in the recording's way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from agent.domain.lease import Lease
from agent.domain.person import LookReason, PersonPolicy, PersonState, lease_reason, look_reason, person_state
from agent.errors import AgentError, Refused
from agent.flow.status_board import StatusBoard
from agent.ports import Clock, FeedStep, PersonDetector
from agent.vision.person import Box, Crop, PersonSeen
from hardware.camera import StreamInfo

CropOf = Callable[[str, Box], Awaitable[Crop | None]]
Tell = Callable[[str, Sequence[PersonSeen]], None]

log = structlog.get_logger()


class MotionToPerson:
    """Looks for persons where something moves and the lease has the feature.

    `crop_of(camera_id, box)` cuts the newest picture; `tell(camera_id, persons)` gets what was found in it, and must
    not block. A camera whose motion comes while the model looks at another waits with its newest box alone: nothing
    queues. The model is loaded at the first motion of a camera that may use it, and stays. `missing` says what is not
    installed, if anything.
    """

    def __init__(
        self,
        *,
        detector: PersonDetector,
        policy: PersonPolicy,
        board: StatusBoard,
        clock: Clock,
        crop_of: CropOf,
        tell: Tell,
        missing: str = "",
    ) -> None:
        self._detector = detector
        self._policy = policy
        self._board = board
        self._clock = clock
        self._crop_of = crop_of
        self._tell = tell
        self._broken = PersonState.NOT_INSTALLED if missing else None
        self._detail = missing
        self._boxes: dict[str, Box] = {}
        self._looked_s: dict[str, float] = {}
        self._reasons: dict[str, LookReason] = {}
        self._wake = asyncio.Event()
        self._judged: tuple[Lease | None, PersonState | None] | None = None

    def onlooker(self, camera_id: str) -> "PersonOnlooker":
        """Return what follows one camera's steps."""
        return PersonOnlooker(lambda box: self.moved(camera_id, box), lambda: self._boxes.pop(camera_id, None))

    def moved(self, camera_id: str, box: Box) -> None:
        """Take note of a motion; whether it is looked at is decided when the model is free."""
        self._boxes[camera_id] = box
        self._wake.set()

    async def run(self) -> None:
        """Look at one motion after the other, the camera that waited longest first; follow the lease meanwhile."""
        self.judge()
        self._board.listeners.append(self.judge)
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._boxes:
                    camera_id = min(self._boxes, key=lambda each: self._looked_s.get(each, float("-inf")))
                    await self._consider(camera_id, self._boxes.pop(camera_id))
        finally:
            self._board.listeners.remove(self.judge)

    def judge(self) -> None:
        """Put on the board what person detection is here; does nothing while lease and model stay as they were."""
        lease = self._board.link.lease
        if self._judged == (lease, self._broken):
            return
        self._judged = (lease, self._broken)
        now_s = self._clock.now().timestamp()
        some = any(lease_reason(lease, camera_id, now_s) is LookReason.DUE for camera_id in self._board.cameras)
        state = person_state(self._policy, self._broken, any_camera=some)
        if state is not self._board.person:
            self._board.person = state
            self._board.person_detail = self._detail if state is self._broken else ""
            log.info("person_detection", state=state.value)
            self._board.changed()

    async def _consider(self, camera_id: str, box: Box) -> None:
        now_s = self._clock.monotonic()
        last_s = self._looked_s.get(camera_id)
        by_lease = lease_reason(self._board.link.lease, camera_id, self._clock.now().timestamp())
        state = self._broken or PersonState.READY
        reason = look_reason(self._policy, state, by_lease, None if last_s is None else now_s - last_s)
        if reason not in {self._reasons.get(camera_id), LookReason.TOO_SOON}:
            self._reasons[camera_id] = reason
            log.info("person_look", camera_id=camera_id, reason=reason.value)
        if reason is not LookReason.DUE or not await self._loaded():
            return
        self._looked_s[camera_id] = now_s
        crop = await self._crop_of(camera_id, box)
        if crop is not None:
            self._tell(camera_id, await self._detector.look(crop))

    async def _loaded(self) -> bool:
        """Load the model once; what keeps it from loading is said on the board, and needs a person and a restart."""
        try:
            await self._detector.load()
        except AgentError as error:
            self._broken = PersonState.NOT_INSTALLED if isinstance(error, Refused) else PersonState.MODEL_UNUSABLE
            log.error("person_model_not_loaded", because=str(error))  # noqa: TRY400 - the sentence says it all
            self._detail = str(error)
            self.judge()
            return False
        return True


class PersonOnlooker:
    """One camera's steps, looked through for motion with a box (a StepConsumer beside the recorder)."""

    def __init__(self, moved: Callable[[Box], None], forget: Callable[[], object]) -> None:
        self._moved = moved
        self._forget = forget

    async def begin(self, stream: StreamInfo) -> None:
        """Nothing to prepare: pictures come from the feed."""

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Note the newest motion of the batch."""
        for step in reversed(steps):
            reading = step.reading
            if reading is not None:
                if reading.moving and reading.box is not None:
                    self._moved(reading.box)
                return

    async def lost(self) -> None:
        """Forget a motion that nobody looked at yet: its picture is gone."""
        self._forget()

    async def stop(self) -> None:
        """Forget likewise."""
        self._forget()
