"""One camera's steps go to its recorder, and to everyone else who looks on, whatever those do with them."""

from collections.abc import Sequence

import structlog

from agent.flow.camera_to_motion import StepConsumer
from agent.ports import FeedStep
from hardware.camera import StreamInfo

log = structlog.get_logger()


class StepsToAll:
    """A StepConsumer in front of several. `recorder`'s errors are the supervisor's; the others' only end themselves.

    An onlooker that fails is left out until the camera is opened again. `onlookers` may change between two steps.
    """

    def __init__(self, recorder: StepConsumer, onlookers: Sequence[StepConsumer] = ()) -> None:
        self._recorder = recorder
        self.onlookers = list(onlookers)
        self._failed: set[int] = set()

    async def begin(self, stream: StreamInfo) -> None:
        """Take a newly opened stream."""
        self._failed.clear()
        await self._recorder.begin(stream)
        for onlooker in self._well():
            await self._spared(onlooker, "begin", stream)

    async def take(self, steps: Sequence[FeedStep]) -> None:
        """Take the next steps, in order."""
        await self._recorder.take(steps)
        for onlooker in self._well():
            await self._spared(onlooker, "take", steps)

    async def lost(self) -> None:
        """End what runs: the camera went away."""
        try:
            await self._recorder.lost()
        finally:
            for onlooker in self._well():
                await self._spared(onlooker, "lost")

    async def stop(self) -> None:
        """End what runs: the agent stops."""
        try:
            await self._recorder.stop()
        finally:
            for onlooker in self._well():
                await self._spared(onlooker, "stop")

    def _well(self) -> list[StepConsumer]:
        return [each for each in self.onlookers if id(each) not in self._failed]

    async def _spared(self, onlooker: StepConsumer, what: str, *arguments: object) -> None:
        try:
            await getattr(onlooker, what)(*arguments)
        except Exception:  # whoever looks on must never end the recording
            self._failed.add(id(onlooker))
            log.exception("onlooker_failed", onlooker=type(onlooker).__name__, at=what)
