"""Live view of one agent: what follows each camera's steps, the views of now, and the command that the cloud sends."""

import asyncio
from collections.abc import Callable, Mapping
from uuid import UUID

import structlog

from agent.adapters.clip_files_pyav import FragmentMuxer
from agent.adapters.live_lines_ws import CloudLines
from agent.adapters.live_speaker import open_live_speaker
from agent.composition.cameras import Cameras
from agent.composition.parts import Parts
from agent.domain.arguments import flag, known_only, text
from agent.domain.live_view import LiveEnd
from agent.errors import AgentError, BadInput
from agent.flow.commands import CommandAct
from agent.flow.live_to_viewer import CameraForLive, LiveView, LiveViews
from agent.flow.open_clip import ClipIntake
from agent.flow.status_board import StatusBoard
from agent.flow.steps_to_live import StepsToLive
from agent.flow.viewer_to_live import attend
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from agent.ports.live import LiveLines
from hardware.camera import EncodedPacket, StreamInfo

FRAGMENT_S = 0.5

log = structlog.get_logger()


class Live:
    """`onlooker` makes what follows a camera's steps, `views` are for pages, `run` serves those of the cloud."""

    def __init__(
        self, parts: Parts, board: StatusBoard, keeper: ClipIntake, cameras: Callable[[], Cameras], lines: LiveLines
    ) -> None:
        self._parts = parts
        self._cameras = cameras
        self._lines = lines
        self._steps: dict[str, StepsToLive] = {}
        self._talks: dict[str, ViewerToSpeaker] = {}
        self._served: set[asyncio.Task[None]] = set()
        self.views = LiveViews(board, parts.clock, keeper, self._camera)

    def onlooker(self, camera_id: str) -> StepsToLive:
        """Make what follows a camera's steps."""
        self._steps[camera_id] = StepsToLive(camera_id, _fragments)
        return self._steps[camera_id]

    def _camera(self, camera_id: str) -> CameraForLive | None:
        cameras = self._cameras()
        plan, recorder = cameras.plans.get(camera_id), cameras.recorders.get(camera_id)
        if plan is None or recorder is None:
            return None
        talk = self._talk(plan.camera.speaker_address)
        return CameraForLive(self._steps[camera_id], plan.camera.early_notification, recorder.make_way, talk)

    def _talk(self, address: str | None) -> ViewerToSpeaker | None:
        """Return the one who speaks on a speaker, the same for all its views."""
        if address is None:
            return None
        if address not in self._talks:
            clock = self._parts.clock
            self._talks[address] = ViewerToSpeaker(lambda: open_live_speaker(address, clock.monotonic), clock)
        return self._talks[address]

    async def act(self, arguments: Mapping[str, object]) -> Mapping[str, object]:
        """Begin the view that the cloud has announced as `view_id`, and return its grant."""
        known_only(arguments, ("camera_id", "view_id", "extended", "save"))
        view_id = text(arguments, "view_id", 36)
        try:
            UUID(view_id)
        except ValueError:
            raise BadInput("`view_id` must be a UUID.") from None
        camera_id, extended, save = text(arguments, "camera_id"), flag(arguments, "extended"), flag(arguments, "save")
        view = self.views.open(camera_id, extended=extended, save=save)
        task = asyncio.create_task(self._serve(view, view_id))
        self._served.add(task)
        task.add_done_callback(self._served.discard)
        return {**view.granted(), "view_id": view_id}

    async def _serve(self, view: LiveView, view_id: str) -> None:
        try:
            line = await self._lines.dial(view_id)
        except AgentError as error:
            log.warning("live_view_not_dialled", view_id=view_id, because=str(error))
            view.abandon()
            return
        except BaseException:
            view.abandon()
            raise
        await attend(view, line)

    async def run(self) -> None:
        """Keep the cloud's views for as long as this runs."""
        try:
            await asyncio.Event().wait()
        finally:
            self.views.end_all(LiveEnd.STOPPED)
            served = list(self._served)
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)


def build_live(parts: Parts, board: StatusBoard, keeper: ClipIntake, cameras: Callable[[], Cameras]) -> Live:
    """Make live view; `cameras` are asked later."""
    return Live(parts, board, keeper, cameras, CloudLines(parts.http.connect))


def live_acts(live: Live) -> Mapping[str, CommandAct]:
    """Return `live_view` (docs/wire.md)."""
    return {"live_view": live.act}


def _fragments(stream: StreamInfo, first: EncodedPacket) -> FragmentMuxer:
    return FragmentMuxer(stream, first, FRAGMENT_S, at_keyframes=True)
