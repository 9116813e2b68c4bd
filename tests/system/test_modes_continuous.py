"""Continuous recording over RTSP through agent and cloud: segments join to the frame, also around a dead cloud."""

from contextlib import ExitStack
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.odd_streams import FPS, OddStream, plain
from tests.rtsp.faulty_server import EndlessPlan, Fault, FaultPlan, faulty_server
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.system.recording import ACCOUNT, MODEL, buy_recording, record_from_the_first_frame, segments_in_cloud
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

NAME = "Porch"
SEGMENT_S, KEYFRAME_S = 5.0, 1.0
BUSY_S = 1.5
"""How late a busy machine may see a frame that names the time of day."""


def in_real_time(stream: OddStream) -> EndlessPlan:
    at_s = [number / FPS for number in range(len(stream.units))]
    return EndlessPlan(at_s, len(at_s) / FPS, round(len(at_s) / FPS * 90_000))


def wait_for_segments(house: House, known: frozenset[str], count: int, phases: frozenset[str]) -> None:
    def there() -> bool:
        rows = [row for row in house.ledger() if row["clip_id"] not in known and row["phase"] in phases]
        return len(rows) >= count

    wait_until(there, SOON_S, f"{count} segments are {sorted(phases)}; the log:\n{house.agent.log_tail(20)}")


def test_r137_segments_in_the_cloud_join_to_the_frame_also_around_a_dead_cloud(tmp_path: Path) -> None:
    stream = plain(60)
    with ExitStack() as stack:
        server = stack.enter_context(
            faulty_server(
                stream.units, FPS, FaultPlan(Fault.NONE, at_frame=0), stamps=stream.stamps, endless=in_real_time(stream)
            )
        )
        wish = Wish((Camera(NAME, server.url, MODEL),), account=ACCOUNT, segment_s=SEGMENT_S)
        house = stack.enter_context(open_running_house(tmp_path, wish))
        buy_recording(house, wish.cameras)
        known = record_from_the_first_frame(house, {NAME: server})
        wait_for_segments(house, known, 1, frozenset({"stored_cloud"}))
        house.cloud.kill()
        wait_for_segments(house, known, 2, frozenset({"spooled"}))
        house.start_cloud()
        wait_for_segments(house, known, 4, frozenset({"stored_cloud"}))
        sent = server.freeze()
        segments = segments_in_cloud(house, NAME, known)
    marks = [mark for segment in segments for mark in segment.marks]
    assert marks == [number % len(stream.units) for number in range(sent)], f"{len(marks)} of {sent} frames"
    assert {round(segment.duration_s, 1) for segment in segments[:-1]} <= {SEGMENT_S, SEGMENT_S + KEYFRAME_S}
    for earlier, later in pairwise(segments):
        begins = [datetime.fromisoformat(segment.row["captured_at"]) for segment in (earlier, later)]
        lasts_s = (begins[1] - begins[0]).total_seconds()
        assert lasts_s == pytest.approx(earlier.duration_s, abs=BUSY_S), "its time of day is that of its first frame"
    assert {segment.row["reason"] for segment in segments} == {"plan"}
