"""`veilleur-agent doctor`: every check over the real parts, a line each, and an exit code."""

from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from agent.adapters.broker_probe_mqtt import BrokerProbeMqtt
from agent.adapters.clock_system import SystemClock
from agent.adapters.cloud_http import CloudHttp
from agent.adapters.identity_file import IdentityFile
from agent.adapters.module_api_http import HttpModuleApi
from agent.adapters.module_state_files import ModuleStateFiles
from agent.adapters.running_agent_http import RunningAgentHttp
from agent.adapters.state_probe_files import loose_paths, measure_disk
from agent.composition.board import extra_checks
from agent.composition.drive_table import marker_id
from agent.composition.own_drive import drive_of, own_drive
from agent.composition.parts import agent_runs, feed_of, verifier_of
from agent.domain.identity import Identity
from agent.errors import BadInput
from agent.flow import doctor
from agent.flow.doctor import Check, DiskReport, DoctorFinding, Level, LoosePath
from agent.ports import CameraFeed
from agent.settings import CameraSettings, Settings
from hardware.drive import Drive

NO_IDENTITY = "without a sound identity nobody lets this module in."
STYLE = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


async def look(settings: Settings) -> int:
    """Run every check, print a line for each finding, return the exit code."""
    console = Console()
    state_dir = settings.module.state_dir
    state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    floor_s = await ModuleStateFiles(state_dir).load_clock_floor()
    clock = SystemClock(floor_s=floor_s, trust_wall_clock=settings.module.trust_wall_clock)
    identity, http = _identity(state_dir), None
    checks = list(_local_checks(settings, clock, await _drive(settings, identity)))
    if identity is not None:
        http = CloudHttp(identity.cloud_url, identity.bearer, identity.ca_pem)
        checks.append(_broker_check(identity, settings))
        checks.append(doctor.cloud_check(HttpModuleApi(http).fetch_lease, verifier_of(identity).verify))
    else:
        checks += [_not_looked_at("broker", NO_IDENTITY), _not_looked_at("cloud", NO_IDENTITY)]
    try:
        return doctor.exit_code(await doctor.examine(checks, lambda finding: _print(console, finding)))
    finally:
        if http is not None:
            await http.close()


def _identity(state_dir: Path) -> Identity | None:
    try:
        return IdentityFile(state_dir).load()
    except BadInput:
        return None  # the identity check says so, in the same words


async def _drive(settings: Settings, identity: Identity | None) -> Drive | None:
    """Return the drive as the agent would see it; before the claim no marker can be ours."""
    if identity is None:
        return drive_of(settings.drive)
    state = ModuleStateFiles(settings.module.state_dir)
    drive = await own_drive(settings.drive, state, await marker_id(state, identity.module_id))
    return None if drive is None else drive.own


def _local_checks(settings: Settings, clock: SystemClock, drive: Drive | None) -> Iterator[tuple[str, Check]]:
    state_dir = settings.module.state_dir
    for camera in settings.camera:
        yield doctor.camera_check(camera.name, _feed_maker(camera, clock))
    yield doctor.drive_check(drive)
    yield doctor.clock_check(clock)
    yield doctor.disk_check(lambda: DiskReport(*measure_disk(state_dir, clock.monotonic)), settings.spool.reserve_bytes)
    yield doctor.permissions_check(lambda: [LoosePath(*found) for found in loose_paths(state_dir)])
    yield from extra_checks(settings)
    yield doctor.identity_check(IdentityFile(state_dir).load)


def _broker_check(identity: Identity, settings: Settings) -> tuple[str, Check]:
    """Log in as the module, but not while its agent runs: a broker has one session of it, and would end that one."""
    if agent_runs(settings.module.state_dir):
        return doctor.broker_check(RunningAgentHttp(settings.diagnostics.host, settings.diagnostics.port))
    broker = identity.broker
    return doctor.broker_check(
        BrokerProbeMqtt(
            broker.host,
            broker.port,
            module_id=identity.module_id,
            secret=identity.secret,
            tls=broker.tls,
            ca_pem=identity.ca_pem,
        )
    )


def _not_looked_at(check: str, why: str) -> tuple[str, Check]:
    async def look() -> list[DoctorFinding]:
        return [DoctorFinding(check, Level.WARN, f"Not looked at: {why}")]

    return check, look


def _feed_maker(camera: CameraSettings, clock: SystemClock) -> Callable[[], CameraFeed]:
    return lambda: feed_of(camera, clock)


def _print(console: Console, finding: DoctorFinding) -> None:
    line = Text(f"{finding.level.value:<5}", style=STYLE[finding.level])
    line.append(f"{finding.check}: {finding.what}", style="default")
    if finding.to_do:
        line.append(f"\n     {finding.to_do}", style="default")
    console.print(line, soft_wrap=True)  # a command to copy must stay in one piece
