"""The agent's settings: one TOML file, checked as a whole before anything starts."""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from agent.domain.motion_why import LEAST_SENSITIVITY, MOST_SENSITIVITY, STANDARD_SENSITIVITY
from agent.domain.shape import DoesNotFit, Fault, Length, Misfit, Range, read
from agent.errors import BadInput
from hardware.speakers.addresses import speaker_fault

Seconds = Annotated[float, Range(least=0)]
PositiveSeconds = Annotated[float, Range(above=0)]
Port = Annotated[int, Range(least=0, most=65535)]
ShownName = Annotated[str, Length(most=100)]
Model = Annotated[str, Length(most=64)]
Pin = Annotated[int, Range(least=2, most=27)]
"""BCM numbers; 0 and 1 belong to the identification chip of extension boards."""
MIB = 1024 * 1024
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Loopback:
    """The limit of an address to listen on."""

    def fault_of(self, host: str) -> str:
        """Allow loopback only."""
        return (
            ""
            if host in LOOPBACK
            else "the diagnostics page is for this machine: it listens on 127.0.0.1 or ::1; come through SSH"
        )


OF_THE_CAMERA = "camera"
"""The speaker of a network camera, reached under the camera's own address."""


class SensitivityLevel:
    """The limit of a sensitivity."""

    def fault_of(self, level: int) -> str:
        """Allow 1 to 9."""
        fits = LEAST_SENSITIVITY <= level <= MOST_SENSITIVITY
        return "" if fits else "must be from 1 (only what is large counts) to 9 (also what is very small); 5 is usual"


class SpeakerAddress:
    """The limit of a speaker's address."""

    def fault_of(self, address: str) -> str:
        """Allow what hardware can open."""
        fault = "" if address == OF_THE_CAMERA else speaker_fault(address)
        return f"{fault}, or `{OF_THE_CAMERA}`: the network camera's own speaker" if fault else ""


