"""Clips on disk: full disks, kills and cuts first; then what plays, for both codecs and odd keyframe gaps."""

import asyncio
import errno
import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.adapters.clip_files_pyav import PyavClipFiles, salvage_file
from agent.domain.mp4_boxes import boxes, read_from, whole_layout, without_blank_tail
from agent.ports import ClosedFile
from agent.whole_file import sync_folder
from hardware.camera import EncodedPacket, StreamInfo
from tests.small_video import TIME_BASE, encode, walker
from tests.waiting import wait_until

CLIP = "d1d2d3d4-1111-4222-8333-444455556666"
BATCH = 3


@cache
def video(
    codec: str = "h264", keyframe_every_s: float = 1.0, b_frames: int = 0, seconds: float = 5.0
) -> tuple[StreamInfo, tuple[EncodedPacket, ...]]:
    scene = walker(1.0, seconds, width=160, height=120)
    stream, packets = encode(scene, seconds, codec, 10, keyframe_every_s, b_frames)
    return stream, tuple(packets)


async def record(
    files: PyavClipFiles, stream: StreamInfo, packets: Sequence[EncodedPacket], on_sync: Callable[[int, int], None]
) -> tuple[str, ClosedFile]:
    path, clip = await files.create(CLIP, stream)
    for at in range(0, len(packets), BATCH):
        on_sync(at + BATCH, await clip.write(packets[at : at + BATCH]))
    return path, await clip.close()


def recorded(folder: Path, stream: StreamInfo, packets: Sequence[EncodedPacket]) -> tuple[Path, ClosedFile]:
    files = PyavClipFiles(folder)
    path, closed = asyncio.run(record(files, stream, packets, lambda _count, _synced: None))
    return files.locate(path), closed


def decoded(path: Path) -> list[float]:
    """Decode a file completely and return its picture times."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.time for frame in container.decode(stream)]


async def test_a_full_disk_raises_and_keeps_what_was_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream, packets = video()
    files = PyavClipFiles(tmp_path)
    path, clip = await files.create(CLIP, stream)
    synced = await clip.write(packets[:25])
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, bytes(data)[:100]) if len(data) > 200 else _full())
    with pytest.raises(OSError, match="No space"):
        await clip.write(packets[25:45])
    with pytest.raises(OSError, match="already ended"):
        await clip.write(packets[45:])
    monkeypatch.undo()
    closed = await clip.close()
    target = files.locate(path)
    assert closed.size_bytes == synced == target.stat().st_size
    assert closed.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert len(decoded(target)) == 20
    assert closed.duration_ms == 2000


def _full() -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_write_that_is_cancelled_while_no_thread_is_free_leaves_no_hole(tmp_path: Path) -> None:
    """The agent stops while the disk is slow: what was handed over is written before the clip's last fragment."""
    stream, packets = video()
    loop, disk_answers = asyncio.get_running_loop(), threading.Event()
    files = PyavClipFiles(tmp_path)
    path, clip = await files.create(CLIP, stream)
    await clip.write(packets[:15])
    loop.set_default_executor(ThreadPoolExecutor(max_workers=1))
    slow = asyncio.ensure_future(asyncio.to_thread(disk_answers.wait))
    writing = asyncio.ensure_future(clip.write(packets[15:35]))
    await asyncio.wait([writing], timeout=0.05)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert writing.cancelled()
    disk_answers.set()
    await slow
    closed = await clip.close()
    assert len(decoded(files.locate(path))) == 35
    assert closed.duration_ms == 3500
    assert closed.sha256 == hashlib.sha256(files.locate(path).read_bytes()).hexdigest()


async def test_a_name_that_exists_is_never_overwritten(tmp_path: Path) -> None:
    files = PyavClipFiles(tmp_path)
    _path, clip = await files.create(CLIP, video()[0])
    with pytest.raises(FileExistsError):
        await files.create(CLIP, video()[0])
    await clip.close()


async def test_a_stream_that_never_says_how_to_decode_it_is_an_error_and_leaves_an_empty_file(tmp_path: Path) -> None:
    stream, packets = video()
    blank = [replace(packet, data=b"\x00\x00\x00\x01\x65" + bytes(50)) for packet in packets[:3]]
    _path, clip = await PyavClipFiles(tmp_path).create(CLIP, stream)
    with pytest.raises(OSError, match="how to decode"):
        await clip.write(blank)
    assert (await clip.close()).size_bytes == 0


