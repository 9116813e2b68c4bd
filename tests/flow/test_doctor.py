"""The doctor over doubles that fail in every way it must name, and over the real folder and broker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from agent.adapters.broker_probe_mqtt import BrokerProbeMqtt
from agent.adapters.identity_file import IdentityFile
from agent.adapters.state_probe_files import loose_paths, measure_disk
from agent.errors import Refused, TryLater
from agent.flow import doctor
from agent.flow.doctor import Check, DiskReport, DoctorFinding, Level, LoosePath, examine, exit_code
from agent.ports import FeedStep
from agent.vision.person import Box, Crop
from cloud_stub.adapters.broker_users_mosquitto import BrokerUsersMosquitto
from hardware.camera import CameraLost, CameraRefused, EncodedPacket, StreamInfo
from hardware.drive import DriveReport, DriveState
from tests.broker.mosquitto import start_mosquitto
from tests.manual_clock import ManualClock
from tests.ports import free_port

STREAM = StreamInfo("h264", 1280, 720, Fraction(1, 90_000), 15.0, b"")
STEP = FeedStep(EncodedPacket(b"x", 0, 0, 1, is_keyframe=True, arrived_s=0.0), None)


class Feed:
    """A camera that opens, or does not, and shows a picture, or none."""

    def __init__(self, error: Exception | None = None, jpeg: bytes | None = b"\xff\xd8") -> None:
        self.error, self.jpeg, self.closed = error, jpeg, False

    async def open(self) -> StreamInfo:
        if self.error is not None:
            raise self.error
        return STREAM

    async def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        for _ in range(500):
            yield [STEP]

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        return self.jpeg

    async def latest_crop(self, box: Box) -> Crop | None:
        return None

    async def close(self) -> None:
        self.closed = True


class Drive:
    def __init__(self, state: DriveState, detail: str = "Do this.") -> None:
        self.report = DriveReport(state, detail, file_system="exfat", free_bytes=10**9)

    def look(self) -> DriveReport:
        return self.report

    def eject(self) -> DriveReport:
        return self.report

    def take(self, uuid: str) -> None:
        raise AssertionError(f"the doctor adopts no drive, nor {uuid}")


async def told(check: tuple[str, Check]) -> list[DoctorFinding]:
    return await examine([check])


@pytest.mark.parametrize(
    ("feed", "level", "words"),
    [
        (Feed(CameraRefused("Wrong password: correct it.")), Level.FAIL, "Wrong password"),
        (Feed(CameraLost("It does not answer.")), Level.FAIL, "does not answer"),
        (Feed(jpeg=None), Level.WARN, "no picture could be decoded"),
        (Feed(), Level.OK, "1280x720"),
    ],
)
async def test_a_camera_is_opened_seen_and_let_go(feed: Feed, level: Level, words: str) -> None:
    (finding,) = await told(doctor.camera_check("Door", lambda: feed))
    assert (finding.check, finding.level) == ("camera Door", level)
    assert words in finding.what
    assert feed.closed


@pytest.mark.parametrize("state", list(DriveState))
async def test_a_drive_in_any_other_state_than_usable_is_a_warning_with_its_detail(state: DriveState) -> None:
    (finding,) = await told(doctor.drive_check(Drive(state)))
    assert finding.level is (Level.OK if state is DriveState.USABLE else Level.WARN)
    assert finding.to_do == ("" if state is DriveState.USABLE else "Do this.")


async def test_no_drive_configured_is_fine() -> None:
    (finding,) = await told(doctor.drive_check(None))
    assert finding.level is Level.OK


async def test_no_identity_says_how_to_claim(tmp_path: Path) -> None:
    (finding,) = await told(doctor.identity_check(IdentityFile(tmp_path).load))
    assert finding.level is Level.FAIL
    assert "veilleur-agent claim" in finding.what


@pytest.mark.parametrize(
    ("fetched", "verified", "level"),
    [
        (TryLater("away"), None, Level.FAIL),
        (Refused("module_revoked", "This module was removed."), None, Level.FAIL),
        (None, Refused("lease_unknown_key", "unknown key"), Level.FAIL),
        (None, None, Level.OK),
    ],
)
async def test_the_cloud_is_proved_by_a_lease_that_verifies(
    fetched: Exception | None, verified: Exception | None, level: Level
) -> None:
    async def fetch() -> str:
        if fetched is not None:
            raise fetched
        return "token"

    def verify(token: str) -> None:
        if verified is not None:
            raise verified

    (finding,) = await told(doctor.cloud_check(fetch, verify))
    assert finding.level is level
    assert bool(finding.to_do) is (level is not Level.OK)


@pytest.mark.parametrize(("trusted", "level"), [(False, Level.WARN), (True, Level.OK)])
async def test_an_unknown_time_is_a_warning_because_recording_goes_on(trusted: bool, level: Level) -> None:
    (finding,) = await told(doctor.clock_check(ManualClock(trusted=trusted)))
    assert finding.level is level


@pytest.mark.parametrize(
    ("free", "sync_s", "levels"),
    [
        (99, 0.01, [Level.FAIL, Level.OK]),
        (150, 0.01, [Level.WARN, Level.OK]),
        (200, 0.6, [Level.OK, Level.WARN]),
        (200, 0.01, [Level.OK, Level.OK]),
    ],
)
async def test_space_is_judged_against_the_reserve_and_speed_against_recording(
    free: int, sync_s: float, levels: list[Level]
) -> None:
    found = await told(doctor.disk_check(lambda: DiskReport(free, sync_s), reserve_bytes=100))
    assert [finding.level for finding in found] == levels


async def test_a_folder_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    def probe() -> DiskReport:
        return DiskReport(*measure_disk(tmp_path / "absent", time.perf_counter))

    (finding,) = await told(doctor.disk_check(probe, 0))
    assert finding.level is Level.FAIL


async def test_the_real_disk_is_measured_and_left_clean(tmp_path: Path) -> None:
    found = await told(doctor.disk_check(lambda: DiskReport(*measure_disk(tmp_path, time.perf_counter)), 0))
    assert found[0].level is Level.OK
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "wrong"),
    [
        (0o755, 0o600, ["state"]),
        (0o700, 0o640, ["identity.json"]),
        (0o750, 0o604, ["state", "identity.json"]),
        (0o700, 0o600, []),
    ],
)
async def test_state_that_others_may_read_is_named_with_the_command_that_closes_it(
    tmp_path: Path, folder_mode: int, file_mode: int, wrong: list[str]
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "identity.json").touch()
    (folder / "identity.json").chmod(file_mode)
    folder.chmod(folder_mode)
    found = await told(doctor.permissions_check(lambda: [LoosePath(*path) for path in loose_paths(folder)]))
    assert [Path(finding.to_do.split()[-1]).name for finding in found if finding.level is Level.FAIL] == wrong
    assert exit_code(found) == int(bool(wrong))


async def test_a_check_that_breaks_or_hangs_keeps_no_other_from_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LONGEST_CHECK_S", 0.05)

    async def breaks() -> Sequence[DoctorFinding]:
        raise ZeroDivisionError

    async def hangs() -> Sequence[DoctorFinding]:
        await asyncio.Event().wait()
        return []

    reported: list[DoctorFinding] = []
    checks = [("broken", breaks), ("hung", hangs), doctor.clock_check(ManualClock())]
    found = await examine(checks, reported.append)
    assert [(finding.check, finding.level) for finding in found] == [
        ("broken", Level.FAIL),
        ("hung", Level.FAIL),
        ("clock", Level.OK),
    ]
    assert reported == found
    assert exit_code(found) == 1


@pytest.mark.parametrize(("levels", "code"), [([], 0), ([Level.OK, Level.WARN], 0), ([Level.WARN, Level.FAIL], 1)])
def test_only_a_failure_makes_the_exit_code_1(levels: list[Level], code: int) -> None:
    assert exit_code([DoctorFinding("x", level, "") for level in levels]) == code


async def test_a_broker_that_is_away_is_named_without_a_secret() -> None:
    probe = BrokerProbeMqtt("127.0.0.1", free_port(), module_id="m", secret="hush", tls=False, timeout_s=2)
    (finding,) = await told(doctor.broker_check(probe))
    assert finding.level is Level.FAIL
    assert "cannot be reached" in finding.what
    assert "hush" not in repr(finding)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Callable[..., BrokerProbeMqtt]]:
    """Start a real Mosquitto with TLS and one module, `m1` with the password `right`."""
    server = await asyncio.to_thread(start_mosquitto, tmp_path / "mosquitto")
    users = BrokerUsersMosquitto(
        server.host, server.port, user=server.admin_user, password=server.admin_password, ca_pem=server.ca_pem
    )
    await users.allow_module("m1", "right")

    def probe(secret: str, *, trusted: bool = True) -> BrokerProbeMqtt:
        ca_pem = server.ca_pem if trusted else None
        return BrokerProbeMqtt(server.host, server.port, module_id="m1", secret=secret, tls=True, ca_pem=ca_pem)

    yield probe
    await asyncio.to_thread(server.stop)


async def test_a_real_broker_says_wrong_identity_unknown_certificate_or_welcome(
    broker: Callable[..., BrokerProbeMqtt],
) -> None:
    (refused,) = await told(doctor.broker_check(broker("wrong")))
    (unknown,) = await told(doctor.broker_check(broker("right", trusted=False)))
    (welcome,) = await told(doctor.broker_check(broker("right")))
    assert (refused.level, refused.what) == (Level.FAIL, "The broker does not accept this module's identity.")
    assert (unknown.level, "not trusted" in unknown.what) == (Level.FAIL, True)
    assert welcome.level is Level.OK
