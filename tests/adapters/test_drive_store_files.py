"""Clips on the drive: drives that go away, lie or fill up first; then names, the manifest and what is never touched."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles
from agent.adapters.drive_store_files import store as drive_store_files
from agent.adapters.drive_store_files.layout import clip_id_in, file_name, slug
from agent.adapters.drive_store_files.manifest import sha256_of
from agent.domain.clip import ClipReason, ClipRow, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from hardware.drive import DriveGone, DriveReport
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from tests.manual_clock import ManualClock

MODULE = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
CLIP = "d1d2d3d4-1111-4222-8333-444455556666"
CONTENT = bytes(range(256)) * 20
PATH = f"veilleur/clips/2026-03-01/20260301T000955Z_hinterhof-10_{CLIP}.mp4"


class Bench:
    def __init__(self, folder: Path) -> None:
        self.control = EmulatedDriveControl(folder / "usb")
        self.drive = EmulatedDrive(folder / "usb", reserve_bytes=0)
        self.root = self.control.root
        self.after_look: Callable[[], None] = lambda: None
        self.store = DriveFiles(self.look, MODULE, lambda _camera: "Hinterhof 10", DriveLaneThread(ManualClock()))
        self.source = folder / "spool.mp4"
        self.source.write_bytes(CONTENT)
        self.drive.look()

    def look(self) -> DriveReport:
        report = self.drive.look()
        self.after_look()
        return report

    def files(self) -> dict[str, bytes]:
        found = [path for path in self.root.rglob("*") if path.is_file()]
        return {path.relative_to(self.root).as_posix(): path.read_bytes() for path in found}

    def clips(self) -> list[str]:
        return sorted(path for path in self.files() if path.endswith((".mp4", ".part")))

    def another_store(self, module_id: str = MODULE) -> DriveFiles:
        return DriveFiles(self.drive.look, module_id, lambda _camera: "Hinterhof 10", DriveLaneThread(ManualClock()))

    def write(self, path: str, content: bytes) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(content)

    def lose(self, path: str) -> None:
        (self.root / path).unlink()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def row(clip_id: str = CLIP, content: bytes = CONTENT) -> ClipRow:
    choice = SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, None, 1)
    return ClipRow(
        clip_id,
        "camera",
        MediaKind.CLIP,
        ClipReason.MOTION,
        RowPhase.SPOOLED,
        choice,
        "2026-03-01T00:09:55.000Z",
        True,
        "clips/1.mp4",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@pytest.mark.parametrize("state", ["pulled", "ejected", "foreign", "read_only", "no_room"])
async def test_a_drive_that_is_not_usable_takes_nothing(bench: Bench, state: str) -> None:
    changes: dict[str, Callable[[], object]] = {
        "pulled": bench.control.pull,
        "ejected": bench.drive.eject,
        "foreign": bench.control.swap,
        "read_only": bench.control.make_read_only,
        "no_room": lambda: bench.control.fill(len(CONTENT) - 1),
    }
    changes[state]()
    with pytest.raises(DriveGone) as caught:
        await bench.store.put(row(), bench.source, "clips")
    assert str(caught.value).endswith(".")
    assert bench.clips() == []


async def test_a_drive_that_is_pulled_while_it_is_written_has_taken_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulled right after the last fsync: the copy in the page cache proves nothing, the clip stays with us."""
    real = sha256_of

    def pulled(path: Path, _progressed: object) -> tuple[int, str]:
        found = real(path)
        bench.control.pull()
        return found

    monkeypatch.setattr(drive_store_files, "sha256_of", pulled)
    with pytest.raises(DriveGone):
        await bench.store.put(row(), bench.source, "clips")
    monkeypatch.undo()
    bench.control.put_back()
    assert (await bench.store.put(row(), bench.source, "clips")).usb_path == PATH
    assert bench.clips() == [PATH]


async def test_another_drive_at_the_same_place_is_noticed_at_the_end(bench: Bench) -> None:
    looks: list[int] = []

    def swap_at_the_last_look() -> None:
        looks.append(1)

    def look() -> DriveReport:
        report = bench.drive.look()
        swap_at_the_last_look()
        return replace(report, uuid="another") if len(looks) > 1 else report

    store = DriveFiles(look, MODULE, lambda _camera: "Hinterhof 10", DriveLaneThread(ManualClock()))
    with pytest.raises(DriveGone):
        await store.put(row(), bench.source, "clips")


