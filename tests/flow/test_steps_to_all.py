"""One camera's steps reach its recorder whatever those who look on do with them."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from agent.flow.steps_to_all import StepsToAll
from agent.ports import FeedStep
from hardware.camera import EncodedPacket, StreamInfo

STREAM = StreamInfo("h264", 640, 360, Fraction(1, 90_000), 15.0, b"")
STEPS = (FeedStep(EncodedPacket(b"x", 0, 0, 6000, is_keyframe=True, arrived_s=0.0), None),)
ALL = ["begin", "take", "lost", "stop"]


class Looker:
    """Notes what it was told; fails at one call."""

    def __init__(self, fails_at: str = "") -> None:
        self.fails_at = fails_at
        self.told: list[str] = []

    def _note(self, what: str) -> None:
        self.told.append(what)
        if what == self.fails_at:
            raise RuntimeError(what)

    async def begin(self, _stream: StreamInfo) -> None:
        self._note("begin")

    async def take(self, _steps: Sequence[FeedStep]) -> None:
        self._note("take")

    async def lost(self) -> None:
        self._note("lost")

    async def stop(self) -> None:
        self._note("stop")


async def tell_all(consumer: StepsToAll) -> None:
    await consumer.begin(STREAM)
    await consumer.take(STEPS)
    await consumer.lost()
    await consumer.stop()


@pytest.mark.parametrize(
    ("fails_at", "told"),
    [("", ALL), ("begin", ["begin"]), ("take", ["begin", "take"]), ("lost", ["begin", "take", "lost"])],
)
async def test_an_onlooker_that_fails_is_left_out_and_nobody_else_notices(fails_at: str, told: list[str]) -> None:
    recorder, bad, good = Looker(), Looker(fails_at), Looker()
    await tell_all(StepsToAll(recorder, [bad, good]))
    assert (recorder.told, bad.told, good.told) == (ALL, told, ALL)


async def test_an_onlooker_that_failed_is_asked_again_when_the_camera_is_opened_anew() -> None:
    bad = Looker("take")
    consumer = StepsToAll(Looker(), [bad])
    await tell_all(consumer)
    bad.fails_at = ""
    await tell_all(consumer)
    assert bad.told == ["begin", "take", *ALL]


async def test_the_recorders_fault_is_the_supervisors_to_handle() -> None:
    good = Looker()
    consumer = StepsToAll(Looker("take"), [good])
    await consumer.begin(STREAM)
    with pytest.raises(RuntimeError):
        await consumer.take(STEPS)


async def test_the_others_end_too_when_the_recorder_cannot() -> None:
    good = Looker()
    consumer = StepsToAll(Looker("stop"), [good])
    with pytest.raises(RuntimeError):
        await consumer.stop()
    assert good.told == ["stop"]
