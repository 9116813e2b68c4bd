"""The clips that stand on the drive, for people: a list that has an id, reading one of it, deleting one of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agent.domain.clip import ClipRow, RowPhase
from agent.domain.delivery import Signal
from agent.flow.clip_moves import ClipMoves
from agent.ports import DriveClip, DriveStore, Ledger

PAGE: Final = 50
"""Clips in one answer to a command: less than the broker's 16 KiB."""
FOLDERS: Final = ("clips", "backup")


class ListChangedError(Exception):
    """The drive holds other clips than the list that was asked about: ask for it again."""


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A clip of the list; `store` is `clips` (its own store) or `backup` (the daily copy)."""

    store: str
    clip: DriveClip

    def document(self) -> Mapping[str, object]:
        """Return what the wire says of it (drive_clips_v1.json)."""
        clip = self.clip
        return {
            "clip_id": clip.clip_id,
            "store": self.store,
            "kind": clip.kind.value,
            "camera": clip.camera_slug,
            "captured_at": clip.captured_at or None,
            "size_bytes": clip.size_bytes,
            "sha256": clip.sha256,
        }


@dataclass(frozen=True, slots=True)
class DriveList:
    """What stood on the drive at one moment, newest first. `manifest_id` is another one after each change."""

    manifest_id: str
    clips: Sequence[ListedClip]

    def page(self, offset: int, limit: int = PAGE) -> Mapping[str, object]:
        """Return a part of the list as the wire says it; `next_offset` is null at its end."""
        shown = self.clips[offset : offset + limit]
        after = offset + len(shown)
        return {
            "manifest_id": self.manifest_id,
            "clips": [listed.document() for listed in shown],
            "total": len(self.clips),
            "next_offset": after if after < len(self.clips) else None,
        }


class DriveClips:
    """Asks the drive through its lane, behind what is being copied: recording and copies never wait for this."""

    def __init__(self, clips: DriveStore, backups: DriveStore, ledger: Ledger, moves: ClipMoves) -> None:
        self._stores = dict(zip(FOLDERS, (clips, backups), strict=True))
        self._ledger = ledger
        self._moves = moves

    async def listing(self, manifest_id: str | None = None) -> DriveList:
        """Return the list; `ListChangedError` when it is no longer the one named. Raises `DriveGone`."""
        found = [
            ListedClip(name, clip) for name, store in self._stores.items() for clip in reversed(await store.listing())
        ]
        found.sort(key=lambda listed: listed.clip.captured_at, reverse=True)
        digest = hashlib.sha256()
        for listed in found:
            clip = listed.clip
            digest.update(f"{listed.store} {clip.path} {clip.size_bytes} {clip.sha256}\n".encode())
        made = DriveList(digest.hexdigest()[:16], found)
        if manifest_id is not None and manifest_id != made.manifest_id:
            raise ListChangedError
        return made

    async def find(self, store: str, clip_id: str) -> ListedClip | None:
        """Return one clip; `None` where there is none. Raises `DriveGone`."""
        if store not in self._stores:
            return None
        clips = await self._stores[store].listing()
        return next((ListedClip(store, clip) for clip in clips if clip.clip_id == clip_id), None)

    async def read(self, listed: ListedClip, offset: int, length: int) -> bytes:
        """Return at most `length` bytes; FileNotFoundError, and `DriveGone`, soon also while the drive hangs."""
        return await self._stores[listed.store].read_clip(listed.clip, offset, length)

    async def delete(self, store: str, clip_id: str) -> bool:
        """Delete a clip for good; False when there is none, or it still waits for its lease. Raises `DriveGone`."""
        listed = await self.find(store, clip_id)
        if listed is None:
            return False
        row = await self._ledger.get(clip_id) if store == FOLDERS[0] else None
        if row is not None and row.usb_path is not None and row.phase is not RowPhase.STORED_USB:
            return False
        if row is not None:
            await self._moves.move(clip_id, Signal.DELETED_ON_DRIVE)
        await self._stores[store].delete(listed.clip)
        if row is not None:
            await self._moves.amend(clip_id, _off_the_drive)
        return True

    async def rebuild(self) -> tuple[int, int]:
        """Write the manifests anew from the files; return how many clips and unknown files there are."""
        made = [await store.rebuild() for store in self._stores.values()]
        return sum(clips for clips, _ in made), sum(unknown for _, unknown in made)


def _off_the_drive(row: ClipRow) -> ClipRow:
    return replace(row, usb_path=None)