async def test_a_drive_that_gives_back_other_bytes_has_not_taken_the_clip(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive_store_files, "sha256_of", lambda *_: (len(CONTENT), "0" * 64))
    with pytest.raises(DriveGone, match="other bytes"):
        await bench.store.put(row(), bench.source, "clips")
    assert bench.clips() == []


async def test_a_source_that_is_gone_is_not_the_drives_fault(bench: Bench) -> None:
    bench.source.unlink()
    with pytest.raises(FileNotFoundError):
        await bench.store.put(row(), bench.source, "clips")


async def test_a_strangers_file_is_never_overwritten_and_never_deleted(bench: Bench) -> None:
    bench.write(PATH, b"somebody's own")
    bench.write("holiday.mp4", b"a film")
    copy = await bench.store.put(row(), bench.source, "clips")
    assert copy.usb_path == PATH.replace(".mp4", "_1.mp4")
    await bench.store.remove(replace(row(), usb_path=copy.usb_path))
    found = bench.files()
    assert found[PATH] == b"somebody's own"
    assert found["holiday.mp4"] == b"a film"
    assert copy.usb_path not in found


async def test_a_clip_that_its_owner_changed_on_the_drive_is_not_removed(bench: Bench) -> None:
    copy = await bench.store.put(row(), bench.source, "clips")
    bench.write(copy.usb_path, b"cut by the owner")
    await bench.store.remove(replace(row(), usb_path=copy.usb_path))
    assert bench.files()[copy.usb_path] == b"cut by the owner"
    assert not await bench.store.holds(row())


async def test_a_manifest_that_points_outside_our_folder_is_not_followed(bench: Bench) -> None:
    await bench.store.put(row(), bench.source, "clips")
    bench.write("private.mp4", CONTENT)
    entry = {"clip_id": CLIP, "path": "private.mp4", "size_bytes": 1, "sha256": row().sha256 or "", "camera_id": ""}
    bench.write("veilleur/manifest.jsonl", json.dumps({**entry, "captured_at": ""}).encode() + b"\n")
    with pytest.raises(DriveGone, match="outside"):
        await bench.store.remove(row())
    with pytest.raises(DriveGone, match="outside"):
        await bench.store.read(replace(row(), usb_path="../../etc/passwd"), 0, 10)
    assert bench.files()["private.mp4"] == CONTENT


async def test_a_copy_stands_in_a_day_folder_with_time_camera_and_clip_in_its_name(bench: Bench) -> None:
    copy = await bench.store.put(row(), bench.source, "clips")
    assert (copy.usb_path, copy.size_bytes, copy.sha256) == (PATH, len(CONTENT), row().sha256)
    found = bench.files()
    assert found[PATH] == CONTENT
    assert json.loads(found["veilleur/module.json"]) == {"module_id": MODULE}
    assert json.loads(found["veilleur/manifest.jsonl"])["path"] == PATH
    assert await bench.store.holds(row())


async def test_the_same_clip_again_is_the_same_file(bench: Bench) -> None:
    first = await bench.store.put(row(), bench.source, "clips")
    assert await bench.another_store().put(row(), bench.source, "clips") == first
    assert bench.clips() == [PATH]


def nonsense(path: object) -> bytes:
    """Return a manifest's line that is JSON, and an entry of our clip, and none that we would write."""
    facts = {"clip_id": CLIP, "path": path, "size_bytes": 1, "sha256": "", "camera_id": "", "captured_at": ""}
    return json.dumps(facts).encode() + b"\n"


DAMAGES = {
    "nonsense": b"\x00\xff{}\n[1]\n",
    "deep": b"[" * 100_000 + b"\n",
    "number": nonsense(7),
    "null": nonsense("veilleur/\0"),
}


