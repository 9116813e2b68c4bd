"""What saves clips of the cloud on the module's drive, built over the agent's parts."""

from collections.abc import Mapping

from agent.adapters.clip_media_http import HttpClipMedia
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import DriveFiles
from agent.adapters.fetched_file import FetchedFile
from agent.composition.parts import FETCHED_FOLDER, Parts
from agent.flow.clip_moves import ClipMoves
from agent.flow.commands import CommandAct
from agent.flow.save_clip import SaveClip, SavingPlace
from agent.flow.watch_drive import LOOK_WITHIN_S


def saving_acts(
    parts: Parts, store: DriveFiles | None, lane: DriveLaneThread, moves: ClipMoves
) -> Mapping[str, CommandAct]:
    """Return `save_clip`: a clip of the cloud on the drive, answered with the hash of what was read back from it."""
    saver = clip_saver(parts, store, lane, moves)

    async def save(arguments: Mapping[str, object]) -> Mapping[str, object]:
        return {"sha256": (await saver.save(arguments)).sha256}

    return {"save_clip": save}


def clip_saver(parts: Parts, store: DriveFiles | None, lane: DriveLaneThread, moves: ClipMoves) -> SaveClip:
    """Return what the command `save_clip` does."""
    drive, settings, place = parts.drive, parts.settings, None
    if drive is not None and store is not None and settings.drive is not None:
        look = drive.own.look
        place = SavingPlace(store, lambda: lane.run(look, LOOK_WITHIN_S), settings.drive.reserve_bytes)
    return SaveClip(
        media=HttpClipMedia(parts.http),
        fetched=FetchedFile(settings.module.state_dir / FETCHED_FOLDER),
        files=parts.files,
        ledger=parts.ledger,
        moves=moves,
        clock=parts.clock,
        place=place,
        spool_reserve_bytes=settings.spool.reserve_bytes,
    )
