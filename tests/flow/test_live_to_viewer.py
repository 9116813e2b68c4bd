"""Live views of one camera: what keeps or ends them first, then that what is shown can be decoded."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO

import av
import pytest

from agent.domain.live_view import LiveEnd
from agent.errors import BadInput, Refused
from agent.flow.live_to_viewer import MOST_VIEWS, LiveView
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from tests.flow.live_bench import FEATURES, LiveBench, Watching, video
from tests.flow.test_motion_to_clip import CAMERA


@asynccontextmanager
async def watching(view: LiveView) -> AsyncIterator[Watching]:
    watcher = Watching(view)
    task = asyncio.ensure_future(watcher.run())
    try:
        yield watcher
    finally:
        view.end(LiveEnd.LEFT)
        await task


def pictures(data: bytes) -> int:
    with av.open(BytesIO(data), "r") as opened:
        return len(list(opened.decode(video=0)))


async def test_an_unknown_camera_and_one_view_too_many_are_refused() -> None:
    bench = LiveBench()
    with pytest.raises(BadInput):
        bench.views.open("nobody")
    for _ in range(MOST_VIEWS):
        bench.views.open(CAMERA)
    with pytest.raises(Refused, match="close one of them"):
        bench.views.open(CAMERA)


async def test_a_stream_that_no_mp4_holds_is_told_once_and_another_stream_is_shown() -> None:
    bench = LiveBench()
    bench.refuses = "A clip cannot hold this video."
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.play(0.0, 3.0)
        assert viewer.words() == ["grant", "away"]
        assert viewer.last() == {"type": "away", "detail": bench.refuses}
        bench.refuses = ""
        await bench.steps.begin(bench.stream)
        await bench.play(3.0, 5.0)
        assert viewer.words() == ["grant", "away", "head"]


async def test_without_a_viewer_nothing_is_muxed_and_the_last_to_leave_ends_it() -> None:
    bench = LiveBench()
    await bench.steps.begin(bench.stream)
    await bench.play(0.0, 3.0)
    assert bench.muxers == 0
    async with watching(bench.views.open(CAMERA)), watching(bench.views.open(CAMERA)):
        await bench.play(3.0, 5.0)
        assert (bench.muxers, bench.steps.viewers) == (1, 2)
    assert (bench.steps.viewers, len(bench.views.views)) == (0, 0)
    await bench.play(5.0, 8.0)
    assert bench.muxers == 1


async def test_a_view_that_is_not_continued_ends_after_forty_seconds() -> None:
    bench = LiveBench()
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.play(0.0, 39.8)
        assert viewer.words()[-1] == "continue"
        await bench.play(39.8, 40.1)
        assert viewer.last() == {"type": "end", "reason": "not_answered"}


async def test_a_continued_view_ends_at_its_limit_to_the_second() -> None:
    bench = LiveBench()
    await bench.clock.settle()
    view = bench.views.open(CAMERA)
    async with watching(view) as viewer:
        await bench.clock.settle()
        for _ in range(299):
            await bench.clock.advance(1.0)
            view.go_on()
        assert viewer.words().count("continue") == 9
        assert viewer.words()[-1] != "end"
        await bench.clock.advance(1.0)
        assert viewer.last() == {"type": "end", "reason": "limit"}


async def test_an_extended_view_asks_nothing_and_lasts_ninety_minutes() -> None:
    bench = LiveBench()
    bench.lease()
    async with watching(bench.views.open(CAMERA, extended=True)) as viewer:
        await bench.clock.advance(5399.0)
        assert viewer.words() == ["grant", "away"]
        await bench.clock.advance(1.0)
        assert viewer.last() == {"type": "end", "reason": "limit"}


async def test_a_refused_extended_view_goes_on_as_a_normal_one_and_says_why() -> None:
    bench = LiveBench()
    bench.lease(FEATURES - {"extended_live_view"})
    async with watching(bench.views.open(CAMERA, extended=True)) as viewer:
        await bench.clock.settle()
        grant = viewer.messages[0]
        assert not isinstance(grant, bytes)
        assert (grant["kind"], grant["limit_s"], grant["extended"]) == ("normal", 300.0, "model_not_eligible")


@pytest.mark.parametrize("early", [True, False])
async def test_a_view_begins_after_the_clip_being_recorded_which_it_ends_if_so_set(early: bool) -> None:
    bench = LiveBench(early=early)
    bench.camera.phase = "recording"
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.play(0.0, 45.0)
        assert bench.ways_made == int(early)
        assert viewer.words() == (["grant"] if early else ["grant", "waiting"])
        bench.camera.phase = "waiting"
        bench.board.changed()
        await bench.play(45.0, 46.0)
        assert viewer.words()[-1] == "head", "the limit did not run while it waited"


async def test_who_leaves_while_waiting_is_gone() -> None:
    bench = LiveBench(early=False)
    bench.camera.phase = "recording"
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.clock.settle()
    assert viewer.last() == {"type": "end", "reason": "left"}
    assert bench.board.listeners == []


async def test_a_camera_that_comes_back_shows_again_with_a_new_head() -> None:
    bench = LiveBench()
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.play(0.0, 2.0)
        await bench.steps.lost()
        await bench.clock.settle()
        assert viewer.words() == ["grant", "head", "away"]
        await bench.steps.begin(bench.stream)
        await bench.play(2.0, 4.0)
        assert viewer.words() == ["grant", "head", "away", "head"]
        await bench.steps.stop()
        await bench.clock.settle()
        assert viewer.last() == {"type": "end", "reason": "stopped"}


async def test_the_newest_group_is_there_at_once_and_every_picture_can_be_decoded() -> None:
    bench = LiveBench()
    await bench.steps.begin(bench.stream)
    await bench.play(0.0, 3.9)
    async with watching(bench.views.open(CAMERA)) as viewer:
        await bench.clock.settle()
        pieces = viewer.pieces()
        assert [piece[0] for piece in pieces] == [0, 1]
        assert pictures(video(pieces)) >= 5
        await bench.play(3.9, 8.0)
        assert [piece[0] for piece in viewer.pieces()] == [0, 1, 2] + [1, 2] * 3 + [1]
        assert pictures(video(viewer.pieces())) >= 45
    async with watching(bench.views.open(CAMERA)) as second:
        await bench.clock.settle()
        assert second.words() == ["grant", "head"]


async def test_a_second_viewer_joins_in_the_middle_and_sees_from_a_keyframe_on() -> None:
    bench = LiveBench()
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA)):
        await bench.play(0.0, 3.8)
        async with watching(bench.views.open(CAMERA)) as second:
            await bench.play(3.8, 6.0)
            assert [piece[0] for piece in second.pieces()][:2] == [0, 1]
            assert pictures(video(second.pieces())) >= 25
    assert bench.muxers == 1


async def test_a_saved_view_is_one_clip_from_the_newest_keyframe_to_its_end() -> None:
    bench = LiveBench()
    bench.lease()
    await bench.steps.begin(bench.stream)
    await bench.play(0.0, 3.5)
    async with watching(bench.views.open(CAMERA, save=True)):
        await bench.play(3.5, 8.0)
    (clip,) = bench.intake.clips
    assert clip.closed
    assert clip.span_s() == pytest.approx((3.0, 8.0))
    dts = [packet.dts for packet in clip.packets]
    assert dts == sorted(set(dts))
    assert len(dts) == 50


async def test_a_lease_with_a_short_longest_clip_makes_several_and_loses_no_picture() -> None:
    bench = LiveBench()
    bench.lease(longest_s=5.0)
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA, save=True)):
        await bench.play(0.0, 12.0)
    assert all(clip.closed and clip.span_s()[1] - clip.span_s()[0] <= 5.0 for clip in bench.intake.clips)
    assert len({packet.dts for clip in bench.intake.clips for packet in clip.packets}) == 120


@pytest.mark.parametrize("why", ["not entitled", "disk"])
async def test_a_view_that_cannot_be_saved_is_shown_all_the_same(why: str) -> None:
    bench = LiveBench()
    bench.lease(FEATURES - {"live_view_recording"} if why == "not entitled" else FEATURES)
    bench.intake.fails = OSError("No space left on device")
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA, save=True)) as viewer:
        await bench.play(0.0, 4.0)
        assert pictures(video(viewer.pieces())) >= 35
        grant = viewer.messages[0]
        assert not isinstance(grant, bytes)
        assert grant["saving"] == ("not_entitled" if why == "not entitled" else "allowed")
    assert bench.intake.clips == []


class HeardSpeaker:
    def __init__(self) -> None:
        self.heard = b""
        self.closed = False
        self.breaks = False

    async def play(self, pcm: bytes) -> None:
        if self.breaks:
            raise OSError("unplugged")
        self.heard += pcm

    async def close(self) -> None:
        self.closed = True


async def test_one_viewer_speaks_at_a_time_and_the_speaker_is_let_go_with_them() -> None:
    speakers: list[HeardSpeaker] = []

    async def open_speaker() -> HeardSpeaker:
        speakers.append(HeardSpeaker())
        return speakers[-1]

    bench = LiveBench()
    talk = ViewerToSpeaker(open_speaker, bench.clock)
    assert await talk.hear("anna", b"aa")
    assert not await talk.hear("bert", b"bb")
    assert not await talk.hear("anna", b"odd")
    await bench.clock.advance(2.1)
    assert await talk.hear("bert", b"bb")
    speakers[0].breaks = True
    assert not await talk.hear("bert", b"cc")
    assert speakers[0].closed
    assert not await talk.hear("bert", b"--"), "a speaker that failed is left alone for 2 s"
    assert len(speakers) == 1
    await bench.clock.advance(2.1)
    assert await talk.hear("bert", b"dd")
    await talk.leave("anna")
    assert not speakers[1].closed
    await talk.leave("bert")
    assert (speakers[0].heard, speakers[1].heard, speakers[1].closed) == (b"aabb", b"dd", True)


async def test_what_is_said_during_a_view_is_played() -> None:
    speaker = HeardSpeaker()

    async def open_speaker() -> HeardSpeaker:
        return speaker

    bench = LiveBench()
    bench = LiveBench(talk=ViewerToSpeaker(open_speaker, bench.clock))
    view = bench.views.open(CAMERA)
    await view.talk(b"before")
    async with watching(view) as viewer:
        await bench.clock.settle()
        await view.talk(b"hi")
        grant = viewer.messages[0]
        assert not isinstance(grant, bytes)
        assert grant["talk"] is True
    assert (speaker.heard, speaker.closed) == (b"hi", True)


async def test_a_stream_that_changes_its_size_in_mid_stream_begins_another_head_and_another_clip() -> None:
    bench = LiveBench()
    bench.lease()
    await bench.steps.begin(bench.stream)
    async with watching(bench.views.open(CAMERA, save=True)) as viewer:
        await bench.play(0.0, 2.0)
        await bench.steps.begin(replace(bench.stream, width=640))
        await bench.play(2.0, 4.0)
        assert viewer.words() == ["grant", "head", "head"]
    assert [(clip.ended_early, len(clip.packets)) for clip in bench.intake.clips] == [(None, 20), (None, 20)]
    assert bench.intake.clips[1].stream.width == 640