@pytest.mark.parametrize("loss", ["lost", "torn", *DAMAGES])
async def test_a_manifest_that_is_lost_is_rebuilt_from_the_files(bench: Bench, loss: str) -> None:
    other = "d1d2d3d4-1111-4222-8333-444455557777"
    await bench.store.put(row(), bench.source, "clips")
    await bench.store.put(row(other), bench.source, "clips")
    manifest = bench.files()["veilleur/manifest.jsonl"]
    if loss == "lost":
        bench.lose("veilleur/manifest.jsonl")
    else:
        bench.write("veilleur/manifest.jsonl", manifest[:-20] if loss == "torn" else DAMAGES[loss])
    store = bench.another_store()
    assert await store.holds(row())
    assert await store.holds(row(other))
    assert (await store.put(row(), bench.source, "clips")).usb_path == PATH
    assert len(bench.clips()) == 2
    await store.remove(row(other))
    assert bench.clips() == [PATH]


async def test_a_marker_that_is_nonsense_is_nobodys(bench: Bench) -> None:
    bench.write("veilleur/module.json", b"[" * 100_000)
    assert (await bench.store.put(row(), bench.source, "clips")).usb_path == PATH


async def test_a_line_that_was_not_written_before_a_power_cut_adopts_the_file(bench: Bench) -> None:
    await bench.store.put(row(), bench.source, "clips")
    bench.write("veilleur/manifest.jsonl", b"")
    assert (await bench.store.put(row(), bench.source, "clips")).usb_path == PATH
    assert bench.clips() == [PATH]


async def test_two_modules_on_one_drive_keep_apart(bench: Bench) -> None:
    other = "00000000-0000-4000-8000-000000000002"
    await bench.store.put(row(), bench.source, "clips")
    copy = await bench.another_store(other).put(row(), bench.source, "clips")
    assert copy.usb_path == PATH.replace("veilleur/", f"veilleur-{other}/")
    await bench.another_store(other).remove(row())
    assert await bench.store.holds(row())


async def test_a_clip_whose_clock_was_wrong_is_undated(bench: Bench) -> None:
    copy = await bench.store.put(replace(row(), clock_trusted=False), bench.source, "clips")
    assert copy.usb_path == f"veilleur/clips/undated/undated_hinterhof-10_{CLIP}.mp4"


async def test_a_parked_clip_is_read_in_pieces(bench: Bench) -> None:
    copy = await bench.store.put(row(), bench.source, "clips")
    parked = replace(row(), path=None, usb_path=copy.usb_path)
    assert await bench.store.read(parked, 10, 300) == CONTENT[10:310]
    bench.control.pull()
    with pytest.raises(DriveGone):
        await bench.store.read(parked, 0, 10)
    bench.control.put_back()
    bench.lose(copy.usb_path)
    with pytest.raises(FileNotFoundError):
        await bench.store.read(parked, 0, 10)


async def test_left_over_temporary_files_do_not_stay(bench: Bench) -> None:
    bench.write(f"veilleur/clips/2026-03-01/.{CLIP}.part", b"half a cl")
    await bench.store.put(row(), bench.source, "clips")
    assert bench.clips() == [PATH]


@given(st.text(max_size=200))
def test_every_camera_name_is_safe_on_fat(name: str) -> None:
    made = file_name(row(), name)
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyzTZ0123456789-_.")
    assert len(made) <= 120
    assert clip_id_in(made) == CLIP
    assert slug(name) == slug(slug(name))


@pytest.mark.parametrize(
    ("name", "safe"),
    [("Entrée / Türe", "entree-ture"), ("CON", "con"), ("..", "camera"), ("", "camera"), ("前門", "camera")],
)
def test_names_are_readable(name: str, safe: str) -> None:
    assert slug(name) == safe


@pytest.mark.parametrize("name", ["film.mp4", f"{CLIP}.mp4", f"x_{CLIP}.mov", f"x_{CLIP}.mp4.part", "manifest.jsonl"])
def test_a_strangers_name_is_not_taken_for_ours(name: str) -> None:
    assert clip_id_in(name) is None


def test_reading_back_asks_the_drive_and_not_the_page_cache(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    advice: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _fd, _offset, _length, what: advice.append(what))
    sha256_of(bench.source)
    assert advice == [os.POSIX_FADV_DONTNEED]
