"""One clip of a module's drive in a person's words."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.drive_loan import DriveClip
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview


@dataclass(frozen=True, slots=True)
class DriveRow:
    """A line of the list; `when` is empty for a clip whose time nobody knows, `file_name` is its download's."""

    clip_id: str
    store: str
    camera: str
    when: str
    size: str
    is_backup: bool
    file_name: str


def drive_row(clip: DriveClip, module_id: str, overview: Overview, language: Language) -> DriveRow:
    """Say what a clip is; its camera by the owner's name for it, where a camera of the module still has that name."""
    try:
        when = language.exact_moment(datetime.fromisoformat(clip.captured_at), overview.account.time_zone)
    except (ValueError, OverflowError):
        when = ""
    time = re.sub(r"[^0-9TZ]", "", clip.captured_at) if when else "undated"
    return DriveRow(
        clip_id=clip.clip_id,
        store=clip.store,
        camera=_camera(clip.camera, module_id, overview),
        when=when,
        size=language.bytes(clip.size_bytes),
        is_backup=clip.store == "backup",
        file_name=f"{time}_{_plain(clip.camera)}.{'jpg' if clip.kind == 'photo' else 'mp4'}",
    )


def _camera(on_the_drive: str, module_id: str, overview: Overview) -> str:
    """Find the one camera whose name stands on a drive like this; else return what stands there."""
    names = [camera.name for camera in overview.situation.cameras if camera.module_id == module_id]
    same = [name for name in names if _plain(name) == on_the_drive]
    return same[0] if len(same) == 1 else on_the_drive


def _plain(name: str) -> str:
    """Write a camera's name as a drive does (`camera` of drive_clips_v1.json): 40 of a-z, 0-9 and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "camera"
