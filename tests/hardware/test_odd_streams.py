"""Cameras with odd streams over RTSP: each is recorded to the last frame, and what was recorded plays."""

import time
from itertools import pairwise

import pytest

from hardware.camera import CameraLost, EncodedPacket, StreamInfo
from hardware.cameras.rtsp import rtsp_source
from tests.odd_streams import MAKERS, OddStream, clips_of, odd_stream, seen_in
from tests.rtsp.faulty_server import Fault, FaultPlan, faulty_server


def received(stream: OddStream) -> tuple[StreamInfo, list[EncodedPacket]]:
    plan = FaultPlan(Fault.LATE_PARAMETER_SETS)
    with faulty_server(stream.units, stream.fps, plan, stamps=stream.stamps, codec=stream.codec) as server:
        camera = rtsp_source(server.url, monotonic=time.monotonic)  # noqa: TID251 - the peer is real
        info, packets = camera.open(), list[EncodedPacket]()
        with pytest.raises(CameraLost, match="ended the connection"):
            packets.extend(camera.packets())
        camera.close()
    return info, packets


@pytest.mark.parametrize("name", [make.__name__ for make in MAKERS])
def test_an_odd_stream_is_recorded_to_the_last_frame_and_plays(name: str) -> None:
    stream = odd_stream(name)
    info, packets = received(stream)
    assert len(packets) == len(stream.units), "frames received = frames sent"
    assert all(before.dts < after.dts for before, after in pairwise(packets))
    clips = clips_of(info, packets)
    seen = [picture for clip in clips for picture in seen_in(clip)]
    if name == "corrupted":
        assert {mark for mark, _, _ in seen} >= set(stream.shown), "a spoilt picture may be left out, never a sound one"
    else:
        assert [mark for mark, _, _ in seen] == list(stream.shown)
    lasts_s = sum(seen_in(clip)[-1][1] for clip in clips) + (len(clips) - 1) / stream.fps
    assert lasts_s == pytest.approx(stream.lasts_s, abs=0.25)


def test_another_size_in_mid_stream_begins_another_clip_of_that_size() -> None:
    info, packets = received(odd_stream("other_size_in_mid_stream"))
    clips = clips_of(info, packets)
    assert [{width for _, _, width in seen_in(clip)} for clip in clips] == [{320}, {640}]
    assert [packet.stream.width for packet in packets if packet.stream is not None] == [640]
