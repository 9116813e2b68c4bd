"""The person model: files that are none first, then real footage with and without people, where it is present."""

import hashlib
import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from agent.adapters import person_onnx
from agent.adapters.camera_feed_pyav.person_crop import crop_around
from agent.adapters.camera_feed_pyav.picture_analysis import luma_plane
from agent.adapters.person_onnx import SHIPPED_MODEL, PersonOnnx
from agent.errors import BadInput, Refused
from agent.vision.detector import MotionDetector
from agent.vision.person import Box, Crop
from agent.vision.small_picture import LookPace, small_luma

FOOTAGE = Path(os.environ.get("VEILLEUR_FOOTAGE", Path(__file__).parents[3] / "shared" / "video" / "dev"))
LONGEST_S = 15.0
"""What is looked at of each video: a second costs about 0.4 s here."""
needs_runtime = pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="needs: make person")


def needs_footage(name: str) -> pytest.MarkDecorator:
    missing = not (FOOTAGE / name).exists()
    return pytest.mark.skipif(missing, reason="real footage is not in a clone: set VEILLEUR_FOOTAGE to its folder")


async def test_without_onnxruntime_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person_onnx, "RUNTIME", "no_such_runtime")
    with pytest.raises(Refused, match="not installed: run `make person`"):
        await PersonOnnx().load()


@needs_runtime
@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "No such file"), (b"", "1 to 256 MB"), (b"not a model" * 100, "cannot be read as ONNX")],
)
async def test_a_file_that_is_no_model_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    path = tmp_path / "other.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=says) as caught:
        await PersonOnnx(path).load()
    assert str(path) in str(caught.value)
    assert "models/README.md" in str(caught.value)


@needs_runtime
@pytest.mark.parametrize(
    ("elements", "says"),
    [((1, 1, 4), "takes no square picture"), ((2, 1, 3), "takes no square picture")],
)
async def test_a_model_of_another_kind_is_refused(tmp_path: Path, elements: tuple[int, int, int], says: str) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(identity_model(elements))
    with pytest.raises(BadInput, match=says):
        await PersonOnnx(path).load()


@needs_runtime
async def test_a_model_with_other_answers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(identity_model((2, 30, 30)))
    with pytest.raises(BadInput, match="does not answer with num_detections"):
        await PersonOnnx(path).load()


def test_the_shipped_model_is_the_one_that_its_page_describes() -> None:
    page = (SHIPPED_MODEL.parent / "README.md").read_text()
    (digest,) = re.findall(r"`([0-9a-f]{64})`", page)
    assert hashlib.sha256(SHIPPED_MODEL.read_bytes()).hexdigest() == digest
    assert f"{SHIPPED_MODEL.stat().st_size:,} bytes" in page


@needs_runtime
async def test_nobody_is_seen_in_noise() -> None:
    model = PersonOnnx()
    await model.load()
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    assert await model.look(Crop(noise, (0.0, 0.0, 1.0, 1.0))) == ()


def motions(name: str) -> Iterator[tuple[av.VideoFrame, Box | None]]:
    """Return the pictures of a video at which the agent looks, twice a second, and the box of the motion there.

    Until anything has moved, one picture a second with no box.
    """
    detector, due_s, moved = MotionDetector(), 0.0, False
    with av.open(str(FOOTAGE / name)) as container:
        stream = container.streams.video[0]
        pace = LookPace(float(stream.average_rate or 25))
        for frame in container.decode(stream):
            at_s = float(frame.time or 0.0)
            if at_s > LONGEST_S:
                return
            if not pace.due(at_s):
                continue
            reading = detector.see(small_luma(luma_plane(frame)), at_s)
            if reading.moving and reading.box is not None and at_s >= due_s:
                due_s, moved = at_s + 0.5, True
                yield frame, reading.box
            elif not moved and at_s >= due_s:
                due_s = at_s + 1.0
                yield frame, None


@needs_runtime
@pytest.mark.footage
@pytest.mark.parametrize(
    ("name", "least_share"),
    [
        pytest.param("home_room.mp4", 0.6, marks=needs_footage("home_room.mp4")),
        pytest.param("field_bicycle.mp4", 0.35, marks=needs_footage("field_bicycle.mp4")),
        pytest.param("opencv_vtest.mp4", 0.9, marks=needs_footage("opencv_vtest.mp4")),
        pytest.param("parking_a.mp4", 0.6, marks=needs_footage("parking_a.mp4")),
    ],
)
async def test_people_who_walk_are_found_in_real_footage(name: str, least_share: float) -> None:
    """Each motion is looked at three times, with a box a few pixels apart: one pixel decides about a single look."""
    model = PersonOnnx()
    await model.load()
    boxes = ((frame, box) for frame, box in motions(name) if box is not None)
    shifted = (
        (frame, (x + by, y - by, wide, high)) for frame, (x, y, wide, high) in boxes for by in (-0.004, 0, 0.004)
    )
    answers = [tuple(model._look(crop_around(frame, box))) for frame, box in shifted]
    found = [persons for persons in answers if persons]
    assert len(found) >= least_share * len(answers) > 0
    for persons in found:
        assert persons[0].label == "person"
        x, y, wide, high = persons[0].box
        assert 0 <= x <= x + wide <= 1.0001
        assert 0 <= y <= y + high <= 1.0001
        assert high > 0.05


@needs_runtime
@pytest.mark.footage
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_footage(name))
        for name in ("empty_room.mp4", "rain_roof.mp4", "rain_nighttrees.mp4", "intel_cars.mp4", "cdnet_highway.mp4")
    ],
)
async def test_nobody_is_found_where_nobody_is_rooms_rain_and_cars(name: str) -> None:
    model = PersonOnnx()
    await model.load()
    looks = list(motions(name))
    assert looks
    everything = (0.0, 0.0, 1.0, 1.0)
    assert [frame.time for frame, box in looks if model._look(crop_around(frame, box or everything))] == []


def identity_model(shape: tuple[int, int, int]) -> bytes:
    """Write an ONNX model by hand (protobuf fields): `x` of type `shape[0]`, [1, a, b, 3], goes out as `y` unchanged.

    The first number is the element type: 1 float, 2 uint8.
    """
    element, side_a, side_b = shape
    kind = varint(1, element) + message(2, b"".join(message(1, varint(1, size)) for size in (1, side_a, side_b, 3)))
    described = message(1, kind)
    node = text(1, "x") + text(2, "y") + text(4, "Identity")
    graph = (
        message(1, node)
        + text(2, "g")
        + message(11, text(1, "x") + message(2, described))
        + message(12, text(1, "y") + message(2, described))
    )
    return varint(1, 8) + message(7, graph) + message(8, text(1, "") + varint(2, 13))


def varint(number: int, value: int) -> bytes:
    return bytes([number << 3]) + bytes([value])


def message(number: int, body: bytes) -> bytes:
    length, encoded = len(body), b""
    while length >= 128:
        encoded += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | 2]) + encoded + bytes([length]) + body


def text(number: int, value: str) -> bytes:
    return message(number, value.encode())
