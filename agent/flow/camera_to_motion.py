"""One camera's supervisor: opens it, pumps its steps to the recorder, and comes back after every loss."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol
from uuid import uuid4

import structlog

from agent.domain.backoff import CAMERA_RETRY_S
from agent.flow.clip_moves import wire_time
from agent.flow.status_board import CameraBoard, CameraHealth, StatusBoard
from agent.flow.to_its_end import to_its_end
from agent.ports import CameraFeed, Clock, FeedStep
from agent.vision.person import Box, Crop
from hardware.camera import CameraLost, CameraRefused, StreamInfo

REFUSED_RETRY_S = 60.0
"""A person must change something: look again once a minute, so that the change is noticed without a restart."""
STEADY_AFTER_S = 30.0
"""A camera that ran this long starts the ladder anew at its next loss; one that dies at once climbs it."""
BLIND_AFTER_S = 5.0
"""Media seconds without one analysed picture after which the stream counts as undecodable."""
BLIND_DETAIL = (
    "The video of this camera cannot be decoded, so motion is not seen: set its video to plain H.264 or H.265, "
    "or restart the camera."
)

log = structlog.get_logger()


class StepConsumer(Protocol):
    """What a supervisor feeds; `MotionToClip` is the one in the agent."""

    async def begin(self, stream: StreamInfo) -> None:
        """Take a newly opened stream."""

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Take the next steps, in order."""

    async def lost(self) -> None:
        """End what runs: the camera went away."""

    async def stop(self) -> None:
        """End what runs: the agent stops."""


