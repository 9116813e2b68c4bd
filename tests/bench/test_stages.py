"""The stages of watching are all measured, and the detector is as it was afterwards."""

from pathlib import Path

from agent.vision import detector
from tests.bench.camera_video import VideoSettings, write_camera_video
from tests.bench.stages import FUNCTIONS, STAGES, stage_costs

ONLY_WHERE_SOMETHING_MOVES = {"shake", "patterns", "blobs"}


def test_every_stage_has_a_cost_and_decoding_whole_costs_more_than_keyframes(tmp_path: Path) -> None:
    before = {name: getattr(detector, name) for name in FUNCTIONS}
    video = tmp_path / "busy.mp4"
    write_camera_video(video, VideoSettings("busy", "720p", "h264", seconds=4.0))
    costs = stage_costs(video)
    assert set(costs) == set(STAGES)
    assert all(cost > 0 for stage, cost in costs.items() if stage not in ONLY_WHERE_SOMETHING_MOVES)
    assert costs["decode whole"] > costs["decode keyframes only"]
    assert {name: getattr(detector, name) for name in FUNCTIONS} == before
