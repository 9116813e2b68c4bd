"""The manifest against the files: what is gone, unknown or a stranger's first; then that files alone make it again."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles
from agent.adapters.drive_store_files import manifest as manifest_module
from agent.adapters.drive_store_files.layout import read_name
from agent.adapters.drive_store_files.manifest import MANIFEST, Manifest
from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.ports import DriveClip
from hardware.drive import DriveGone
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from tests.manual_clock import ManualClock

CHOICE = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 1)


class Stick:
    def __init__(self, folder: Path) -> None:
        self.control = EmulatedDriveControl(folder / "usb")
        self.drive = EmulatedDrive(folder / "usb", reserve_bytes=0)
        self.drive.look()
        self.base = self.control.root / "veilleur"
        self.manifest = self.base / MANIFEST
        self.source = folder / "source.mp4"
        self.store = self.restarted()

    def restarted(self) -> DriveFiles:
        return DriveFiles(self.drive.look, "us", lambda camera: camera, DriveLaneThread(ManualClock()))

    async def put(self, number: int, content: bytes = b"clip", **changes: object) -> ClipRow:
        self.source.write_bytes(content)
        row = ClipRow(
            str(UUID(int=number)),
            "Entrée / Türe",
            MediaKind.CLIP,
            ClipReason.MOTION,
            RowPhase.SPOOLED,
            CHOICE,
            f"2026-03-01T00:{number % 60:02}:55.123Z",
            True,
            "clips/1.mp4",
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
        )
        row = replace(row, **changes)  # type: ignore[arg-type]  # fields of a row
        await self.store.put(row, self.source, "clips")
        return row


@pytest.fixture
def stick(tmp_path: Path) -> Stick:
    return Stick(tmp_path)


async def test_a_drive_that_is_out_lists_deletes_and_rebuilds_nothing(stick: Stick) -> None:
    await stick.put(1)
    (clip,) = await stick.store.listing()
    stick.control.pull()
    for call in (stick.store.listing, stick.store.rebuild):
        with pytest.raises(DriveGone):
            await call()
    with pytest.raises(DriveGone):
        await stick.store.delete(clip)
    with pytest.raises(DriveGone):
        await stick.store.read_clip(clip, 0, 10)


async def test_unknown_files_are_left_and_counted(stick: Stick) -> None:
    row = await stick.put(1)
    (stick.base / "clips" / "holiday.mp4").write_bytes(b"a film")
    (stick.base / "clips" / f"copy_of_{row.clip_id}.mp4").write_bytes(b"renamed by its owner")
    (stick.base / "clips" / "link.mp4").symlink_to(stick.source)
    assert await stick.store.rebuild() == (1, 2)
    assert (stick.base / "clips" / "holiday.mp4").read_bytes() == b"a film"
    assert [clip.clip_id for clip in await stick.store.listing()] == [row.clip_id]


async def test_a_clip_that_changed_since_it_was_listed_is_not_deleted(stick: Stick) -> None:
    await stick.put(1)
    (clip,) = await stick.store.listing()
    await stick.store.delete(replace(clip, sha256="0" * 64))
    await stick.store.delete(replace(clip, clip_id=str(UUID(int=9))))
    assert await stick.store.listing() == [clip]
    await stick.store.delete(clip)
    assert await stick.store.listing() == []
    assert not (stick.control.root / clip.path).exists()


async def test_a_file_that_its_owner_took_off_the_drive_is_not_listed(stick: Stick) -> None:
    await stick.put(1)
    (clip,) = await stick.store.listing()
    (stick.control.root / clip.path).unlink()
    assert await stick.store.listing() == []


async def test_the_listing_says_what_the_names_say(stick: Stick) -> None:
    await stick.put(3, b"undated", clock_trusted=False)
    row = await stick.put(2, b"photo", kind=MediaKind.PHOTO)
    await stick.put(1)
    first, photo, undated = await stick.store.listing()
    assert (first.captured_at, first.camera_slug, first.folder, first.size_bytes) == (
        "2026-03-01T00:01:55Z",
        "entree-ture",
        "clips",
        4,
    )
    assert (photo.clip_id, photo.kind, photo.sha256) == (row.clip_id, MediaKind.PHOTO, row.sha256)
    assert undated.captured_at == ""
    assert await stick.store.read_clip(photo, 1, 3) == b"hot"


async def test_a_manifest_of_an_older_version_is_read(stick: Stick) -> None:
    await stick.put(1)
    line = json.loads(stick.manifest.read_bytes())
    stick.manifest.write_text(json.dumps({**line, "camera_id": "c", "captured_at": "2026"}) + "\n")
    assert len(await stick.store.listing()) == 1


async def test_a_manifest_that_is_mostly_struck_out_is_written_anew(
    stick: Stick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest_module, "MOST_STRUCK_OUT", 4)
    rows = [await stick.put(number) for number in range(1, 8)]
    for clip in (await stick.store.listing())[:6]:
        await stick.store.delete(clip)
    assert len(stick.manifest.read_bytes().splitlines()) <= 6
    assert [clip.clip_id for clip in await stick.store.listing()] == [rows[-1].clip_id]
    assert sorted(path.name for path in stick.base.iterdir()) == ["clips", MANIFEST, "module.json"]


clips = st.dictionaries(
    st.integers(1, 1 << 100), st.tuples(st.binary(min_size=1, max_size=50), st.booleans(), st.booleans()), max_size=6
)


@settings(max_examples=25, deadline=None)
@given(clips, st.data())
def test_the_manifest_is_the_same_when_it_is_made_again_from_the_files(
    made: dict[int, tuple[bytes, bool, bool]], data: st.DataObject
) -> None:
    async def play(folder: Path) -> None:
        stick = Stick(folder)
        for number, (content, trusted, photo) in made.items():
            kind = MediaKind.PHOTO if photo else MediaKind.CLIP
            await stick.put(number, content, clock_trusted=trusted, kind=kind)
        listed: list[DriveClip] = list(await stick.store.listing())
        if listed:
            for clip in data.draw(st.sets(st.sampled_from(listed))):
                await stick.store.delete(clip)
        before = Manifest(stick.control.root, stick.base, lambda: None).entries()
        listing = await stick.store.listing()
        stick.manifest.unlink(missing_ok=True)
        assert await stick.restarted().rebuild() == (len(before), 0)
        assert Manifest(stick.control.root, stick.base, lambda: None).entries() == before
        assert await stick.restarted().listing() == listing

    with TemporaryDirectory() as folder:
        asyncio.run(play(Path(folder)))


def test_a_name_that_is_not_whole_says_nothing() -> None:
    name = f"20260301T000155Z_door_{UUID(int=1)}"
    assert read_name(f"{name}.mp4") is not None
    for other in (f"{name}.mov", f"x{name}.mp4", f"{name}.mp4.part", f"20260301_door_{UUID(int=1)}.mp4"):
        assert read_name(other) is None
