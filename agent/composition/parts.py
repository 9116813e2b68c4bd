"""The agent's adapters, made from settings and identity."""

import fcntl
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from agent import VERSION
from agent.adapters.broker_mqtt import BrokerMqtt
from agent.adapters.camera_feed_pyav import PyavCameraFeed
from agent.adapters.clip_files_pyav import PyavClipFiles
from agent.adapters.clock_lab import LabClock
from agent.adapters.clock_system import SystemClock, block
from agent.adapters.cloud_http import CloudHttp
from agent.adapters.identity_file import IdentityFile
from agent.adapters.lease_verifier_jwt import JwtLeaseVerifier
from agent.adapters.ledger_sqlite import SqliteLedger
from agent.adapters.module_state_files import ModuleStateFiles
from agent.composition.own_drive import KeptDrive, own_drive
from agent.domain.detects_on import DetectsOn
from agent.domain.identity import Identity
from agent.domain.zones import NO_ZONES, CameraZones
from agent.errors import BadInput
from agent.settings import CameraSettings, Settings
from agent.vision.packet_gate import PacketGate
from hardware.cameras.addresses import camera_source

SOFTWARE = f"veilleur-agent {VERSION}"
LEDGER_FILE = "ledger.sqlite"
SPOOL_FOLDER = "spool"
FETCHED_FOLDER = "fetched"
LOCK_FILE = "running.lock"
KEY_FILE = "diagnostics.key"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything with an outside. `lab` is the clock when the agent runs in a lab, else `None`.

    `camera_namespace` is what cameras without an id of their own are named with; it outlives a new claim. `key` opens
    the diagnostics for changes.
    """

    settings: Settings
    identity: Identity
    camera_namespace: str
    key: str
    state: ModuleStateFiles
    clock: SystemClock | LabClock
    lab: LabClock | None
    ledger: SqliteLedger
    files: PyavClipFiles
    drive: KeptDrive | None
    http: CloudHttp
    broker: BrokerMqtt
    verifier: JwtLeaseVerifier


async def open_parts(settings: Settings, *, lab: bool) -> Parts:
    """Open what the agent needs on disk, and prepare (not yet use) its connections; BadInput says what is wrong."""
    state_dir = settings.module.state_dir
    identity = IdentityFile(state_dir).load()
    state = ModuleStateFiles(state_dir)
    clock = SystemClock(floor_s=await state.load_clock_floor(), trust_wall_clock=settings.module.trust_wall_clock)
    lab_clock = LabClock(clock, kept=await state.load_lab_clock(), keep=state.keep_lab_clock) if lab else None
    address = identity.broker
    namespace = await _camera_namespace(state, identity)
    return Parts(
        settings=settings,
        identity=identity,
        camera_namespace=namespace,
        key=take_key(state_dir),
        state=state,
        clock=lab_clock or clock,
        lab=lab_clock,
        files=PyavClipFiles(state_dir / SPOOL_FOLDER),
        drive=await own_drive(settings.drive, state, namespace),
        http=CloudHttp(identity.cloud_url, identity.bearer, identity.ca_pem),
        broker=BrokerMqtt(
            address.host,
            address.port,
            module_id=identity.module_id,
            secret=identity.secret,
            tls=address.tls,
            ca_pem=identity.ca_pem,
        ),
        verifier=verifier_of(identity),
        ledger=await SqliteLedger(state_dir / LEDGER_FILE).open(),  # last: a thread that has to be closed
    )


async def _camera_namespace(state: ModuleStateFiles, identity: Identity) -> str:
    """Ask the state folder; a full disk must not keep the agent from recording."""
    try:
        return await state.camera_namespace(identity.account_id, identity.module_id)
    except OSError as error:
        log.warning("camera_namespace_not_kept", error=error.strerror)
        return identity.module_id


def verifier_of(identity: Identity) -> JwtLeaseVerifier:
    """Return the verifier with the keys that the claim pinned."""
    keys = {key.kid: key.public_key for key in identity.lease_keys}
    return JwtLeaseVerifier(keys, issuer=identity.issuer, module_id=identity.module_id)


def feed_of(
    camera: CameraSettings,
    clock: SystemClock | LabClock,
    nonce: int | None = None,
    zones: CameraZones = NO_ZONES,
    on_every: Callable[[int], None] = lambda _every: None,
    sensitivity: Callable[[], int] | None = None,
    gate: PacketGate | None = None,
    on_detects: Callable[[DetectsOn, str], None] = lambda _stream, _why: None,
) -> PyavCameraFeed:
    """Return a feed for one opening of a camera; raises CameraRefused for an address that cannot work."""
    make_source = partial(
        camera_source,
        monotonic=clock.monotonic,
        sleep=block,
        nominal_fps=camera.nominal_fps,
        nonce=nonce,
    )
    second = camera.detect_address
    return PyavCameraFeed(
        make_source(camera.address, audio=camera.audio),
        watch_motion=camera.motion,
        zones=zones,
        monotonic=clock.monotonic,
        on_every=on_every,
        sensitivity=sensitivity,
        gate=gate,
        second=None if second is None else partial(make_source, second, audio=False),
        on_detects=on_detects,
    )


def take_key(state_dir: Path) -> str:
    """Return the key that opens the diagnostics for changes, made at the first start and read by its owner alone."""
    path = state_dir / KEY_FILE
    try:
        return path.read_text(encoding="ascii").strip() or _new_key(path)
    except (FileNotFoundError, UnicodeDecodeError):
        return _new_key(path)


def existing_key(state_dir: Path) -> str:
    """Return the key of a module that has run; BadInput where there is none, or where it may not be read."""
    path = state_dir / KEY_FILE
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise BadInput(f"There is no {path} yet: start the agent once (veilleur-agent run).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read ({error}): run this as the agent's own user.") from error


def _new_key(path: Path) -> str:
    key = secrets.token_urlsafe(24)
    part = path.with_suffix(".new")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    return key


def agent_runs(state_dir: Path) -> bool:
    """Say whether another process holds the state folder; a folder that was never run on is held by nobody."""
    try:
        descriptor = os.open(state_dir / LOCK_FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def take_lock(state_dir: Path) -> int:
    """Hold the state folder for this process alone; BadInput when another agent runs on it."""
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(state_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadInput(
            f"The state folder {state_dir} cannot be written ({error.strerror}): run this as the agent's own user, or "
            f"name another state_dir."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise BadInput(
            f"Another agent runs on {state_dir}: stop it first (systemctl stop veilleur-agent), or give this one a "
            f"state_dir of its own."
        ) from None
    return descriptor