class NamesDiffer:
    """The limit of the list of cameras."""

    def fault_of(self, cameras: Sequence["CameraSettings"]) -> str:
        """Allow each name once."""
        names = [camera.name for camera in cameras]
        twice = sorted({name for name in names if names.count(name) > 1})
        return f"two cameras have the same name: {', '.join(twice)}" if twice else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleSettings:
    """Who this module is. `state_dir` holds identity, ledger, spool and lease; `model` is the vendor's word (R115)."""

    name: ShownName = "Sync module"
    model: Model = "sync_module_2"
    state_dir: Path
    trust_wall_clock: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingSettings:
    """How long a clip is, in seconds. The lease may cut `longest_clip_s` further."""

    pre_roll_s: Seconds = 3.0
    post_roll_s: Seconds = 5.0
    longest_clip_s: PositiveSeconds = 60.0
    retrigger_wait_s: Seconds = 10.0
    end_early: bool = True
    photo_period_s: PositiveSeconds = 3600.0
    segment_s: Annotated[float, Range(least=5, most=600)] = 60.0
    segment_sync_s: Annotated[float, Range(least=1, most=60)] = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolSettings:
    """The module's own disk: how much clips may take, and how much is left free for the system."""

    budget_bytes: Annotated[int, Range(least=16 * MIB)] = 2048 * MIB
    reserve_bytes: Annotated[int, Range(least=0)] = 256 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class DriveSettings:
    """The USB drive, by UUID; or an emulated one: a folder with a byte limit.

    `mounted_at` is where the system mounts drives (another drive there is told of); `when_full` says whether the oldest
    clips on it make room for new ones (never files of others, nor clips saved by their owner).
    """

    uuid: str | None = None
    emulated: Path | None = None
    mounted_at: Path = Path("/media/veilleur")
    when_full: Literal["stop", "overwrite_oldest"] = "stop"
    limit_bytes: Annotated[int, Range(above=0)] = 2048 * MIB
    reserve_bytes: Annotated[int, Range(least=0)] = 375_000_000

    def __post_init__(self) -> None:
        if (self.uuid is None) == (self.emulated is None):
            raise ValueError("give either `uuid` (see `lsblk -o NAME,UUID`) or `emulated` (a folder), not both")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticsSettings:
    """Where the diagnostics page listens; loopback only."""

    host: Annotated[str, Loopback()] = "127.0.0.1"
    port: Port = 8401


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSettings:
    """Person detection, where the lease has it: looks per second for each camera, and how sure a person must be."""

    detect: bool = True
    model: Path | None = None
    least_score: Annotated[float, Range(least=0.05, most=0.99)] = 0.5
    most_per_s: Annotated[float, Range(above=0, most=10)] = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioSettings:
    """Pins by their BCM number; what has none is not there. `pir_cameras` are names, none of them means all."""

    pir_pin: Pin | None = None
    led_pin: Pin | None = None
    button_pin: Pin | None = None
    pir_cameras: tuple[ShownName, ...] = ()
    debounce_s: Annotated[float, Range(least=0, most=1)] = 0.05
    hold_s: Annotated[float, Range(least=1, most=20)] = 3.0

    def __post_init__(self) -> None:
        pins = [pin for pin in (self.pir_pin, self.led_pin, self.button_pin) if pin is not None]
        if not pins:
            raise ValueError("name at least one of `pir_pin`, `led_pin` and `button_pin`, or leave the table out")
        if len(set(pins)) < len(pins):
            raise ValueError("one pin cannot do two things: give each its own")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSettings:
    """One camera. `id` keeps a camera's identity when it is renamed; without it the name decides.

    `detect_address` is that of a small second stream: motion is looked for there, and `address` is only recorded.
    """

    name: ShownName
    address: Annotated[str, Length()]
    detect_address: Annotated[str, Length()] | None = None
    model: Model
    id: UUID | None = None
    nominal_fps: Annotated[float, Range(above=0, most=240)] = 25.0
    motion: bool = True
    sensitivity: Annotated[int, SensitivityLevel()] = STANDARD_SENSITIVITY
    packet_gate: bool = True
    continuous: bool = True
    audio: bool = True
    longest_clip_s: PositiveSeconds | None = None
    retrigger_wait_s: Seconds | None = None
    end_early: bool | None = None
    early_notification: bool = True
    speaker: Annotated[str, SpeakerAddress()] | None = None

    def __post_init__(self) -> None:
        if self.speaker == OF_THE_CAMERA and not self.address.lower().startswith(("rtsp://", "rtsps://")):
            raise ValueError('`speaker = "camera"` is for a network camera (rtsp://...); name an `alsa:` device here')

    @property
    def speaker_address(self) -> str | None:
        """Return where its speaker is, or None."""
        return self.address if self.speaker == OF_THE_CAMERA else self.speaker

    def camera_id(self, namespace: str) -> str:
        """Return the camera's UUID: the configured one, or one that its name and the module's first id decide."""
        return str(self.id or uuid5(NAMESPACE_URL, f"veilleur:{namespace}:{self.name}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole file."""

    module: ModuleSettings
    recording: RecordingSettings = RecordingSettings()
    spool: SpoolSettings = SpoolSettings()
    drive: DriveSettings | None = None
    diagnostics: DiagnosticsSettings = DiagnosticsSettings()
    person: PersonSettings = PersonSettings()
    gpio: GpioSettings | None = None
    camera: Annotated[tuple[CameraSettings, ...], Length(least=1, most=10), NamesDiffer()]

    def __post_init__(self) -> None:
        named = set() if self.gpio is None else set(self.gpio.pir_cameras)
        unknown = sorted(named - {camera.name for camera in self.camera})
        if unknown:
            raise ValueError(f"`gpio.pir_cameras` names a camera that is not here: {unknown[0]}")


def read_settings(document: object) -> Settings:
    """Check the values of a file as a whole; raises DoesNotFit."""
    return read(Settings, document, known_keys_only=True, from_text=(Path, UUID))


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read and check the file; `${NAME}` in a value is taken from the environment (for passwords).

    Raises BadInput naming the file, the line, the key and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadInput(
            f"There is no configuration at {path}: copy docs/agent.example.toml there and edit it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} is not valid TOML: {error}") from error
    expanded = _expand(document, environment, path)
    try:
        return read_settings(expanded)
    except DoesNotFit as error:
        raise BadInput("\n".join(_sentence(path, text, misfit) for misfit in error.misfits)) from error


def _expand(value: object, environment: Mapping[str, str], path: Path) -> object:
    if isinstance(value, dict):
        return {key: _expand(inner, environment, path) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expand(inner, environment, path) for inner in value]
    if not isinstance(value, str):
        return value

    def from_environment(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            raise BadInput(
                f"{path} uses ${{{name}}}, but the environment has no variable {name}: set it, or write the value."
            )
        return environment[name]

    return re.sub(r"\$\{(\w+)\}", from_environment, value)


def _sentence(path: Path, text: str, misfit: Misfit) -> str:
    location = misfit.where
    names = [str(part) if isinstance(part, str) else f"[{part + 1}]" for part in location]
    line = _line_of(text, location)
    place = f"{path}, line {line}" if line else str(path)
    if misfit.fault is Fault.UNKNOWN_KEY:
        allowed = ", ".join(sorted(_allowed_at(location[:-1])))
        return f"{place}: there is no setting `{'.'.join(names)}`; here you may write: {allowed}"
    return f"{place}: `{'.'.join(names)}`: {misfit.text}" if names else f"{place}: {misfit.text}"


def _allowed_at(location: tuple[int | str, ...]) -> list[str]:
    tables: dict[str, type] = {
        "module": ModuleSettings,
        "recording": RecordingSettings,
        "spool": SpoolSettings,
        "drive": DriveSettings,
        "diagnostics": DiagnosticsSettings,
        "person": PersonSettings,
        "gpio": GpioSettings,
        "camera": CameraSettings,
    }
    table = tables.get(str(location[0]), Settings) if location else Settings
    return [field.name for field in fields(table)]


def _line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """Find the line of a key: tomllib keeps none, and a person looks for a line."""
    if not location:
        return None
    table = str(location[0]) if location else ""
    wanted_table = 1 + next((part for part in location if isinstance(part, int)), 0)
    key = str(location[-1])
    seen = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*\[\[?\s*{re.escape(table)}\s*\]\]?", line):
            seen += 1
            if len(location) == 1 or isinstance(location[-1], int):
                return number
        elif (seen == wanted_table or len(location) == 1) and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return None