@pytest.mark.parametrize("path", ["../outside.mp4", "/etc/hostname", "clips/../../x.mp4"])
def test_paths_stay_inside_the_spool(path: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"):
        PyavClipFiles(tmp_path / "spool").locate(path)


@pytest.mark.parametrize(
    ("codec", "keyframe_every_s", "b_frames"),
    [("h264", 1.0, 0), ("h264", 20.0, 0), ("h264", 2.0, 2), ("hevc", 1.0, 0), ("hevc", 20.0, 0)],
)
def test_what_is_synced_while_recording_lags_by_less_than_two_seconds_and_plays(
    codec: str, keyframe_every_s: float, b_frames: int, tmp_path: Path
) -> None:
    stream, packets = video(codec, keyframe_every_s, b_frames, 22.0)
    files = PyavClipFiles(tmp_path)
    prefixes: list[tuple[int, int]] = []
    path, closed = asyncio.run(
        record(files, stream, packets, lambda count, synced: prefixes.append((min(count, len(packets)), synced)))
    )
    data = files.locate(path).read_bytes()
    for given_packets, synced in prefixes:
        layout = whole_layout(read_from(data), synced)
        assert layout.whole_bytes == synced, "what is synced ends at a box boundary"
        assert given_packets / 10 - layout.duration_ms / 1000 < 1.5
    times = decoded(files.locate(path))
    assert len(times) == len(packets)
    assert times[0] <= 0.1 * bool(b_frames), "FFmpeg's reader shifts a track with negative offsets by one picture"
    assert (closed.duration_ms, closed.size_bytes) == (22_000, len(data))
    assert closed.sha256 == hashlib.sha256(data).hexdigest()
    assert closed.fragments == len([box for box in boxes(read_from(data), 0, len(data)) if box.kind == b"moof"])


def test_packets_pass_through_untouched(tmp_path: Path) -> None:
    stream, packets = video()
    path, _closed = recorded(tmp_path, stream, packets)
    with av.open(str(path)) as container:
        stored = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert len(stored) == len(packets)
    for packet, kept in zip(packets, stored, strict=True):
        picture = packet.data[packet.data.rindex(b"\x00\x00\x01") + 3 :]
        assert kept.endswith(picture)


def test_a_stream_described_by_its_container_is_stored_as_well_as_one_described_in_band(tmp_path: Path) -> None:
    """The packets of an MP4 are length-prefixed and its extradata is an avcC: a file used as a camera sends those."""
    source, _closed = recorded(tmp_path / "a", *video())
    with av.open(str(source)) as container:
        track = container.streams.video[0]
        stream = replace(
            video()[0], extradata=bytes(track.codec_context.extradata or b""), time_base=track.time_base or TIME_BASE
        )
        packets = [
            EncodedPacket(bytes(each), each.pts or 0, each.dts or 0, each.duration or 0, each.is_keyframe, 0.0)
            for each in container.demux(track)
            if each.size
        ]
    again, closed = recorded(tmp_path / "b", stream, packets)
    assert len(decoded(again)) == 50
    assert closed.duration_ms == 5000


@cache
def whole_file(codec: str, folder: Path) -> tuple[bytes, int]:
    path, closed = recorded(folder, *video(codec))
    return path.read_bytes(), closed.fragments


@pytest.mark.parametrize("codec", ["h264", "hevc"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_file_cut_anywhere_is_salvaged_to_its_last_whole_fragment_and_plays(
    codec: str, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cuts: at each box's header, one byte around each boundary, inside a moof, inside an mdat, anywhere."""
    content, _fragments = whole_file(codec, _folder(tmp_path_factory, codec))
    edges = [edge for box in boxes(read_from(content), 0, len(content)) for edge in (box.start, box.content, box.end)]
    cut = data.draw(
        st.one_of(
            st.integers(0, len(content)),
            st.builds(
                lambda edge, by: min(len(content), max(0, edge + by)), st.sampled_from(edges), st.integers(-9, 9)
            ),
        )
    )
    target = _folder(tmp_path_factory, codec) / "cut.mp4"
    target.write_bytes(content[:cut])
    before = whole_layout(read_from(content), cut)
    closed = salvage_file(target)
    if closed is None:
        assert not before.fragments
        assert target.stat().st_size == cut, "a file without one whole fragment is left for the quarantine"
        return
    kept = target.read_bytes()
    assert kept == content[: before.whole_bytes]
    assert (closed.size_bytes, closed.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())
    assert closed.duration_ms == 1000 * closed.fragments
    assert len(decoded(target)) == 10 * closed.fragments
    assert cut - len(kept) < max(len(content) // 2, 1)


_FOLDERS: dict[str, Path] = {}


def _folder(factory: pytest.TempPathFactory, codec: str) -> Path:
    if codec not in _FOLDERS:
        _FOLDERS[codec] = factory.mktemp(codec)
    return _FOLDERS[codec]


@pytest.mark.parametrize("blank", [b"\x00", b"\xff"])
@pytest.mark.parametrize("from_fragment", [1, 4])
def test_a_tail_whose_length_survived_but_not_its_data_is_cut_off(
    blank: bytes, from_fragment: int, tmp_path: Path
) -> None:
    """A file system may keep the new length and lose the blocks: zeros where boxes or samples should be."""
    path, _closed = recorded(tmp_path, *video())
    content = path.read_bytes()
    fragments = whole_layout(read_from(content), len(content)).fragments
    start = fragments[from_fragment].start
    path.write_bytes(content[:start] + blank * (len(content) - start))
    closed = salvage_file(path)
    assert closed is not None
    assert (closed.size_bytes, closed.fragments) == (start, from_fragment)
    path.write_bytes(content)
    first_sample = fragments[from_fragment].samples[0][0]
    holed = content[:first_sample] + bytes(fragments[from_fragment].end - first_sample)
    assert without_blank_tail(read_from(holed), whole_layout(read_from(holed), len(holed))).whole_bytes == start


async def test_salvage_of_a_missing_file_is_none(tmp_path: Path) -> None:
    assert await PyavClipFiles(tmp_path).salvage("clips/gone.mp4") is None


def test_a_process_killed_while_recording_leaves_what_it_had_reported_as_synced(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from agent.adapters.clip_files_pyav import PyavClipFiles
        from tests.adapters.test_clip_files_pyav import CLIP, video

        async def main():
            stream, packets = video()
            path, clip = await PyavClipFiles(Path({str(tmp_path)!r})).create(CLIP, stream)
            for packet in packets[:45]:
                synced = await clip.write([packet])
            print(synced, flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """)
    log = tmp_path / "log"
    root = Path(__file__).parents[2]
    with log.open("wb") as output:
        child = subprocess.Popen([sys.executable, "-c", program], stdout=output, cwd=root)
        try:
            synced = int(wait_until(lambda: log.read_text().strip(), 60.0, "the child has written its packets"))
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
    target = tmp_path / "clips" / f"{CLIP}.mp4"
    closed = salvage_file(target)
    assert closed is not None
    assert closed.size_bytes == synced
    assert len(decoded(target)) == 40


async def test_the_folder_and_every_fragment_are_synced_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    real_fdatasync, real_folder = os.fdatasync, sync_folder

    def data_synced(descriptor: int) -> None:
        calls.append("data")
        real_fdatasync(descriptor)

    def folder_synced(folder: Path) -> None:
        calls.append(folder.name)
        real_folder(folder)

    monkeypatch.setattr(os, "fdatasync", data_synced)
    monkeypatch.setattr("agent.adapters.clip_files_pyav.files.sync_folder", folder_synced)
    stream, packets = video()
    path, clip = await PyavClipFiles(tmp_path).create(CLIP, stream)
    assert calls == ["clips"], "the name is durable before the first byte"
    await clip.write(packets[:25])
    assert calls == ["clips", "data"]
    await clip.close()
    assert calls == ["clips", "data", "data", "clips"]
    await PyavClipFiles(tmp_path).delete(path)
    assert calls[-1] == "clips"


async def test_a_clip_without_packets_closes_empty_and_twice_is_once(tmp_path: Path) -> None:
    _path, clip = await PyavClipFiles(tmp_path).create(CLIP, video()[0])
    assert await clip.close() == await clip.close() == ClosedFile(0, hashlib.sha256().hexdigest(), 0, 0)


async def test_a_file_that_is_dropped_while_the_folder_is_read_is_not_listed(tmp_path: Path) -> None:
    files = PyavClipFiles(tmp_path)
    (tmp_path / "clips" / "dropped.mp4").symlink_to(tmp_path / "nowhere")  # named by the folder, gone for `stat`
    assert await files.listing() == {}


async def test_photos_listing_quarantine_and_delete(tmp_path: Path) -> None:
    files = PyavClipFiles(tmp_path)
    path, closed = await files.save_photo("p1", b"jpeg")
    assert (path, closed) == ("photos/p1.jpg", ClosedFile(4, hashlib.sha256(b"jpeg").hexdigest(), 0, 0))
    (tmp_path / "clips" / "stray.mp4").write_bytes(b"12345")
    (tmp_path / "photos" / "p2.jpg.part").write_bytes(b"half")
    assert await files.listing() == {"clips/stray.mp4": 5, "photos/p1.jpg": 4}
    first = await files.quarantine("clips/stray.mp4")
    (tmp_path / "clips" / "stray.mp4").write_bytes(b"other")
    second = await files.quarantine("clips/stray.mp4")
    assert first != second
    assert files.locate(first).read_bytes() == b"12345"
    assert files.locate(second).read_bytes() == b"other"
    await files.delete(path)
    await files.delete(path)
    assert await files.listing() == {}
    assert await files.free_bytes() > 0
    PyavClipFiles(tmp_path)
    assert not list((tmp_path / "photos").iterdir()), "half a photo of an earlier run is swept at start"
