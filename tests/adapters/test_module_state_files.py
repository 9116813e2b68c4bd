"""Small durable state: what a power cut or a damaged file leaves of it."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.adapters.module_state_files import ModuleStateFiles


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 64, b'{"value":"\\"x\\"","sha256":"0"}', b"[1]"])
async def test_a_damaged_file_gives_the_last_good_copy(tmp_path: Path, damage: bytes) -> None:
    state = ModuleStateFiles(tmp_path)
    await state.save_lease_token("first")
    await state.save_lease_token("second")
    (tmp_path / "lease.json").write_bytes(damage)
    assert await state.load_lease_token() == "first"


async def test_a_good_copy_is_never_replaced_by_a_damaged_one(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    await state.save_lease_token("first")
    await state.save_lease_token("second")
    (tmp_path / "lease.json").write_bytes(b"{")
    await state.save_lease_token("third")
    (tmp_path / "lease.json").write_bytes(b"{")
    assert await state.load_lease_token() == "first"


async def test_a_cut_between_the_two_renames_gives_the_last_good_copy(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    await state.save_lease_token("first")
    (tmp_path / "lease.json").rename(tmp_path / "lease.last.json")
    (tmp_path / "lease.new.json").write_bytes(b'{"val')
    assert await state.load_lease_token() == "first"


async def test_a_session_number_is_never_used_twice_even_when_its_file_is_damaged(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    used = [await state.next_session() for _ in range(3)]
    (tmp_path / "session.json").write_bytes(b"garbage")
    used.append(await state.next_session())
    assert used == sorted(set(used))


async def test_a_disk_that_refuses_is_an_os_error_and_the_old_value_stays(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    await state.save_lease_token("first")
    (tmp_path / "lease.new.json").mkdir()
    with pytest.raises(OSError, match="directory"):
        await state.save_lease_token("second")
    assert await state.load_lease_token() == "first"


async def test_nothing_saved_is_nothing_loaded(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path / "new")
    assert await state.load_lease_token() is None
    assert await state.load_kept("arming") is None
    assert await state.load_clock_floor() == 0.0
    assert await state.load_lab_clock() is None


async def test_values_survive_a_restart_in_a_private_folder(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    before = ModuleStateFiles(folder)
    old = os.umask(0)
    try:
        await before.save_kept("arming", {"armed": False})
    finally:
        os.umask(old)
    await before.save_clock_floor(1_772_323_200.5)
    before.keep_lab_clock({"frozen": True})
    after = ModuleStateFiles(folder)
    assert (await after.load_kept("arming"), await after.load_clock_floor()) == ({"armed": False}, 1_772_323_200.5)
    assert await after.load_lab_clock() == {"frozen": True}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


async def test_two_writers_at_once_leave_a_whole_value(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    await asyncio.gather(*(state.save_lease_token(f"token {number}" * 500) for number in range(10)))
    assert str(await state.load_lease_token()).startswith("token ")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(min_value=0, max_value=120))
async def test_a_file_cut_anywhere_is_never_half_a_value(tmp_path: Path, cut: int) -> None:
    state = ModuleStateFiles(tmp_path / str(cut))
    await state.save_lease_token("first")
    await state.save_lease_token("second")
    path = tmp_path / str(cut) / "lease.json"
    path.write_bytes(path.read_bytes()[:cut])
    assert await state.load_lease_token() in {"first", "second"}


async def test_cameras_keep_their_names_over_a_new_claim_and_lose_them_under_another_account(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    assert await state.camera_namespace("account-1", "module-1") == "module-1"
    assert await ModuleStateFiles(tmp_path).camera_namespace("account-1", "module-2") == "module-1"
    assert await state.camera_namespace("account-2", "module-3") == "module-3"
    assert await state.camera_namespace("account-2", "module-4") == "module-3"


async def test_a_damaged_name_of_the_cameras_is_taken_from_its_last_good_copy_or_begins_anew(tmp_path: Path) -> None:
    state = ModuleStateFiles(tmp_path)
    await state.camera_namespace("account-1", "module-1")
    (tmp_path / "cameras.json").write_bytes(b"{")
    assert await state.camera_namespace("account-1", "module-2") == "module-2"
