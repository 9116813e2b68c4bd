"""Takes clips away: those that fall due, those that a full pool evicts, those that their owner deletes.

Mark `deleting` and commit; unlink media and poster; leave a tombstone and a log entry. Any step can be repeated.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

import structlog

from cloud_stub.domain.blob_keys import media_key, poster_key
from cloud_stub.domain.records import Account, Clip, ClipPhase, LogEntry
from cloud_stub.domain.retention import GoneBecause, clip_due_at, due_clips, marked, next_due, rule_of, tombstone
from cloud_stub.errors import CloudError
from cloud_stub.flow.fragments_to_poster import FragmentsToPoster
from cloud_stub.flow.fragments_to_viewers import FragmentsToViewers
from cloud_stub.flow.share_clip import end_shares
from cloud_stub.ports import Blobs, Records, Staging, Transaction

CLIP_GONE = "clip_gone"
Fault = Callable[[str], None]
"""Called with the name of the step that was just done; a test ends the process there."""

log = structlog.get_logger()


def no_fault(_step: str) -> None:
    """Let every step pass."""


class ClipsToRetention:
    """Deletes clips for good. `now` is civil time; `auto_delete_days` is an account's setting as capped."""

    def __init__(
        self,
        *,
        records: Records,
        blobs: Blobs,
        staging: Staging,
        posters: FragmentsToPoster,
        viewers: FragmentsToViewers,
        now: Callable[[], datetime],
        auto_delete_days: Callable[[Account], int],
        fault: Fault = no_fault,
    ) -> None:
        self._records = records
        self._blobs = blobs
        self._staging = staging
        self._posters = posters
        self._viewers = viewers
        self._now = now
        self._auto_delete_days = auto_delete_days
        self._fault = fault

    async def next_deletion_at(self) -> datetime | None:
        """Return when the next held clip of any account falls due; it may be in the past."""
        async with self._records.reading() as transaction:
            dues = [await self._next_due(transaction, account) for account in await transaction.accounts.all()]
        return min((due for due in dues if due is not None), default=None)

    async def sweep(self, now: datetime) -> int:
        """Delete exactly the clips that are due at `now`, in the order they fell due; return how many."""
        async with self._records.reading() as transaction:
            accounts = [
                account
                for account in await transaction.accounts.all()
                if (due := await self._next_due(transaction, account)) is not None and due <= now
            ]
        return sum([await self._sweep_account(account.account_id, now) for account in accounts])

    async def delete_by_owner(self, account_id: str, clip_id: str) -> None:
        """Delete a clip that is held or still growing; raise CloudError 404 `clip_unknown` or 410 `clip_deleted`."""
        async with self._records.writing() as transaction:
            clip = await transaction.clips.find(account_id, clip_id)
            if clip is None:
                raise CloudError("clip_unknown", 404, "There is no such clip.")
            if clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
                raise CloudError("clip_deleted", 410, "This clip was deleted.")
            clip = marked(clip, GoneBecause.OWNER_DELETED)
            await transaction.clips.update(clip)
            await end_upload(transaction, clip)
        self._fault("marked")
        await self.erase([clip], self._now())

    async def repair(self) -> int:
        """Finish every deletion that a crash or a fault cut short; return how many there were."""
        async with self._records.reading() as transaction:
            left = await transaction.clips.deleting()
        await self.erase(left, self._now())
        return len(left)

    async def erase(self, clips: Iterable[Clip], now: datetime) -> None:
        """Unlink the media of marked clips, and what is staged of them, then leave their tombstones.

        Where the store or the disk fails, the clip stays marked and `repair` tries again.
        """
        for clip in clips:
            try:
                await self._erase_one(clip, now)
            except (CloudError, OSError) as error:
                log.warning("clip_not_gone_yet", clip_id=clip.clip_id, reason=str(error))

    async def _erase_one(self, clip: Clip, now: datetime) -> None:
        async with self._records.reading() as transaction:
            upload = await transaction.clips.upload_of_clip(clip.module_id, clip.clip_id)
        if upload is not None:
            await self._posters.end(upload.upload_id)
            await self._staging.delete(upload.upload_id)
            await self._viewers.end(upload.upload_id)
        await self._blobs.delete(media_key(clip))
        self._fault("media_unlinked")
        await self._blobs.delete(poster_key(clip))
        self._fault("poster_unlinked")
        async with self._records.writing() as transaction:
            found = await transaction.clips.get(clip.module_id, clip.clip_id)
            if found is None or found.phase is not ClipPhase.DELETING:
                return
            gone = tombstone(found, now)
            await transaction.clips.update(gone)
            await end_shares(transaction, gone)
            rule = found.gone_because or ""
            if rule != GoneBecause.REPLACED:  # a day of photos is one entry, of the clip that stands for them
                await transaction.leases.log(LogEntry(now, clip.account_id, CLIP_GONE, clip.clip_id, rule))
        self._fault("tombstone")
        log.info("clip_gone", clip_id=clip.clip_id, because=rule)

    async def _sweep_account(self, account_id: str, now: datetime) -> int:
        async with self._records.writing() as transaction:
            account = await transaction.accounts.get(account_id)
            if account is None:
                return 0
            days = self._auto_delete_days(account)
            due = [
                marked(clip, rule_of(clip.keep_for_days, days))
                for clip in due_clips(await transaction.clips.held_of_account(account_id), days, now)
            ]
            for clip in due:
                await transaction.clips.update(clip)
                await end_upload(transaction, clip)
        self._fault("marked")
        await self.erase(due, now)
        return len(due)

    async def _next_due(self, transaction: Transaction, account: Account) -> datetime | None:
        windows = await transaction.clips.held_windows(account.account_id)
        days = self._auto_delete_days(account)
        dues = [clip_due_at(clip, days) for clip in await transaction.clips.put_off(account.account_id)]
        first = next_due(windows, days)
        return min(dues if first is None else [first, *dues], default=None)


async def end_upload(transaction: Transaction, clip: Clip) -> None:
    """Say in the records that nothing more is taken for a clip."""
    upload = await transaction.clips.upload_of_clip(clip.module_id, clip.clip_id)
    if upload is not None and not upload.finished:
        await transaction.clips.put_upload(replace(upload, finished=True))