class CameraToMotion:
    """Runs one camera until cancelled, or until a video that has an end is over.

    `make_feed` makes a feed for each opening; `jitter` returns 0..1 and stretches each wait by up to half, so that
    ten cameras behind one switch do not come back in one instant. `watches_motion` off expects no readings. `ended`
    turns true when a video that has an end is over: no progress is to be expected any more.
    """

    def __init__(
        self,
        *,
        camera: CameraBoard,
        board: StatusBoard,
        clock: Clock,
        make_feed: Callable[[], CameraFeed],
        consumer: StepConsumer,
        emit: Callable[[str, Mapping[str, object]], Awaitable[None]],
        jitter: Callable[[], float],
        watches_motion: bool = True,
    ) -> None:
        self._camera = camera
        self._board = board
        self._clock = clock
        self._make_feed = make_feed
        self._consumer = consumer
        self._emit = emit
        self._jitter = jitter
        self._watches_motion = watches_motion
        self._feed: CameraFeed | None = None
        self._opened = False
        self._rung = 0
        self._alert = ""
        self._looked_s = 0.0
        self.ended = False

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        """Return the newest picture, or `None` while the camera is away or has shown none yet."""
        return None if self._feed is None else await self._feed.latest_jpeg(max_width)

    async def latest_crop(self, box: Box) -> Crop | None:
        """Return the newest picture around a motion box, or `None` while there is none."""
        return None if self._feed is None else await self._feed.latest_crop(box)

    async def run(self) -> None:
        """Keep the camera running; every failure of this camera ends here and never reaches another one."""
        try:
            while not await self._one_opening():
                wait_s = REFUSED_RETRY_S if self._camera.health is CameraHealth.REFUSED else self._next_rung_s()
                await self._clock.sleep(wait_s * (1.0 + 0.5 * self._jitter()))
        finally:
            await self._consumer.stop()

    def _next_rung_s(self) -> float:
        wait_s = CAMERA_RETRY_S[min(self._rung, len(CAMERA_RETRY_S) - 1)]
        self._rung += 1
        return wait_s

    async def _one_opening(self) -> bool:
        """Open the camera and pump it until it is lost; True when its video has an end and reached it."""
        self._camera.attempt_s = self._clock.monotonic()
        try:
            await self._open_and_pump()
            await self._say(CameraHealth.LOST, "The video has ended.")
        except CameraRefused as error:
            await self._away(CameraHealth.REFUSED, "camera_refused", str(error))
        except CameraLost as error:
            await self._away(CameraHealth.LOST, "camera_lost", str(error))
        except Exception as error:
            log.exception("camera supervisor", camera=self._camera.name)
            sentence = f"Recording this camera failed ({type(error).__name__}); it is opened again."
            await self._away(CameraHealth.LOST, "camera_lost", sentence)
        else:
            self.ended = True
        return self.ended

    async def _open_and_pump(self) -> None:
        feed = self._make_feed()
        try:
            stream = await feed.open()
            self._feed, self._opened = feed, True
            await self._pump(feed, stream)
        except asyncio.CancelledError:
            await self._consumer.stop()  # before anything is lost: the clip ends because the agent stops
            raise
        finally:
            self._feed = None
            await feed.close()
            await self._consumer.lost()

    async def _pump(self, feed: CameraFeed, stream: StreamInfo) -> None:
        self._camera.stream = stream
        if stream.sound_left_out:
            log.info("camera_sound", camera=self._camera.name, left_out=stream.sound_left_out)
        await self._consumer.begin(stream)
        opened_s = self._clock.monotonic()
        self._looked_s = float("-inf")
        first_s: float | None = None
        async for steps in feed.steps():
            now_s = self._clock.monotonic()
            self._camera.frames += sum(not step.packet.is_audio for step in steps)
            self._camera.last_frame_s = now_s
            if now_s - opened_s >= STEADY_AFTER_S:
                self._rung = 0
            last_s = float(steps[-1].packet.dts * stream.time_base)
            first_s = last_s if first_s is None else first_s
            if any(step.reading is not None for step in steps):
                self._looked_s = last_s
            await self._judge(last_s - max(self._looked_s, first_s))
            for described, part in parts_of_one_description(steps):
                if described is not None:
                    self._camera.stream = described
                    log.info("camera_described_anew", camera=self._camera.name, width=described.width)
                    await self._consumer.begin(described)
                await to_its_end(self._consumer.take(part))

    async def _judge(self, blind_s: float) -> None:
        """Put the camera's health on the board: it sends, and it can be seen or not."""
        if self._watches_motion and blind_s > BLIND_AFTER_S:
            await self._say(CameraHealth.REFUSED, BLIND_DETAIL)
            await self._raise_alert("camera_blind", BLIND_DETAIL)
        elif self._looked_s > float("-inf") or not self._watches_motion:
            await self._say(CameraHealth.OK, "")
            await self._clear_alert()

    async def _away(self, health: CameraHealth, code: str, detail: str) -> None:
        if self._opened:
            self._opened = False
            self._camera.losses += 1
        await self._say(health, detail)
        await self._raise_alert(code, detail)

    async def _say(self, health: CameraHealth, detail: str) -> None:
        """Change the board, log and tell, once for each change."""
        if (self._camera.health, self._camera.detail) == (health, detail):
            return
        self._camera.health, self._camera.detail = health, detail
        log.info("camera", camera=self._camera.name, health=health.value, detail=detail, losses=self._camera.losses)
        self._board.changed()

    async def _raise_alert(self, code: str, detail: str) -> None:
        if self._alert == code:
            return
        await self._clear_alert()
        self._alert = code
        await self._send_alert(code, detail, cleared=False)

    async def _clear_alert(self) -> None:
        if self._alert:
            code, self._alert = self._alert, ""
            await self._send_alert(code, "The camera is well again.", cleared=True)

    async def _send_alert(self, code: str, detail: str, *, cleared: bool) -> None:
        """Queue an alert; a store that cannot take it must not stop the recording, so it is only logged."""
        payload: dict[str, object] = {
            "event_id": str(uuid4()),
            "at": wire_time(self._clock.now()),
            "clock_trusted": self._clock.trusted(),
            "camera_id": self._camera.camera_id,
            "code": code,
            "detail": detail,
            "cleared": cleared,
        }
        try:
            await self._emit("event/alert", payload)
        except Exception:
            log.exception("alert not queued", camera=self._camera.name, code=code)


def parts_of_one_description(steps: Sequence[FeedStep]) -> Iterator[tuple[StreamInfo | None, Sequence[FeedStep]]]:
    """Cut a batch where its pictures are described anew: a clip holds one description, so there another must begin."""
    cuts = [0, *(at for at, step in enumerate(steps) if at and step.packet.stream is not None), len(steps)]
    for start, end in pairwise(cuts):
        yield steps[start].packet.stream, steps[start:end]
