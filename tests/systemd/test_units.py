"""The units as systemd itself reads them: no unknown key, little exposure, a reason per surprising line."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hardware.drives.capacity import FILE_SYSTEMS

FOLDER = Path(__file__).parents[2] / "systemd"
DRIVE = FOLDER / "veilleur-drive@.service"
UNITS = sorted(set(FOLDER.glob("*.service")) - {DRIVE})
RULES = FOLDER.parent / "hardware" / "udev" / "70-veilleur-drive.rules"
MOST_EXPOSED = 3.0
ANALYZE = shutil.which("systemd-analyze")

pytestmark = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze comes with systemd, which is not here")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, timeout=60, check=False)


def with_executable(unit: Path, folder: Path) -> Path:
    """Copy a unit with an executable that every machine has: verify also looks whether ExecStart exists."""
    copy = folder / unit.name
    copy.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(encoding="utf-8")))
    return copy


def test_verify_really_complains_about_an_unknown_key(tmp_path: Path) -> None:
    """The check below relies on output, because verify exits 0 for unknown keys."""
    bad = with_executable(UNITS[0], tmp_path)
    bad.write_text(bad.read_text() + "Wanted=nothing\n")
    checked = run("verify", str(bad))
    assert "Wanted" in checked.stdout + checked.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    checked = run("verify", str(with_executable(unit, tmp_path)))
    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_units_exposure_is_small(unit: Path) -> None:
    checked = run("security", "--offline=true", f"--threshold={int(MOST_EXPOSED * 10)}", "--no-pager", str(unit))
    found = re.search(r"Overall exposure level for .*?: ([0-9.]+)", checked.stdout)
    assert found is not None, checked.stderr
    assert float(found.group(1)) <= MOST_EXPOSED
    assert checked.returncode == 0


def test_the_readme_states_the_exposure_that_systemd_computes() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    if not (version := re.search(r"systemd (\d+)", run("--version").stdout)) or version.group(1) != "252":
        pytest.skip("each version of systemd weighs a little differently; the figures are those of version 252")
    for unit in UNITS:
        checked = run("security", "--offline=true", "--no-pager", str(unit))
        found = re.search(r"Overall exposure level for .*?: ([0-9.]+)", checked.stdout)
        assert found is not None
        assert found.group(1) in readme


def test_the_agent_may_open_cameras_but_set_no_clock() -> None:
    checked = run("security", "--offline=true", "--json=short", str(FOLDER / "veilleur-agent.service"))
    rows = {row["name"]: row for row in json.loads(checked.stdout)}
    assert "char-video4linux" in rows["DeviceAllow="]["description"]
    assert rows["CapabilityBoundingSet=~CAP_SYS_TIME"]["exposure"] in {None, "0", "0.0"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_waits_for_readiness_and_is_watched(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    assert "\nType=notify\n" in text
    assert re.search(r"(?m)^WatchdogSec=\d+$", text)
    assert re.search(r"(?m)^RestrictAddressFamilies=.*AF_UNIX", text), "the watchdog's socket is a Unix socket"


def test_every_user_folder_and_executable_that_units_name_is_provided() -> None:
    users = (FOLDER / "veilleur.sysusers").read_text(encoding="utf-8")
    folders = (FOLDER / "veilleur.tmpfiles").read_text(encoding="utf-8")
    scripts = (FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        for user in re.findall(r"(?m)^User=(.*)$", text):
            assert re.search(rf"(?m)^u {re.escape(user)}\s", users)
        for path in re.findall(r"(?m)^ReadWritePaths=-?(.*)$", text):
            assert re.search(rf"(?m)^d {re.escape(path)}\s", folders)
        for script in re.findall(r"(?m)^ExecStart=/opt/veilleur/bin/(\S+)", text):
            assert f"{script} = " in scripts


@pytest.mark.skipif(
    shutil.which("systemd-sysusers") is None or os.geteuid() != 0,
    reason="users and folders are made for real below a folder of the test, which takes systemd and root",
)
def test_systemd_makes_the_users_and_folders(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for tool, file in (
        (["systemd-sysusers"], "veilleur.sysusers"),
        (["systemd-tmpfiles", "--create"], "veilleur.tmpfiles"),
    ):
        done = subprocess.run(
            [*tool, f"--root={tmp_path}", str(FOLDER / file)], capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, [line for line in done.stderr.splitlines() if "Creating" not in line]) == (0, [])
    assert re.search(r"(?m)^veilleur:", (tmp_path / "etc/passwd").read_text())
    assert re.search(r"(?m)^video:.*:veilleur$", (tmp_path / "etc/group").read_text())
    assert (tmp_path / "media/veilleur").stat().st_mode & 0o777 == 0o750


def test_systemd_finds_nothing_to_say_about_the_drives_unit(tmp_path: Path) -> None:
    copy = tmp_path / "veilleur-drive@sda1.service"
    copy.write_text(DRIVE.read_text(encoding="utf-8"))
    checked = run("verify", str(copy))
    assert (checked.stdout, checked.stderr, checked.returncode) == ("", "", 0)


def test_the_drives_rule_lets_systemd_mount_and_names_the_unit_that_there_is() -> None:
    lines = [line for line in RULES.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    text = "\n".join(lines)
    assert "RUN" not in text
    assert 'ENV{SYSTEMD_WANTS}+="veilleur-drive@$kernel.service"' in text
    assert set(re.findall(r'GOTO="(\w+)"', text)) == set(re.findall(r'LABEL="(\w+)"', text))
    for file_system in FILE_SYSTEMS:
        assert file_system in text
        assert file_system in DRIVE.read_text(encoding="utf-8")


def test_udev_reads_the_rule() -> None:
    udevadm = shutil.which("udevadm")
    if (
        udevadm is None
        or "verify" not in subprocess.run([udevadm, "--help"], capture_output=True, text=True, check=False).stdout
    ):
        pytest.skip("udevadm verify comes with systemd 254 and udev, which are not here")
    checked = subprocess.run([udevadm, "verify", str(RULES)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
