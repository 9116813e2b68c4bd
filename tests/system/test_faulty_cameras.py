"""Every odd stream of real life on one running agent, beside a healthy camera: recorded to the frame, or refused."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from tests.bench.process_cost import own_memory_mb
from tests.odd_streams import FPS, MAKERS, RTP_CLOCK, OddStream, odd_stream
from tests.rtsp.faulty_server import EndlessPlan, Fault, FaultPlan, FaultyServer, faulty_server
from tests.rtsp.server import rtsp_server, rtsp_server_is_installed
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.system.recording import (
    ACCOUNT,
    MODEL,
    Segment,
    buy_recording,
    frames_in_cloud,
    record_from_the_first_frame,
    segments,
    segments_in_cloud,
)
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(600),  # many programs on a busy machine, and a minute of video
    pytest.mark.skipif(not rtsp_server_is_installed(), reason="needs gst-rtsp-server: make packages"),
]

HEALTHY = "Street"
NO_VIDEO = {
    "sound_only": (Fault.SOUND_ONLY, "has no video"),
    "no_camera": (Fault.NOT_RTSP, "does not answer as an RTSP camera"),
    "silent": (Fault.SILENT, "did not answer in time"),
}
NAMES = [make.__name__ for make in MAKERS]
GROUPS = (NAMES[0::2], NAMES[1::2])
"""A module has ten cameras at most."""

JUMP_BACK_S = 5.0
PLAYED_S, WARM_S = 50.0, 25.0
BUSY_FRAMES = 160
ON_THE_WIRE_FRAMES = 20
"""Two seconds that the server has made and not put on the wire yet when it is stopped."""

MOST_GROWTH_MB = 25.0
"""What an agent's own memory may grow in the second half; a decoder made anew is some 3 MB of it."""


def endless(stream: OddStream, name: str) -> EndlessPlan:
    """Pace a stream as its camera does: by its stamps, and by its frame rate where they jump or are out of order."""
    frame_s = 1 / stream.fps
    gaps = [(later - earlier) / RTP_CLOCK for earlier, later in pairwise(stream.stamps)]
    if name != "variable_frame_rate":
        gaps = [frame_s] * len(gaps)
    at_s = [sum(gaps[:number]) for number in range(len(stream.units))]
    round_s = at_s[-1] + frame_s
    jumps_s = JUMP_BACK_S if name == "jumps_back" else 0.0
    return EndlessPlan(at_s, round_s, round((round_s - jumps_s) * RTP_CLOCK))


def odd_camera(stack: ExitStack, name: str) -> FaultyServer:
    stream = odd_stream(name)
    return stack.enter_context(
        faulty_server(
            stream.units,
            stream.fps,
            FaultPlan(Fault.LATE_PARAMETER_SETS, at_frame=0),
            stamps=stream.stamps,
            codec=stream.codec,
            endless=endless(stream, name),
        )
    )


def no_video_camera(stack: ExitStack, name: str) -> Camera:
    server = stack.enter_context(faulty_server((b"",), FPS, FaultPlan(NO_VIDEO[name][0])))
    return Camera(name, server.url, MODEL)


@pytest.mark.parametrize("names", GROUPS, ids=["+".join(names) for names in GROUPS])
def test_odd_streams_are_recorded_to_the_frame_beside_a_healthy_camera(
    names: Sequence[str], tmp_path: Path, busy_video: Path
) -> None:
    with ExitStack() as stack:
        healthy = stack.enter_context(rtsp_server(busy_video))
        odd = {name: odd_camera(stack, name) for name in names}
        addresses = {HEALTHY: healthy.url, **{name: server.url for name, server in odd.items()}}
        recorded = [Camera(name, address, MODEL) for name, address in addresses.items()]
        refused = [no_video_camera(stack, name) for name in NO_VIDEO]
        wish = Wish((*recorded, *refused), account=ACCOUNT, segment_s=10)
        house = stack.enter_context(open_running_house(tmp_path, wish))
        buy_recording(house, wish.cameras)
        known = record_from_the_first_frame(house, {HEALTHY: healthy, **odd})
        growth_mb = growth_in_the_second_half_mb(house)
        losses = {camera["name"]: camera["losses"] for camera in house.status()["cameras"]}
        assert {name: losses[name] for name in addresses} == dict.fromkeys(addresses, 0)
        healthy.freeze()
        sent = {name: server.freeze() for name, server in odd.items()}
        for name in names:
            assert_recorded(name, segments_in_cloud(house, name, known), sent[name])
        in_cloud = frames_in_cloud(house, HEALTHY, known, BUSY_FRAMES, 90)
        assert 0 <= healthy.frames_sent() - in_cloud <= ON_THE_WIRE_FRAMES
        for name in NO_VIDEO:
            assert_refused(house, name)
        assert growth_mb <= MOST_GROWTH_MB


def assert_refused(house: House, name: str) -> None:
    """Find a sentence of what is no stream, and nothing stored of it."""
    sentence = NO_VIDEO[name][1]

    def said() -> bool:
        return any(camera["name"] == name and sentence in camera["detail"] for camera in house.status()["cameras"])

    wait_until(said, SOON_S, f"{name}: {sentence}; the agent's log:\n{house.agent.log_tail(20)}")
    assert segments(house, name) == []


def growth_in_the_second_half_mb(house: House) -> float:
    """Let the cameras play; return how much the agent's own memory grew in the second half."""
    began_s = time.monotonic()  # noqa: TID251 - the cameras play in real time
    wait_until(lambda: time.monotonic() - began_s >= WARM_S, PLAYED_S, "the first half")  # noqa: TID251 - as above
    before_mb = own_memory_mb(house.agent.pid)
    wait_until(lambda: time.monotonic() - began_s >= PLAYED_S, 2 * PLAYED_S, "the second half")  # noqa: TID251 - as above
    return own_memory_mb(house.agent.pid) - before_mb


def assert_recorded(name: str, segments: Sequence[Segment], sent: int) -> None:
    """Prove that all frames that were sent stand in the segments, in order, and last as long as they did.

    How long the last picture of a segment stands is not known when it is written.
    """
    stream, plan = odd_stream(name), endless(odd_stream(name), name)
    marks = [mark for segment in segments for mark in segment.marks]
    if name == "corrupted":
        assert {mark for mark in marks if mark is not None} >= set(stream.shown), "a sound picture is never left out"
    else:
        assert marks == numbers_shown(stream, name, sent), f"{name}: {len(marks)} of {sent} frames"
    rounds, frame = divmod(sent, len(stream.units))
    lasts_s = rounds * plan.round_s + plan.at_s[frame]
    recorded_s = sum(segment.duration_s for segment in segments)
    unknown_s = max(later - earlier for earlier, later in pairwise(plan.at_s)) * len(segments)
    assert lasts_s - unknown_s - 0.5 <= recorded_s <= lasts_s + 0.5, f"{name} lasts as long as it did"


def numbers_shown(stream: OddStream, name: str, sent: int) -> list[int]:
    """Return the marks of the first `sent` units, in the order of showing."""
    units = range(len(stream.units))
    shown_as = {unit: unit for unit in units}
    if name == "b_frames":
        in_order = sorted(units, key=lambda unit: stream.stamps[unit])
        shown_as = {unit: number for number, unit in enumerate(in_order)}
    rounds = (divmod(number, len(stream.units)) for number in range(sent))
    return [number for _, number in sorted((times, shown_as[unit]) for times, unit in rounds)]
