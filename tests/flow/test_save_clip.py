"""Clips of the cloud on the module's own drive: refusals, cuts and pulled drives first; then the file, read back."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.adapters.fetched_file import FetchedFile
from agent.domain.clip import ClipRow, RowPhase
from agent.domain.saved_clip import SavedClip, read_clip
from agent.errors import BadInput, Refused, TryLater
from agent.flow.save_clip import AGAIN_AFTER_S, LONGEST_S, PIECE_BYTES, SaveClip, SavingPlace
from hardware.drive import DriveReport
from tests.flow.keeping import CAMERA, Module, module
from tests.waiting import wait_until_async

CLIP_ID = "d7823817-e330-5557-bfa4-e791b45f4dbc"
GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "command_save_clip_v1.json").read_text())["arguments"]
MEDIA = bytes(range(256)) * 5000
SHA256 = hashlib.sha256(MEDIA).hexdigest()
RESERVE_BYTES = 1000


def wish(**differences: object) -> dict[str, object]:
    size, sha256 = len(MEDIA), SHA256
    return {**GOLDEN, "camera_id": CAMERA, "size": size, "sha256": sha256, **differences}


class Media:
    """The cloud's media; `faults` are raised one by one, `before(offset)` is called before each piece."""

    def __init__(self, media: bytes = MEDIA) -> None:
        self.media = media
        self.faults: list[Exception] = []
        self.asked: list[tuple[int, int]] = []
        self.before: Callable[[int], object] = lambda _offset: None
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def piece(self, clip_id: str, offset: int, length: int) -> bytes:
        assert clip_id == CLIP_ID
        await self.may_answer.wait()
        self.before(offset)
        self.asked.append((offset, length))
        if self.faults:
            raise self.faults.pop(0)
        return self.media[offset : offset + length]


@dataclass
class Rig:
    """A module's keeping with what saves clips, over a cloud in memory."""

    kept: Module
    media: Media
    fetched: FetchedFile
    saver: SaveClip

    async def save(self, arguments: Mapping[str, object] | None = None) -> SavedClip:
        return await self.saver.save(wish() if arguments is None else arguments)

    def on_the_drive(self) -> list[Path]:
        """Return every file of a clip, also hidden and unfinished ones."""
        root = self.kept.control.root
        found = [path for path in root.rglob("*") if path.is_file()] if root.is_dir() else []
        return [path for path in found if CLIP_ID in path.name]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Rig]:
    async with module(folder) as kept:
        await kept.watcher.step()

        async def look() -> DriveReport:
            return await kept.lane.run(kept.drive.look)

        media, fetched = Media(), FetchedFile(folder / "fetched")
        place = SavingPlace(kept.store, look, RESERVE_BYTES)
        saver = SaveClip(media, fetched, kept.files, kept.ledger, kept.moves, kept.clock, place, 0)
        yield Rig(kept, media, fetched, saver)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path) as found:
        yield found


