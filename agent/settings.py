"""The agent's settings: one TOML file, checked as a whole before anything starts."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from agent.errors import BadInput

Seconds = Annotated[float, Field(ge=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]
MIB = 1024 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModuleSettings(_Strict):
    """Who this module is. `state_dir` holds identity, ledger, spool and lease; `model` is the vendor's word (R115)."""

    name: str = Field("Sync module", min_length=1, max_length=100)
    model: str = Field("sync_module_2", min_length=1, max_length=64)
    state_dir: Path
    trust_wall_clock: bool = False


class RecordingSettings(_Strict):
    """How long a clip is, in seconds. The lease may cut `longest_clip_s` further."""

    pre_roll_s: Seconds = 3.0
    post_roll_s: Seconds = 5.0
    longest_clip_s: PositiveSeconds = 60.0
    retrigger_wait_s: Seconds = 10.0
    photo_period_s: PositiveSeconds = 3600.0


class SpoolSettings(_Strict):
    """The module's own disk: how much clips may take, and how much is left free for the system."""

    budget_bytes: Annotated[int, Field(ge=16 * MIB)] = 2048 * MIB
    reserve_bytes: Annotated[int, Field(ge=0)] = 256 * MIB


class DriveSettings(_Strict):
    """The USB drive, by UUID; or an emulated one: a folder with a byte limit."""

    uuid: str | None = None
    emulated: Path | None = None
    limit_bytes: Annotated[int, Field(gt=0)] = 2048 * MIB
    reserve_bytes: Annotated[int, Field(ge=0)] = 375_000_000

    @model_validator(mode="after")
    def _one_of_two(self) -> "DriveSettings":
        if (self.uuid is None) == (self.emulated is None):
            raise ValueError("give either `uuid` (see `lsblk -o NAME,UUID`) or `emulated` (a folder), not both")
        return self


class DiagnosticsSettings(_Strict):
    """Where the diagnostics page listens; loopback only."""

    host: str = "127.0.0.1"
    port: Port = 8401

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("the diagnostics page has no lock yet: it listens on 127.0.0.1 or ::1 only")
        return host


class CameraSettings(_Strict):
    """One camera. `id` keeps a camera's identity when it is renamed; without it the name decides."""

    name: str = Field(min_length=1, max_length=100)
    address: str = Field(min_length=1)
    model: str = Field(min_length=1, max_length=64)
    id: UUID | None = None
    nominal_fps: Annotated[float, Field(gt=0, le=240)] = 25.0
    motion: bool = True

    def camera_id(self, module_id: str) -> str:
        """Return the camera's UUID: the configured one, or one that module and name decide."""
        return str(self.id or uuid5(NAMESPACE_URL, f"veilleur:{module_id}:{self.name}"))


class Settings(_Strict):
    """The whole file."""

    module: ModuleSettings
    recording: RecordingSettings = RecordingSettings()
    spool: SpoolSettings = SpoolSettings()
    drive: DriveSettings | None = None
    diagnostics: DiagnosticsSettings = DiagnosticsSettings()
    camera: tuple[CameraSettings, ...] = Field(min_length=1, max_length=10)

    @field_validator("camera")
    @classmethod
    def _names_differ(cls, cameras: tuple[CameraSettings, ...]) -> tuple[CameraSettings, ...]:
        names = [camera.name for camera in cameras]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two cameras have the same name: {', '.join(twice)}")
        return cameras


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
        return Settings.model_validate(expanded)
    except ValidationError as error:
        sentences = [_sentence(path, text, found["loc"], found["msg"], found["type"]) for found in error.errors()]
        raise BadInput("\n".join(sentences)) from error


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


def _sentence(path: Path, text: str, location: tuple[int | str, ...], message: str, kind: str) -> str:
    names = [str(part) if isinstance(part, str) else f"[{part + 1}]" for part in location]
    line = _line_of(text, location)
    place = f"{path}, line {line}" if line else str(path)
    if kind == "extra_forbidden":
        allowed = ", ".join(sorted(_allowed_at(location[:-1])))
        return f"{place}: there is no setting `{'.'.join(names)}`; here you may write: {allowed}"
    return f"{place}: `{'.'.join(names)}`: {message.removeprefix('Value error, ')}"


def _allowed_at(location: tuple[int | str, ...]) -> list[str]:
    models: dict[str, type[_Strict]] = {
        "module": ModuleSettings,
        "recording": RecordingSettings,
        "spool": SpoolSettings,
        "drive": DriveSettings,
        "diagnostics": DiagnosticsSettings,
        "camera": CameraSettings,
    }
    model = models.get(str(location[0]), Settings) if location else Settings
    return list(model.model_fields)


def _line_of(text: str, location: tuple[int | str, ...]) -> int | None:
    """Find the line of a key: tomllib keeps none, and a person looks for a line."""
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
