"""The drive as this module may use it: the UUID alone does not make it ours, the marker on it does."""

from dataclasses import replace
from pathlib import Path

from agent.adapters.drive_store_files.layout import clip_id_in
from agent.adapters.drive_store_files.marker import BACKUP_BASE, CLIPS_BASE, claim_of, folder_of, mark
from agent.adapters.drive_store_files.pinned import pinned
from agent.domain.drive_claim import CLAIM_DETAIL
from hardware.drive import Drive, DriveGone, DriveReport, DriveState

CLIPS_FOLDER = "clips"


class OwnDrive:
    """A Drive over another one, which shows nothing of a drive that is not this module's.

    A drive is foreign while another module's marker stands on it alone, or while it holds files and was never ours.
    With `overwrites` a full drive is usable as long as clips of ours stand on it that can make room.
    """

    def __init__(self, drive: Drive, module_id: str, *, overwrites: bool = False) -> None:
        self._overwrites = overwrites
        self._drive = drive
        self._module_id = module_id

    def look(self) -> DriveReport:
        return self._judged(self._drive.look())

    def eject(self) -> DriveReport:
        """Let the drive go; a foreign one too, because nothing of ours is on it."""
        return self._judged(self._drive.eject())

    def take(self, uuid: str) -> None:
        self._drive.take(uuid)

    def adopt(self, uuid: str) -> DriveReport:
        """Make the foreign drive `uuid` ours: our marker is written on it, nothing of others is touched.

        Raises `DriveGone` when another drive is in, or when this one cannot be used or written; then the drive of
        before is asked for as before.
        """
        seen = self.look()
        if seen.state is not DriveState.FOREIGN or seen.other_uuid != uuid:
            raise DriveGone(f"No foreign drive {uuid} is in: look again which one it is.")
        self._drive.take(uuid)
        try:
            self._mark()
        except DriveGone:
            if seen.uuid is not None:
                self._drive.take(seen.uuid)
            raise
        return self.look()

    def _mark(self) -> None:
        with pinned(self._drive.look) as (found, root):
            if root is None or found.state not in {DriveState.USABLE, DriveState.FULL}:
                raise DriveGone(found.detail or f"The drive is {found.state.value}.")
            try:
                mark(root, folder_of(root, CLIPS_BASE, self._module_id), self._module_id)
            except OSError as error:
                raise DriveGone(f"The drive cannot be marked ({error.strerror}).") from error

    def _judged(self, report: DriveReport) -> DriveReport:
        if report.root is None:
            return report
        try:
            claim = claim_of(report.root, self._module_id)
            has_clips = self._overwrites and report.state is DriveState.FULL and self._has_clips(report.root)
        except OSError as error:
            detail = f"The drive does not answer ({error.strerror}); put it in again."
            return replace(report, state=DriveState.PULLED, detail=detail, root=None)
        if claim not in CLAIM_DETAIL:
            return replace(report, state=DriveState.USABLE, detail="") if has_clips else report
        return replace(report, state=DriveState.FOREIGN, detail=CLAIM_DETAIL[claim], root=None, other_uuid=report.uuid)

    def _has_clips(self, root: Path) -> bool:
        """Say whether a clip stands where clips may be overwritten; looks no further than the first one."""
        folders = [folder_of(root, CLIPS_BASE, self._module_id) / CLIPS_FOLDER]
        folders.append(folder_of(root, BACKUP_BASE, self._module_id))
        return any(clip_id_in(path.name) is not None for folder in folders for path in folder.rglob("*"))
