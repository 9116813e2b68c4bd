"""Records of motion on the disk: whole or not there after a power cut, bounded, and nothing broken stops the agent."""

import errno
from pathlib import Path
from uuid import UUID

import pytest

from agent.adapters.motion_why_files import FileMotionWhys
from agent.domain.motion_why import MOST_EVENTS, MotionWhy, Stage

PICTURE = b"\xff\xd8 a picture \n with a line end \xff\xd9"


def why(number: int = 1) -> MotionWhy:
    return MotionWhy(
        str(UUID(int=number)), "c", "k", Stage.OBJECT, f"2026-03-01T09:{number // 60:02}:{number % 60:02}Z", 0.2,
        0.02, (0.1, 0.2, 0.3, 0.4), 6.5, 1.0, 5,
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_a_record_and_its_picture_survive_a_restart_also_when_its_end_came_later(tmp_path: Path) -> None:
    store = FileMotionWhys(tmp_path / "motion")
    assert await store.load() == []
    await store.keep(why(), PICTURE)
    ended = why().ended({"at": "2026-03-01T09:00:09Z", "area": 0.05, "score": 16.0, "clip_id": "k"})
    await store.keep(ended, None)
    again = FileMotionWhys(tmp_path / "motion")
    assert await again.load() == [ended]
    assert await again.picture(ended.event_id) == PICTURE


async def test_power_that_goes_while_it_is_written_leaves_the_older_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileMotionWhys(tmp_path)
    await store.keep(why(), PICTURE)

    def cut(_self: Path, _target: Path) -> Path:
        raise KeyboardInterrupt  # nothing after this moment happens

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", cut)
        with pytest.raises(KeyboardInterrupt):
            store._keep_alone(why(2), PICTURE)  # in this thread, where the cut can be caught
    assert len(names(tmp_path)) == 2
    again = FileMotionWhys(tmp_path)
    assert await again.load() == [why()]
    assert names(tmp_path) == [f"{why().event_id}.why"]


async def test_a_full_disk_is_an_error_and_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileMotionWhys(tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("agent.whole_file.os.fsync", full)
    with pytest.raises(OSError, match="full"):
        await store.keep(why(), PICTURE)
    assert names(tmp_path) == []


async def test_what_is_no_record_goes_and_the_rest_stays(tmp_path: Path) -> None:
    store = FileMotionWhys(tmp_path)
    await store.keep(why(), PICTURE)
    for name, content in (("a.why", b""), ("b.why", b"\x00\xff" * 90), ("c.why", b"[" * 9000), ("d.why", b"{}\n")):
        (tmp_path / name).write_bytes(content)
    assert await FileMotionWhys(tmp_path).load() == [why()]
    assert names(tmp_path) == [f"{why().event_id}.why"]


async def test_the_oldest_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.whole_file.os.fsync", lambda _descriptor: None)
    store = FileMotionWhys(tmp_path)
    gone = [each for number in range(MOST_EVENTS + 2) for each in await store.keep(why(number), b"x")]
    assert gone == [why(0).event_id, why(1).event_id]
    assert len(names(tmp_path)) == MOST_EVENTS


async def test_an_id_that_is_no_id_reads_and_writes_no_file(tmp_path: Path) -> None:
    assert await FileMotionWhys(tmp_path).picture("../../etc/passwd") is None
