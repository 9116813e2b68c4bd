"""Clips on their way to their module's own drive, in words, and the offer to have them saved there first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cloud_stub.domain.records import Clip, ClipPhase, DriveCopy
from cloud_stub.web.languages import Language
from cloud_stub.web.overview import Overview

MOST_AT_ONCE: Final = 500
USABLE: Final = "usable"


@dataclass(frozen=True, slots=True)
class ToDrive:
    """An offer to save clips: their ids, parted by commas, and what the button says."""

    ids: str
    button: str


def can_be_saved(clip: Clip, overview: Overview) -> bool:
    """Say whether a clip can be asked for: it is held, its module has a drive that it can use, and nobody asked yet."""
    asked = clip.drive_copy in {DriveCopy.ASKED, DriveCopy.SAVED}
    return clip.phase is ClipPhase.HELD and not asked and overview.drive_state(clip.module_id) == USABLE


def to_drive(clips: Sequence[Clip], overview: Overview, language: Language) -> ToDrive | None:
    """Offer to save those of the clips that can be, the first 500 of them; `None` where none can be."""
    ids = [clip.clip_id for clip in clips if can_be_saved(clip, overview)][:MOST_AT_ONCE]
    if not ids:
        return None
    button = language.say_many(
        "Save %(count)s clip on the module's drive first", "Save %(count)s clips on the module's drive first", len(ids)
    )
    return ToDrive(",".join(ids), button)


def say_drive_copy(clip: Clip, overview: Overview, language: Language) -> str:
    """Say what became of the wish to have a clip on the drive; empty where there was none."""
    if clip.drive_copy is DriveCopy.SAVED:
        return language.say("It stands on the module's drive, read back and verified.")
    if clip.drive_copy is DriveCopy.FAILED:
        return language.say("It could not be saved on the module's drive.")
    if clip.drive_copy is DriveCopy.ASKED and clip.kept_until is not None:
        when = language.moment(clip.kept_until, overview.account.time_zone)
        return language.say("The module is to save it on its drive; until %(when)s it waits for that.", when=when)
    return ""
