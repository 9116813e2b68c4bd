"""Odd cameras on one running module: each is recorded or refused with a sentence, and a healthy one misses no frame."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from hardware.cameras.scene_video import SceneSettings, write_scene_file
from tests.bench.process_cost import own_memory_mb
from tests.odd_streams import MAKERS, OddStream, odd_stream, seen_in
from tests.rtsp.faulty_server import Fault, FaultPlan, FaultyServer, faulty_server
from tests.rtsp.server import rtsp_server, rtsp_server_is_installed
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.system.recording import ACCOUNT, MODEL, buy_recording, frames_in_cloud, media_of, segments
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(400),  # many programs on a busy machine
    pytest.mark.skipif(not rtsp_server_is_installed(), reason="needs gst-rtsp-server: make packages"),
]

FPS, LOOP_S = 15.0, 12.0
LOOP_FRAMES = round(FPS * LOOP_S)
SEGMENT_S = 5.0
HEALTHY_SEGMENTS = 3
ON_THE_WIRE_FRAMES = round(2 * FPS)
MOST_OWN_MB = 260.0
"""A module with six small cameras has about 90; what grew with an odd stream would pass this in half a minute."""
NAMES = tuple(make.__name__ for make in MAKERS)
NO_VIDEO = {
    "sound_only": (Fault.SOUND_ONLY, "has no video"),
    "no_camera": (Fault.NOT_RTSP, "does not answer as an RTSP camera"),
    "frozen": (Fault.SILENT, "did not answer in time"),
}


def serve(stack: ExitStack, name: str) -> FaultyServer:
    """Serve an odd stream, again and again from its begin, or what is no stream."""
    if name in NO_VIDEO:
        return stack.enter_context(faulty_server((b"",), FPS, FaultPlan(NO_VIDEO[name][0])))
    stream: OddStream = odd_stream(name)
    plan = FaultPlan(Fault.LATE_PARAMETER_SETS)
    return stack.enter_context(faulty_server(stream.units, stream.fps, plan, stamps=stream.stamps, codec=stream.codec))


@pytest.mark.parametrize("odd", [NAMES[:5], NAMES[5:], tuple(NO_VIDEO)], ids=["first half", "second half", "no video"])
def test_each_odd_camera_is_recorded_or_says_why_and_a_healthy_one_misses_no_frame(
    tmp_path: Path, odd: tuple[str, ...]
) -> None:
    video = tmp_path / "busy.mp4"
    scene = SceneSettings(scene="busy", width=320, height=180, fps=FPS, keyframe_s=1.0, seconds=LOOP_S)
    write_scene_file(video, scene)
    with ExitStack() as stack:
        healthy = stack.enter_context(rtsp_server(video, fps=FPS))
        servers = {name: serve(stack, name) for name in odd}
        cameras = tuple(Camera(name, url, MODEL) for name, url in {"healthy": healthy.url, **urls(servers)}.items())
        wish = Wish(cameras, account_options=ACCOUNT, longest_clip_s=30.0, segment_s=SEGMENT_S)
        house = stack.enter_context(open_running_house(tmp_path / "house", wish))
        buy_recording(house, cameras)
        wait_until(lambda: segments(house, "healthy"), SOON_S, "the healthy camera is recorded")
        known = frozenset(row["clip_id"] for row in house.ledger())
        house.agent.stop()
        house.start_agent()
        wait_until(lambda: len(segments(house, "healthy", known)) >= HEALTHY_SEGMENTS, 90, house.agent.log_tail(20))
        for name in odd:
            assert_recorded_or_refused(house, name, known)
        healthy.freeze()
        sent = healthy.frames_sent()
        stored = frames_in_cloud(house, "healthy", known, LOOP_FRAMES, 90)
        assert 0 <= sent - stored <= ON_THE_WIRE_FRAMES
        assert own_memory_mb(house.agent.pid) < MOST_OWN_MB


def urls(servers: dict[str, FaultyServer]) -> dict[str, str]:
    return {name: server.url for name, server in servers.items()}


def assert_recorded_or_refused(house: House, name: str, known: frozenset[str]) -> None:
    """Find a segment that plays, or a sentence and nothing stored of what is no stream."""
    if name in NO_VIDEO:
        sentence = NO_VIDEO[name][1]
        wait_until(lambda: sentence in camera_words(house, name), SOON_S, f"{name}: {camera_words(house, name)}")
        assert segments(house, name) == []
        return

    def whole() -> bytes:
        rows = [row for row in segments(house, name, known) if row["phase"] == "stored_cloud"]
        return media_of(house, rows[0]) if rows else b""

    clip = wait_until(whole, 60, f"a segment of {name}; the agent's log:\n{house.agent.log_tail(30)}")
    assert len(seen_in(clip)) >= 2, f"{name} plays"


def camera_words(house: House, name: str) -> str:
    camera = next(camera for camera in house.status()["cameras"] if camera["name"] == name)
    return f"{camera['health']}: {camera['detail']}"
