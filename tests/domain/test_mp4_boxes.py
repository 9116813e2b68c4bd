"""The box reader on damaged input: it always ends, never raises, and never claims more than there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.mp4_boxes import Layout, read_from, whole_layout, without_blank_tail


def box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4, "big") + kind + content


def number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def trak(handler: bytes, track: int, timescale: int) -> bytes:
    mdhd = box(b"mdhd", bytes(12) + number(timescale) + bytes(8))
    hdlr = box(b"hdlr", bytes(8) + handler + bytes(13))
    return box(b"trak", box(b"tkhd", bytes(12) + number(track) + bytes(68)) + box(b"mdia", mdhd + hdlr))


def head(timescale: int = 1000) -> bytes:
    return box(b"ftyp", b"isom" + bytes(4)) + box(b"moov", trak(b"vide", 1, timescale))


def traf(track: int, sizes: list[int], ticks: int) -> bytes:
    tfhd = box(b"tfhd", number(0x8) + number(track) + number(ticks))
    trun = box(b"trun", number(0x201) + number(len(sizes)) + number(0) + b"".join(number(size) for size in sizes))
    return box(b"traf", tfhd + trun)


def fragment(sizes: list[int], ticks: int = 100, fill: bytes = b"\x01") -> bytes:
    return box(b"moof", traf(1, sizes, ticks)) + box(b"mdat", fill * sum(sizes))


WHOLE = head() + fragment([10, 20]) + fragment([5000, 7])


def layout_of(data: bytes) -> Layout:
    return whole_layout(read_from(data), len(data))


def test_nothing_whole_is_nothing() -> None:
    for data in (b"", b"\x00" * 100, b"garbage that is no box", head()[:-1]):
        assert layout_of(data).whole_bytes <= len(data)
        assert not layout_of(data).fragments
        assert layout_of(data).duration_ms == 0


def test_samples_that_do_not_fill_their_data_are_not_whole() -> None:
    described = fragment([10, 20])[: -8 - 30]
    for stored_bytes in (29, 31):
        assert len(layout_of(WHOLE + described + box(b"mdat", b"\x01" * stored_bytes)).fragments) == 2
    assert len(layout_of(WHOLE + described + box(b"mdat", b"\x01" * 30)).fragments) == 3
    short = head() + box(b"moof", b"") + box(b"mdat", b"\x01" * 9)
    assert not layout_of(short).fragments


def test_a_count_of_four_billion_samples_ends_at_once() -> None:
    tfhd = box(b"tfhd", number(0x18) + number(1) + number(100) + number(1))
    for flags in (0x000, 0x200):
        trun = box(b"trun", number(flags) + number(0xFFFFFFFF))
        data = head() + box(b"moof", box(b"traf", tfhd + trun)) + box(b"mdat", b"\x01" * 9)
        assert not layout_of(data).fragments


def test_whole_fragments_are_counted_and_timed() -> None:
    layout = layout_of(WHOLE)
    assert (layout.whole_bytes, len(layout.fragments), layout.duration_ms) == (len(WHOLE), 2, 400)
    assert [end - start for part in layout.fragments for start, end in part.samples] == [10, 20, 5000, 7]
    assert without_blank_tail(read_from(WHOLE), layout) == layout


def test_a_later_part_of_a_file_needs_the_timescale_only() -> None:
    part = fragment([10, 20])
    assert not layout_of(part).fragments
    assert whole_layout(read_from(part), len(part), 1000).duration_ms == 200


def with_sound(sound: bytes, *, first: bool = False) -> bytes:
    """Return a file of two tracks and one fragment; with `first`, sound stands before the pictures as track 1."""
    pictures, sounds = (2, 1) if first else (1, 2)
    tracks = {pictures: trak(b"vide", pictures, 1000), sounds: trak(b"soun", sounds, 8000)}
    runs = {pictures: traf(pictures, [10, 20], 100), sounds: traf(sounds, [len(sound)], 1600)}
    data = {pictures: b"\x01" * 30, sounds: sound}
    moov = box(b"moov", tracks[1] + tracks[2])
    return box(b"ftyp", b"isom" + bytes(4)) + moov + box(b"moof", runs[1] + runs[2]) + box(b"mdat", data[1] + data[2])


@pytest.mark.parametrize("first", [False, True])
def test_with_sound_the_pictures_alone_tell_how_long_it_is(first: bool) -> None:
    data = with_sound(b"\x21" * 9, first=first)
    layout = layout_of(data)
    assert (layout.whole_bytes, layout.duration_ms) == (len(data), 200)
    assert [end - start for start, end in layout.fragments[0].samples] == [10, 20]
    assert [end - start for start, end in layout.fragments[0].sounds] == [9]


def test_sound_alone_lasts_no_time() -> None:
    head_of_both = with_sound(b"\x21" * 9)
    sound_only = box(b"moof", traf(2, [9], 1600)) + box(b"mdat", b"\x21" * 9)
    assert layout_of(head_of_both + sound_only).duration_ms == 200
    assert len(layout_of(head_of_both + sound_only).fragments) == 2


def test_sound_that_a_power_cut_left_blank_is_cut_and_a_short_silence_is_not() -> None:
    for sound, kept in ((bytes(9), 0), (bytes(4), 1), (bytes(8) + b"\x07", 1)):
        data = with_sound(sound)
        assert len(without_blank_tail(read_from(data), layout_of(data)).fragments) == kept


def test_sixty_four_bit_boxes_are_read() -> None:
    moof = fragment([10])
    mdat_at = moof.index(b"mdat") - 4
    large = moof[:mdat_at] + number(1) + b"mdat" + (26).to_bytes(8, "big") + b"\x01" * 10
    assert len(layout_of(head() + large).fragments) == 1


@given(st.data())
def test_damage_anywhere_never_raises_and_never_reaches_beyond_the_file(data: st.DataObject) -> None:
    damaged = bytearray(WHOLE[: data.draw(st.integers(0, len(WHOLE)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if damaged:
            at = data.draw(st.integers(0, min(len(damaged), 400) - 1))
            damaged[at] = data.draw(st.integers(0, 255))
    layout = without_blank_tail(read_from(bytes(damaged)), layout_of(bytes(damaged)))
    assert 0 <= layout.whole_bytes <= len(damaged)
    for part in layout.fragments:
        assert all(part.start < start <= end <= part.end for start, end in part.samples)
