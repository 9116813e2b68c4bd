"""`detect` on files: bad input first, then rendered motion, then real footage where it is present."""

import json
import os
from pathlib import Path

import av
import pytest
import typer

from agent.adapters.camera_feed_pyav.detect_file import detect_file
from agent.composition.commands import detect
from agent.errors import BadInput
from tests.small_video import quiet_then_walker

FOOTAGE = Path(os.environ.get("VEILLEUR_FOOTAGE", Path(__file__).parents[3] / "shared" / "video" / "dev"))
CLIPS = sorted(FOOTAGE.glob("*.mp4"))


def save_raw(path: Path) -> Path:
    _stream, packets = quiet_then_walker()
    path.write_bytes(b"".join(packet.data for packet in packets))
    return path


def no_video(path: Path) -> None:
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))


@pytest.mark.parametrize("kind", ["missing", "folder", "empty", "text", "sound", "garbled"])
def test_a_file_that_cannot_be_watched_is_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "video.h264"
    if kind == "folder":
        path.mkdir()
    elif kind in {"empty", "text"}:
        path.write_bytes(b"" if kind == "empty" else b"no video here\n" * 100)
    elif kind == "sound":
        no_video(path)
    elif kind == "garbled":
        data = bytearray(save_raw(path).read_bytes())
        for at in range(60, len(data)):
            data[at] ^= 0x5A
        path.write_bytes(data)
    with pytest.raises(BadInput) as raised:
        detect_file(path)
    assert len(str(raised.value)) > 20
    assert str(raised.value).endswith((".", "?", "first."))


def test_a_walker_is_found_where_it_was_drawn_and_progress_rises_to_the_end(tmp_path: Path) -> None:
    progress: list[float] = []
    report = detect_file(save_raw(tmp_path / "walker.h264"), progress.append)
    (event,) = report.events
    assert report.frames == 120
    speed = report.fps / 10.0  # a raw stream names no frame rate: the nominal one sets the pace
    assert 4.0 / speed - 0.01 <= event.start_s <= 4.6 / speed + 0.2
    assert event.start_s <= event.decided_s < event.end_s <= 7.6 / speed + 0.2
    assert progress == sorted(progress)
    assert progress[-1] == 1.0


def test_the_document_is_json_with_the_words_of_the_command(tmp_path: Path) -> None:
    document = json.loads(json.dumps(detect_file(save_raw(tmp_path / "walker.h264")).document()))
    assert {"events", "light_changes", "frames", "fps", "duration_s", "cpu_s"} <= set(document)
    assert {"start_s", "end_s", "decided_s", "area", "score"} <= set(document["events"][0])


@pytest.mark.footage
@pytest.mark.skipif(not CLIPS, reason="real footage is not in a clone: set VEILLEUR_FOOTAGE to its folder")
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.stem)
def test_every_event_of_the_ground_truth_is_found_in_real_footage(clip: Path) -> None:
    truth = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))
    scored_s = truth["scored_from_frame"] / truth["fps"]
    events = detect_file(clip).events
    for first, last in truth["motion"]:
        start_s, end_s = max(scored_s, first / truth["fps"]), (last + 1) / truth["fps"]
        if end_s > start_s:
            assert any(event.start_s < end_s and event.end_s > start_s for event in events), (start_s, end_s)
    if not truth["motion"]:
        assert not events


def test_the_command_says_why_in_words_draws_the_timeline_and_takes_a_sensitivity(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = save_raw(tmp_path / "walker.h264")
    detect(video, as_json=True, sensitivity=5, timeline=tmp_path / "timeline.png")
    document = json.loads(capsys.readouterr().out)
    (event,) = document["events"]
    assert (event["stage"], document["sensitivity"]) == ("object", 5)
    assert event["why"][0] == "Something moved in the picture."
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")
    detect(video, as_json=True, sensitivity=1)
    assert json.loads(capsys.readouterr().out)["events"] == []


def test_a_timeline_that_cannot_be_written_is_said_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        detect(save_raw(tmp_path / "walker.h264"), timeline=tmp_path / "nowhere" / "timeline.png")
    assert "cannot be written" in capsys.readouterr().err