@pytest.mark.parametrize(
    "wrong",
    [
        {"clip_id": "../../etc/passwd"},
        {"clip_id": CLIP_ID.upper()},
        {"clip_id": CLIP_ID + "\n"},
        {"clip_id": 7},
        {"camera_id": ""},
        {"camera_id": "a\0b"},
        {"kind": "live"},
        {"captured_at": "../x"},
        {"captured_at": "2026-02-20"},
        {"size": 0},
        {"size": True},
        {"size": (1 << 30) + 1},
        {"size": "17"},
        {"sha256": "ab"},
    ],
)
async def test_what_the_wire_does_not_say_is_refused_and_nothing_is_asked(rig: Rig, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        await rig.save(wish(**wrong))
    assert (rig.media.asked, rig.on_the_drive()) == ([], [])


@given(st.dictionaries(st.sampled_from(sorted(GOLDEN)), st.text() | st.integers() | st.none() | st.binary()))
def test_whatever_the_arguments_are_they_are_read_or_refused(differences: dict[str, object]) -> None:
    try:
        row = read_clip({**GOLDEN, **differences})
    except ValueError:
        return
    assert "/" not in row.clip_id + row.captured_at


async def test_a_module_without_a_drive_says_so(rig: Rig) -> None:
    without = replace(rig.saver, place=None)
    with pytest.raises(Refused) as refused:
        await without.save(wish())
    assert refused.value.code == "no_drive"


@pytest.mark.parametrize("free_bytes", [0, RESERVE_BYTES - 1, RESERVE_BYTES + len(MEDIA) - 1])
async def test_the_reserve_stays_free_and_nothing_is_fetched_for_a_full_drive(rig: Rig, free_bytes: int) -> None:
    rig.kept.control.fill(free_bytes)
    with pytest.raises(Refused) as refused:
        await rig.save()
    assert refused.value.code == "drive_full"
    assert (rig.media.asked, rig.on_the_drive()) == ([], [])


@pytest.mark.parametrize("state", ["pulled", "ejected", "foreign", "read_only"])
async def test_a_drive_that_may_come_back_is_waited_for(rig: Rig, state: str) -> None:
    control = rig.kept.control
    acts: dict[str, Callable[[], object]] = {
        "pulled": control.pull,
        "ejected": rig.kept.drive.eject,
        "foreign": control.swap,
        "read_only": control.make_read_only,
    }
    acts[state]()
    with pytest.raises(TryLater):
        await rig.save()
    assert rig.media.asked == []


async def test_a_drive_pulled_in_the_middle_leaves_nothing_that_looks_like_a_clip(rig: Rig) -> None:
    rig.media.before = lambda offset: rig.kept.control.pull() if offset else None
    with pytest.raises(TryLater):
        await rig.save()
    rig.kept.control.put_back()
    assert rig.on_the_drive() == []
    asked = len(rig.media.asked)
    assert (await rig.save()).sha256 == SHA256
    assert len(rig.media.asked) == asked, "what was fetched is not fetched again"
    assert len(rig.on_the_drive()) == 1


async def test_a_cloud_that_refuses_is_believed(rig: Rig) -> None:
    rig.media.faults = [Refused("clip_deleted", "This clip was deleted.")]
    with pytest.raises(Refused) as refused:
        await rig.save()
    assert refused.value.code == "clip_deleted"
    assert rig.on_the_drive() == []


@pytest.mark.parametrize("sent", [MEDIA[::-1], MEDIA[:-1] + b"x"])
async def test_other_bytes_than_were_named_reach_no_drive_and_are_forgotten(rig: Rig, sent: bytes) -> None:
    rig.media.media = sent
    with pytest.raises(TryLater, match="other bytes"):
        await rig.save()
    assert rig.on_the_drive() == []
    assert not rig.fetched.locate(CLIP_ID).exists()
    rig.media.media = MEDIA
    assert (await rig.save()).sha256 == SHA256


async def until_done(rig: Rig, saving: "asyncio.Task[SavedClip]") -> None:
    """Let the waits between two tries pass until the save has ended in one way or the other."""

    async def ended() -> bool:
        await rig.kept.clock.advance(1)
        return saving.done()

    await wait_until_async(ended, 20, "the save has ended")


async def test_after_a_cut_it_goes_on_where_it_was(rig: Rig) -> None:
    rig.media.faults = [TryLater("cut")] * len(AGAIN_AFTER_S)
    saving = asyncio.ensure_future(rig.save())
    await until_done(rig, saving)
    assert saving.result().sha256 == SHA256
    asked = rig.media.asked[len(AGAIN_AFTER_S) :]
    assert [offset for offset, _ in asked] == list(range(0, len(MEDIA), PIECE_BYTES))
    assert max(length for _, length in asked) <= PIECE_BYTES


async def test_after_too_many_cuts_it_is_tried_later_also_by_a_new_agent_from_where_it_was(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        rig.media.before = lambda offset: (
            rig.media.faults.append(TryLater("cut")) if offset and not rig.media.faults else None
        )
        saving = asyncio.ensure_future(rig.save())
        await until_done(rig, saving)
        assert isinstance(saving.exception(), TryLater)
        assert rig.on_the_drive() == []
    async with opened(tmp_path) as again:
        assert (await again.save()).sha256 == SHA256
        assert again.media.asked[0][0] == PIECE_BYTES


async def test_280_s_end_the_wait_and_keep_what_was_fetched(rig: Rig) -> None:
    rig.media.may_answer.clear()
    saving = asyncio.ensure_future(rig.save())
    await rig.kept.clock.settle()
    await rig.kept.clock.advance(LONGEST_S - 1)
    assert not saving.done()
    await rig.kept.clock.advance(1)
    with pytest.raises(TryLater, match="in time"):
        await saving


async def test_a_saved_clip_stands_whole_in_its_folder_and_is_listed(rig: Rig) -> None:
    assert await rig.save() == SavedClip(SHA256)
    [path] = rig.on_the_drive()
    assert path.read_bytes() == MEDIA
    assert path.relative_to(rig.kept.control.root).as_posix() == (
        f"veilleur/saved/2026-02-20/20260220T142005Z_front-door_{CLIP_ID}.mp4"
    )
    manifest = (rig.kept.control.root / "veilleur" / "manifest.jsonl").read_text()
    assert [json.loads(line)["sha256"] for line in manifest.splitlines()] == [SHA256]
    assert not rig.fetched.locate(CLIP_ID).exists()


async def test_a_clip_that_is_there_answers_at_once_also_on_a_full_drive(rig: Rig) -> None:
    await rig.save()
    rig.media.asked.clear()
    rig.kept.control.fill()
    assert (await rig.save()).sha256 == SHA256
    assert (rig.media.asked, len(rig.on_the_drive())) == ([], 1)


async def test_a_copy_that_was_damaged_on_the_drive_is_written_again_beside_it(rig: Rig) -> None:
    await rig.save()
    [path] = rig.on_the_drive()
    path.write_bytes(MEDIA[:-1])
    assert (await rig.save()).sha256 == SHA256
    assert [each.read_bytes() == MEDIA for each in sorted(rig.on_the_drive())].count(True) == 1


async def stored_with_parked_copy(rig: Rig, phase: RowPhase = RowPhase.STORED_CLOUD) -> ClipRow:
    """Make a clip that was parked on the drive and then went to the cloud."""
    clip = rig.kept
    row = await clip.record()
    await clip.copier.step()
    parked = await clip.row(row.clip_id)
    assert parked.usb_path is not None
    await clip.ledger.update(replace(parked, phase=phase, path=None))
    return await clip.row(row.clip_id)


async def test_a_parked_copy_that_was_asked_for_is_not_taken_back(rig: Rig) -> None:
    row = await stored_with_parked_copy(rig)
    told = wish(clip_id=row.clip_id, size=row.size_bytes, sha256=row.sha256)
    assert (await rig.save(told)).sha256 == row.sha256
    await rig.kept.copier.step()
    assert rig.media.asked == []
    assert await rig.kept.store.holds(row)


async def test_a_clip_on_its_way_to_the_cloud_is_not_promised(rig: Rig) -> None:
    row = await stored_with_parked_copy(rig, RowPhase.SPOOLED)
    with pytest.raises(TryLater, match="on its way"):
        await rig.save(wish(clip_id=row.clip_id, size=row.size_bytes, sha256=row.sha256))
