"""The fragment index: right on real clips in any cut, and unshakable by garbage."""

import struct

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_stub.domain.fragments import LARGEST_KEPT_BOX, FragmentIndex
from tests.adapters.cloud_media.media import make_clip, make_photo

CLIP = make_clip(seconds=4, keyframe_every=20)


def indexed(data: bytes, step: int = 1 << 20) -> FragmentIndex:
    index = FragmentIndex()
    for start in range(0, len(data), step):
        index.feed(data[start : start + step])
    return index


def summary(index: FragmentIndex) -> object:
    return (index.init_bytes, index.mime, index.duration_ms, index.fragments, index.broken, index.fed_bytes)


@pytest.mark.parametrize(
    ("options", "codec"), [({}, "avc1.42c00a"), ({"codec": "libx265"}, "hev1.1.6.L30.90")], ids=["h264", "h265"]
)
def test_a_real_clip_is_measured_to_the_millisecond_and_named_for_mse(options: dict[str, str], codec: str) -> None:
    clip = make_clip(seconds=4, keyframe_every=20, **options)
    index = indexed(clip)
    assert (index.mime, index.duration_ms, index.broken) == (f'video/mp4; codecs="{codec}"', 4000, None)
    assert [fragment.keyframe for fragment in index.fragments] == [True, False, True, False]
    assert [(fragment.start_ms, fragment.duration_ms) for fragment in index.fragments] == [
        (second * 1000, 1000) for second in range(4)
    ]
    assert index.fragments[0].start == index.init_bytes
    assert all(one.end == other.start for one, other in zip(index.fragments, index.fragments[1:], strict=False))


def test_the_part_up_to_playable_end_really_plays(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cut") / "cut.mp4"
    cut = CLIP[: len(CLIP) * 3 // 5]
    path.write_bytes(cut[: indexed(cut).playable_end])
    with av.open(str(path), "r") as media:
        frames = sum(1 for _ in media.decode(video=0))
    assert frames == indexed(cut).duration_ms // 100


@given(st.integers(1, 97))
@settings(deadline=None)
def test_the_cut_of_the_bytes_does_not_matter(step: int) -> None:
    assert summary(indexed(CLIP, step)) == summary(indexed(CLIP))


def test_every_prefix_counts_only_whole_fragments() -> None:
    whole = indexed(CLIP)
    index = FragmentIndex()
    for position, byte in enumerate(CLIP, start=1):
        index.feed(bytes([byte]))
        assert index.fragments == [fragment for fragment in whole.fragments if fragment.end <= position]


def test_a_fork_can_be_thrown_away() -> None:
    index = indexed(CLIP[:3000])
    before = summary(index)
    fork = index.fork()
    fork.feed(b"garbage" * 1000)
    assert summary(index) == before
    index.feed(CLIP[3000:])
    assert summary(index) == summary(indexed(CLIP))


@pytest.mark.parametrize(
    "data",
    [
        make_photo(),
        b"\0" * 100,
        b"RIFF" + b"x" * 100,
        struct.pack(">I4s", 8, b"moof") * 3,
        struct.pack(">I4s", LARGEST_KEPT_BOX + 1, b"moov") + b"\0" * 100,
        struct.pack(">I4sQ", 1, b"ftyp", 9),
        struct.pack(">I4s", 8, b"moov"),
        CLIP[: indexed(CLIP).init_bytes] * 2,
    ],
    ids=["jpeg", "zeros", "riff", "moof first", "giant moov", "tiny long box", "empty moov", "second moov"],
)
def test_what_is_no_fragmented_mp4_is_broken_and_has_no_fragment(data: bytes) -> None:
    index = indexed(data, 13)
    assert index.broken is not None
    assert (index.fragments, index.duration_ms, index.fed_bytes) == ([], 0, len(data))


def test_a_box_that_lies_about_times_cannot_make_a_clip_shorter() -> None:
    at = CLIP.index(b"tfdt", indexed(CLIP).fragments[2].start)
    lying = bytearray(CLIP)
    lying[at + 8 : at + 16] = bytes(8)
    assert indexed(bytes(lying)).duration_ms >= 4000


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_garbage_never_raises_and_never_hangs(data: bytes) -> None:
    assert indexed(data, 7).fed_bytes == len(data)


@given(st.lists(st.tuples(st.integers(0, len(CLIP) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@settings(deadline=None)
def test_a_damaged_clip_never_raises_and_its_fragments_stay_inside_it(damage: list[tuple[int, int]]) -> None:
    data = bytearray(CLIP)
    for place, value in damage:
        data[place] = value
    index = indexed(bytes(data), 513)
    assert index.fed_bytes == len(data)
    assert all(0 < fragment.start < fragment.end <= len(data) for fragment in index.fragments)
    assert index.mime is None or index.duration_ms >= 0


@given(st.integers(0, len(CLIP)), st.integers(0, len(CLIP)))
@settings(deadline=None)
def test_a_clip_with_a_hole_never_raises(start: int, length: int) -> None:
    data = CLIP[:start] + CLIP[start + length :]
    assert indexed(data, 1024).fed_bytes == len(data)
