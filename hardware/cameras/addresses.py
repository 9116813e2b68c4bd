"""Reads camera addresses: which kind of source an address names, how it is shown, and the source itself."""

import re
import secrets
from collections.abc import Callable
from dataclasses import fields, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from hardware.camera import CameraRefused, CameraSource
from hardware.cameras.emulated import EmulatedSource
from hardware.cameras.file import FileSource
from hardware.cameras.frame_mark import MINIMUM_WIDTH, NONCE_MODULO
from hardware.cameras.picamera import picamera_source
from hardware.cameras.rtsp import rtsp_source
from hardware.cameras.scene_video import SceneSettings
from hardware.cameras.scenes import SCENES
from hardware.cameras.v4l2 import v4l2_source

WAYS = (
    "rtsp://user:password@camera/path, rtsps://..., /dev/v4l/by-id/... (or /dev/video0), picamera:0, "
    "a video file's path, or emulated:garden"
)
WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
WIDEST, FASTEST, LONGEST_KEYFRAME_GAP_S = 4096, 60.0, 60.0


class SourceKind(StrEnum):
    """The kind of a camera's source; the word stands in the camera's proposal to the cloud."""

    FILE = "file"
    RTSP = "rtsp"
    V4L2 = "v4l2"
    EMULATED = "emulated"
    PICAMERA = "picamera"


def source_kind(address: str) -> SourceKind:
    """Say what kind of source an address names; CameraRefused with the ways to write one."""
    scheme = address.partition(":")[0].lower()
    if scheme in {"rtsp", "rtsps"}:
        return SourceKind.RTSP
    if scheme in {"emulated", "picamera"}:
        return SourceKind(scheme)
    if address.startswith("/dev/") and not address.startswith("/dev/shm/"):  # noqa: S108 - files in memory, no devices
        return SourceKind.V4L2
    if scheme != "file" and ":" in address.partition("@")[0] and "@" in address and "://" not in address:
        raise CameraRefused(
            f"This looks like a network camera's address with a slip before its password; write {WAYS}."
        )
    if scheme == "file" or (address and "://" not in address):
        return SourceKind.FILE
    shown = f"{scheme}://..." if address else "an empty address"
    raise CameraRefused(f"{shown} is not a camera address that is known here; write {WAYS}.")


def redacted(address: str) -> str:
    """Return the address as it may be shown: without user, password and whatever a query may hold."""
    if not re.match(r"(?i)rtsps?:", address):
        return address
    rest = address.partition("://")[2]
    scheme = address.partition(":")[0].lower()
    place, _, query = rest.partition("?")
    authority, slash, path = _split_authority(place)
    user = "***@" if "@" in authority else ""
    return f"{scheme}://{user}{authority.rpartition('@')[2]}{slash}{path}{'?***' if query else ''}"


def camera_source(
    address: str,
    *,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
    nominal_fps: float = 25.0,
    nonce: int | None = None,
    audio: bool = True,
) -> CameraSource:
    """Make the source that an address names; nothing is opened yet.

    Options follow a `?`: `file:clip.mp4?looped=no&paced=no`, `/dev/video0?width=1280&height=720&fps=15`,
    `picamera:0?width=1280&height=720&fps=15`,
    `emulated:garden?seed=3&width=1280&height=720&fps=15&keyframe_s=20&quality=24&seconds=60&sound=yes&paced=no`.
    `nominal_fps` serves streams that state no frame rate. `nonce` is the run's number in an emulated picture (24 bits;
    drawn at random when it is not given). Without `audio`, sound is not asked for.

    Raises CameraRefused with a sentence for an address that cannot work.
    """
    kind = source_kind(address)
    if kind is SourceKind.RTSP:
        return rtsp_source(_checked_rtsp(address), monotonic=monotonic, nominal_fps=nominal_fps, audio=audio)
    if kind is SourceKind.V4L2:
        device, options = _device_and_options(address)
        return v4l2_source(
            device,
            monotonic=monotonic,
            width=options.get("width", 1280),
            height=options.get("height", 720),
            nominal_fps=options.get("fps", 15),
        )
    if kind is SourceKind.PICAMERA:
        number, options = _device_and_options(address.partition(":")[2])
        return picamera_source(number, monotonic=monotonic, **options)
    if kind is SourceKind.FILE:
        path, looped, paced = _file_options(address)
        make = partial(FileSource, path, monotonic=monotonic, sleep=sleep)
        return make(looped=looped, paced=paced, nominal_fps=nominal_fps, audio=audio)
    settings, paced = scene_settings(address, nonce=secrets.randbelow(NONCE_MODULO) if nonce is None else nonce)
    settings = settings if audio else replace(settings, sound=False)
    return EmulatedSource(settings, monotonic=monotonic, sleep=sleep, paced=paced)


