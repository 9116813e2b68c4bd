"""The doctor: looks at each thing the agent needs, one after the other, and says what to do about what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from agent.domain.identity import Identity
from agent.errors import AgentError, BadInput, Refused, TryLater
from agent.ports import CameraFeed, Clock
from hardware.camera import CameraLost, CameraRefused
from hardware.drive import Drive, DriveState

LONGEST_CHECK_S = 40.0
SLOW_SYNC_S = 0.5
"""A card that needs longer than this for one sync cannot take a second of every camera each second."""
NARROW = 2
"""Free space below this multiple of the reserve is worth a warning."""
MIB = 1024 * 1024


class Level(StrEnum):
    """How bad a finding is; only `fail` makes the exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One line of the doctor: what was looked at, how it is, and what to do (empty when nothing)."""

    check: str
    level: Level
    what: str
    to_do: str = ""


Check = Callable[[], Awaitable[Sequence[DoctorFinding]]]


@dataclass(frozen=True, slots=True)
class DiskReport:
    """`sync_s` is the slowest of a few small synced writes, in seconds."""

    free_bytes: int
    sync_s: float


@dataclass(frozen=True, slots=True)
class LoosePath:
    """A path of the state folder that others may read; `mode` is what it has, `wanted` what it should have."""

    path: str
    mode: int
    wanted: int


class BrokerProbe(Protocol):
    """One log-in at the broker that disturbs no running agent (agent.adapters.broker_probe_mqtt)."""

    async def __call__(self) -> None:
        """Connect over TCP and TLS, log in, leave; raises TryLater or Refused."""


async def examine(
    checks: Iterable[tuple[str, Check]], report: Callable[[DoctorFinding], None] = lambda _: None
) -> list[DoctorFinding]:
    """Run the checks in order and return all findings; `report` gets each as it is found.

    A check that raises or hangs is a finding itself and keeps none of the others from running.
    """
    found: list[DoctorFinding] = []
    for name, check in checks:
        try:
            async with asyncio.timeout(LONGEST_CHECK_S):
                findings = await check()
        except TimeoutError:
            to_do = "Look whether the device or the network hangs, then run the doctor again."
            findings = [DoctorFinding(name, Level.FAIL, f"No answer within {LONGEST_CHECK_S:.0f} s.", to_do)]
        except BadInput as error:
            findings = [DoctorFinding(name, Level.FAIL, str(error))]
        except Exception as error:  # noqa: BLE001 - the doctor must finish, whatever is broken
            findings = [DoctorFinding(name, Level.FAIL, f"The check itself failed ({type(error).__name__}): {error}")]
        for finding in findings:
            found.append(finding)
            report(finding)
    return found


def exit_code(findings: Sequence[DoctorFinding]) -> int:
    """Return 1 when anything failed, else 0."""
    return int(any(finding.level is Level.FAIL for finding in findings))


def camera_check(name: str, make_feed: Callable[[], CameraFeed]) -> tuple[str, Check]:
    """Open the camera, wait for a picture that can be shown, let it go."""
    check = f"camera {name}"

    async def look() -> Sequence[DoctorFinding]:
        feed = make_feed()
        try:
            stream = await feed.open()
            seen = await _first_picture(feed)
        except CameraRefused as error:
            return [DoctorFinding(check, Level.FAIL, str(error))]
        except CameraLost as error:
            to_do = "Check its power, cable and network, and that no other program holds it."
            return [DoctorFinding(check, Level.FAIL, str(error), to_do)]
        finally:
            await feed.close()
        size = f"{stream.width}x{stream.height}, {stream.codec}"
        if not seen:
            to_do = "It records, but motion cannot be seen: choose H.264 in the camera's settings."
            return [DoctorFinding(check, Level.WARN, f"It sends {size}, but no picture could be decoded.", to_do)]
        return [DoctorFinding(check, Level.OK, f"Seen: {size}, {stream.nominal_fps:.0f} pictures a second.")]

    return check, look


async def _first_picture(feed: CameraFeed, batches: int = 400) -> bool:
    """Say whether a picture came out of the first batches (a camera may send one keyframe in 20 s)."""
    async for _ in feed.steps():
        if await feed.latest_jpeg(320) is not None:
            return True
        batches -= 1
        if batches == 0:
            break
    return False


def drive_check(drive: Drive | None) -> tuple[str, Check]:
    """Look at the USB drive."""

    async def look() -> Sequence[DoctorFinding]:
        if drive is None:
            return [DoctorFinding("drive", Level.OK, "None is configured.")]
        report = await asyncio.to_thread(drive.look)
        if report.state is DriveState.USABLE:
            free = "" if report.free_bytes is None else f", {report.free_bytes // MIB} MB free"
            return [DoctorFinding("drive", Level.OK, f"Usable ({report.file_system or 'unknown file system'}{free}).")]
        words = report.state.value.replace("_", " ")
        return [DoctorFinding("drive", Level.WARN, f"The drive is {words}.", report.detail)]

    return "drive", look


def identity_check(load: Callable[[], Identity]) -> tuple[str, Check]:
    """Read the identity; `load` raises BadInput with what to do."""

    async def look() -> Sequence[DoctorFinding]:
        identity = await asyncio.to_thread(load)
        return [DoctorFinding("identity", Level.OK, f"Module {identity.module_id} of {identity.cloud_url}.")]

    return "identity", look


def broker_check(probe: BrokerProbe) -> tuple[str, Check]:
    """Log in at the broker once."""

    async def look() -> Sequence[DoctorFinding]:
        try:
            await probe()
        except Refused as error:
            to_do = "If the module was removed on the owner's page, claim it again."
            return [DoctorFinding("broker", Level.FAIL, str(error), to_do)]
        except TryLater as error:
            return [DoctorFinding("broker", Level.FAIL, str(error), "Check the network; clips are recorded meanwhile.")]
        return [DoctorFinding("broker", Level.OK, "Reached and logged in.")]

    return "broker", look


def cloud_check(fetch_lease: Callable[[], Awaitable[str]], verify: Callable[[str], object]) -> tuple[str, Check]:
    """Fetch the lease over HTTP and verify it: proves address, TLS, secret and keys in one."""

    async def look() -> Sequence[DoctorFinding]:
        try:
            token = await fetch_lease()
        except Refused as error:
            to_do = "If the module was removed on the owner's page, claim it again."
            return [DoctorFinding("cloud", Level.FAIL, str(error), to_do)]
        except AgentError as error:
            return [DoctorFinding("cloud", Level.FAIL, str(error), "Check the network; clips are recorded meanwhile.")]
        try:
            verify(token)
        except Refused as error:
            return [DoctorFinding("cloud", Level.FAIL, str(error), "Update the agent, or claim this module again.")]
        return [DoctorFinding("cloud", Level.OK, "Reached; its lease is valid.")]

    return "cloud", look


def clock_check(clock: Clock) -> tuple[str, Check]:
    """Ask whether anybody knows what time it is."""

    async def look() -> Sequence[DoctorFinding]:
        now = clock.now().isoformat(timespec="seconds")
        if clock.trusted():
            return [DoctorFinding("clock", Level.OK, f"It is {now}, and that is certain.")]
        to_do = (
            "Allow the board to reach a time server (timedatectl set-ntp true); in a container set trust_wall_clock. "
            "Clips are recorded meanwhile and marked."
        )
        return [DoctorFinding("clock", Level.WARN, f"Nobody says what time it is; it is later than {now}.", to_do)]

    return "clock", look


def disk_check(probe: Callable[[], DiskReport], reserve_bytes: int) -> tuple[str, Check]:
    """Measure free space and how long a synced write takes; `probe` blocks and raises OSError."""

    async def look() -> Sequence[DoctorFinding]:
        try:
            report = await asyncio.to_thread(probe)
        except OSError as error:
            to_do = "Check that the state folder exists and belongs to the agent's user, and that the disk is healthy."
            return [DoctorFinding("disk", Level.FAIL, f"Nothing can be written ({error.strerror}).", to_do)]
        free = f"{report.free_bytes // MIB} MB free, {reserve_bytes // MIB} MB reserved"
        if report.free_bytes < reserve_bytes:
            findings = [
                DoctorFinding("disk", Level.FAIL, f"Too little space: {free}.", "Delete files; nothing is recorded.")
            ]
        elif report.free_bytes < NARROW * reserve_bytes:
            findings = [DoctorFinding("disk", Level.WARN, f"Little space: {free}.", "Delete files soon.")]
        else:
            findings = [DoctorFinding("disk", Level.OK, f"{free}.")]
        sync = f"A synced write takes {report.sync_s * 1000:.0f} ms"
        if report.sync_s > SLOW_SYNC_S:
            to_do = "This card is slow or worn: use one of class A1 or better."
            return [*findings, DoctorFinding("disk speed", Level.WARN, f"{sync}.", to_do)]
        return [*findings, DoctorFinding("disk speed", Level.OK, f"{sync}.")]

    return "disk", look


def permissions_check(find_loose: Callable[[], Sequence[LoosePath]]) -> tuple[str, Check]:
    """Look for state that others may read; `find_loose` blocks and raises OSError."""

    async def look() -> Sequence[DoctorFinding]:
        try:
            loose = await asyncio.to_thread(find_loose)
        except OSError as error:
            to_do = "Run the doctor as the agent's own user."
            return [
                DoctorFinding("permissions", Level.FAIL, f"The state folder cannot be read ({error.strerror}).", to_do)
            ]
        if not loose:
            return [DoctorFinding("permissions", Level.OK, "Only the agent's user may read its state.")]
        return [
            DoctorFinding(
                "permissions",
                Level.FAIL,
                f"Others may read {path.path} ({path.mode:04o}).",
                f"chmod {path.wanted:o} {path.path}",
            )
            for path in loose
        ]

    return "permissions", look
