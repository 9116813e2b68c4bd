"""A file as a camera: refusals say what to do, a loop is seamless, pacing follows the passed clock."""

from itertools import islice, pairwise
from pathlib import Path

import av
import pytest

from hardware.camera import CameraRefused
from hardware.cameras.file import FileSource
from hardware.cameras.frame_mark import FrameMark
from tests.hardware.conftest import NONCE
from tests.hardware.decoded import marks
from tests.hardware.fake_time import FakeTime
from tests.rtsp.server import annex_b_access_units


def source(path: Path, clock: FakeTime | None = None, *, looped: bool = False, fps: float = 25.0) -> FileSource:
    time = clock or FakeTime()
    return FileSource(
        path, monotonic=time.monotonic, sleep=time.sleep, looped=looped, paced=clock is not None, nominal_fps=fps
    )


def sound_only(path: Path) -> Path:
    with av.open(str(path), "w", "wav") as out:
        stream = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    return path


def other_codec(path: Path) -> Path:
    with av.open("testsrc2=size=160x120:rate=5", format="lavfi") as pictures, av.open(str(path), "w", "avi") as out:
        stream = out.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for picture in islice(pictures.decode(video=0), 5):
            out.mux(stream.encode(picture.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("absent", "check the path"),
        ("folder", "is a folder"),
        ("text", "not a video file"),
        ("empty", "not a video file"),
        ("sound only", "has no video"),
        ("other codec", "mpeg4"),
    ],
)
def test_a_file_that_cannot_be_a_camera_is_refused_with_a_sentence(fault: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.mp4"
    if fault == "folder":
        path.mkdir()
    elif fault in {"text", "empty"}:
        path.write_text("no video at all\n" * (100 if fault == "text" else 0))
    elif fault == "sound only":
        path = sound_only(tmp_path / "odd.wav")
    elif fault == "other codec":
        path = other_codec(tmp_path / "odd.avi")
    with pytest.raises(CameraRefused, match=says):
        source(path).open()


def test_a_file_cut_off_in_the_middle_ends_where_it_is_cut(scene_file: Path, tmp_path: Path) -> None:
    whole = b"".join(annex_b_access_units(scene_file)[0])
    path = tmp_path / "cut.h264"
    path.write_bytes(whole[: len(whole) // 2])
    cut = source(path)
    cut.open()
    assert 20 < len(list(cut.packets())) < 90


def test_a_file_played_once_gives_every_frame_once(scene_file: Path) -> None:
    once = source(scene_file)
    info = once.open()
    packets = list(once.packets())
    assert marks(info, packets) == [FrameMark(NONCE, number) for number in range(90)]
    assert info.nominal_fps == pytest.approx(15)


@pytest.mark.parametrize("fixture", ["scene_file", "short_file"])
def test_a_loop_goes_on_by_one_frame_at_the_seam(fixture: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(fixture)
    once = source(path)
    once.open()
    frames = len(list(once.packets()))
    looped = source(path, looped=True)
    info = looped.open()
    packets = list(islice(looped.packets(), 3 * frames))
    one_frame = 1 / 15
    for before, after in pairwise(packets):
        assert float((after.dts - before.dts) * info.time_base) == pytest.approx(one_frame, abs=0.002)
    assert packets[frames].is_keyframe
    found = [mark.counter for mark in marks(info, packets) if mark is not None]
    assert found == list(range(frames)) * 3


def test_pacing_releases_each_packet_when_it_is_due(scene_file: Path) -> None:
    clock = FakeTime()
    paced = source(scene_file, clock)
    info = paced.open()
    start = clock.now_s
    for packet in paced.packets():
        assert clock.now_s == pytest.approx(start + float(packet.dts * info.time_base))
        assert packet.arrived_s == clock.now_s
    assert max(clock.slept) <= 0.2


def test_a_reader_that_fell_behind_is_not_rushed(scene_file: Path) -> None:
    """After a pause of a minute (a suspended machine) the file goes on in real time from where it was."""
    clock = FakeTime()
    paced = source(scene_file, clock)
    info = paced.open()
    packets = paced.packets()
    next(packets)
    clock.now_s += 60
    resumed = next(packets)
    later = list(islice(packets, 15))[-1]
    assert later.arrived_s - resumed.arrived_s == pytest.approx(float((later.dts - resumed.dts) * info.time_base))


@pytest.mark.parametrize("fps", [10.0, 25.0, 30.0])
def test_a_stream_without_times_plays_at_the_nominal_rate(fps: float, scene_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "bare.h264"
    path.write_bytes(b"".join(annex_b_access_units(scene_file)[0]))
    bare = source(path, fps=fps)
    info = bare.open()
    packets = list(bare.packets())
    assert info.nominal_fps == fps
    assert float((packets[-1].dts - packets[0].dts) * info.time_base) == pytest.approx(89 / fps, rel=0.001)


def test_b_frames_keep_their_order_of_presentation(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    with av.open("testsrc2=size=160x120:rate=25", format="lavfi") as pictures, av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"bf": "2", "b-adapt": "0"})
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for picture in islice(pictures.decode(video=0), 30):
            out.mux(stream.encode(picture.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    reordered = source(path)
    reordered.open()
    packets = list(reordered.packets())
    assert any(packet.pts > packet.dts for packet in packets)
    shown = sorted(packet.pts for packet in packets)
    assert len({after - before for before, after in pairwise(shown)}) == 1


def test_packets_begin_at_a_keyframe_even_if_the_file_does_not(scene_file: Path, tmp_path: Path) -> None:
    units, _, _ = annex_b_access_units(scene_file)
    path = tmp_path / "late.h264"
    path.write_bytes(b"".join(units[5:]))
    late = source(path)
    info = late.open()
    packets = list(late.packets())
    assert packets[0].is_keyframe
    first = marks(info, packets)[0]
    assert first == FrameMark(NONCE, 15)