def scene_settings(address: str, *, nonce: int) -> tuple[SceneSettings, bool]:
    """Return what an `emulated:` address asks for, and whether it is paced; CameraRefused for what it cannot show."""
    rest = address.partition(":")[2]
    scene, _, query = rest.partition("?")
    if scene not in SCENES:
        known = ", ".join(f"emulated:{name}" for name in SCENES)
        raise CameraRefused(f"There is no emulated scene {scene!r}; choose one of {known}.")
    kinds = {field.name: field.type for field in fields(SceneSettings) if field.name not in {"scene", "nonce"}}
    options = _options(query, (*kinds, "paced"))
    paced = _yes_or_no("paced", options.pop("paced", "yes"))
    sound = _yes_or_no("sound", options.pop("sound", "no"))
    numbers = {name: _number(name, text, whole=kinds[name] is int) for name, text in options.items()}
    settings = SceneSettings(scene=scene, nonce=nonce % NONCE_MODULO, sound=sound, **numbers)  # type: ignore[arg-type] # whole=... made ints of the int fields
    _check_scene(settings)
    return settings, paced


def _check_scene(settings: SceneSettings) -> None:
    wide = MINIMUM_WIDTH <= settings.width <= WIDEST and 90 <= settings.height <= WIDEST  # noqa: PLR2004 - holds the mark
    if not wide or settings.width % 2 or settings.height % 2:
        raise CameraRefused(f"An emulated picture has even sides, from {MINIMUM_WIDTH}x90 to {WIDEST}x{WIDEST}.")
    if not 1 <= settings.fps <= FASTEST or not 0 < settings.keyframe_s <= LONGEST_KEYFRAME_GAP_S:
        raise CameraRefused(
            f"An emulated camera has 1 to {FASTEST:.0f} frames a second and a keyframe every 60 s at least."
        )
    if not 0 <= settings.quality <= 51 or settings.seconds < 0:  # noqa: PLR2004 - x264's own scale
        raise CameraRefused(
            "An emulated camera's quality is 0 (best) to 51 (worst); its seconds are 0 (for ever) or more."
        )


def _checked_rtsp(address: str) -> str:
    try:
        parts = urlsplit(address)
        port_is_right = parts.port is None or parts.port > 0
        host = parts.hostname
        split_password = "@" in parts.path + parts.query + parts.fragment  # the "host" would be a piece of it
    except ValueError:
        port_is_right, host, split_password = False, None, False
    if not host or not port_is_right or split_password:
        raise CameraRefused(
            "This RTSP address has no host or a wrong port; write rtsp://user:password@192.0.2.10:554/path, "
            "with signs such as @ / ? in the password written as %40 %2F %3F."
        )
    return address


def _device_and_options(address: str) -> tuple[str, dict[str, int]]:
    device, _, query = address.partition("?")
    options = _options(query, ("width", "height", "fps"))
    numbers = {name: int(_number(name, text, whole=True)) for name, text in options.items()}
    if any(number <= 0 for number in numbers.values()):
        raise CameraRefused("A camera's width, height and fps are whole numbers above 0.")
    return device, numbers


def _file_options(address: str) -> tuple[Path, bool, bool]:
    """Only a `file:` address has options: a plain path may hold a question mark."""
    if not address.lower().startswith("file:"):
        return Path(address).expanduser(), True, True
    place, _, query = address[len("file:") :].partition("?")
    options = _options(query, ("looped", "paced"))
    path = Path(unquote(place.removeprefix("//"))).expanduser()
    return path, _yes_or_no("looped", options.get("looped", "yes")), _yes_or_no("paced", options.get("paced", "yes"))


def _options(query: str, known: tuple[str, ...]) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    wrong = [name for name in options if name not in known]
    if wrong:
        raise CameraRefused(f"A camera address has no option {wrong[0]!r} here; there are: {', '.join(known)}.")
    return options


def _number(name: str, text: str, *, whole: bool) -> int | float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise CameraRefused(f"The option {name} of a camera address is a number, not {text!r}.") from None


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in WORDS:
        raise CameraRefused(f"The option {name} of a camera address is yes or no, not {text!r}.")
    return WORDS[text.lower()]


def _split_authority(place: str) -> tuple[str, str, str]:
    """Cut at the last slash before the path that can follow a password: passwords may hold slashes and signs."""
    at = place.rfind("@")
    slash = place.find("/", max(at, 0))
    return (place, "", "") if slash < 0 else (place[:slash], "/", place[slash + 1 :])
