"""A file that is written whole is the older or the newer one at every instant, and durable when the call returns."""

import errno
import os
import stat
from pathlib import Path

import pytest

from agent.whole_file import write_whole


@pytest.mark.parametrize("older", [None, b"older"])
def test_bytes_and_name_are_synced_in_the_order_that_a_power_cut_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, older: bytes | None
) -> None:
    target = tmp_path / "a.jpg"
    if older is not None:
        target.write_bytes(older)
    seen: list[tuple[str, bytes | None]] = []
    synced = os.fsync

    def fsync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        seen.append((kind, target.read_bytes() if target.exists() else None))
        synced(descriptor)

    monkeypatch.setattr("agent.whole_file.os.fsync", fsync)
    write_whole(target, b"newer")
    assert seen == [("file", older), ("folder", b"newer")]
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]


def test_a_full_disk_leaves_the_older_file_and_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.jpg"
    target.write_bytes(b"older")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("agent.whole_file.os.fsync", full)
    with pytest.raises(OSError, match="full"):
        write_whole(target, b"newer")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.jpg": b"older"}


def test_what_a_power_cut_left_half_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "a.jpg.part").write_bytes(b"much longer than what comes now")
    write_whole(tmp_path / "a.jpg", b"newer")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.jpg": b"newer"}
