"""Holds the blob store against the records: what a crash left of a clip that is gone, goes; all else is left alone."""

from collections.abc import Sequence

import structlog

from cloud_stub.domain.blob_keys import clip_of_key
from cloud_stub.errors import CloudError
from cloud_stub.ports import Blobs, Records

log = structlog.get_logger()


class BlobsToRecords:
    """Compares in pages.

    A clip that was deleted while it was stored, and a process that was killed then, leave a blob whose row is a
    tombstone: that one goes. A blob without any row is only counted and logged: an absent index never means delete (a
    database may have been restored from an older backup), and neither does a key that this cloud did not write.
    """

    def __init__(self, records: Records, blobs: Blobs) -> None:
        self._records = records
        self._blobs = blobs

    async def reconcile(self) -> int:
        """Compare everything once; return how many blobs went. It may run beside requests, and never raises."""
        gone, unnamed = 0, 0
        try:
            async for page in self._blobs.pages():
                orphans, strangers = await self._sorted_out(page)
                gone += sum([await self._remove(key) for key in orphans])
                unnamed += strangers
        except (CloudError, OSError) as error:
            log.warning("blobs_not_compared", reason=str(error), does="they are compared at the next start")
        except Exception:  # the records may fail in any driver; what was left is left for the next start
            log.exception("blobs_not_compared")
        if unnamed:
            log.error("blobs_without_row", count=unnamed, do="restore the newest database, or remove them by hand")
        if gone:
            log.info("orphan_blobs_gone", count=gone)
        return gone

    async def _sorted_out(self, keys: Sequence[str]) -> tuple[list[str], int]:
        """Return the keys whose clip is gone, and how many of ours have no row at all."""
        ours = {key: clip for key in keys if (clip := clip_of_key(key)) is not None}
        ids: dict[str, list[str]] = {}
        for account_id, clip_id in ours.values():
            ids.setdefault(account_id, []).append(clip_id)
        async with self._records.reading() as transaction:
            known = {
                (account_id, clip_id): stays
                for account_id, clip_ids in ids.items()
                for clip_id, stays in (await transaction.clips.not_gone(account_id, clip_ids)).items()
            }
        orphans = [key for key, clip in ours.items() if known.get(clip) is False]
        return orphans, sum(clip not in known for clip in ours.values())

    async def _remove(self, key: str) -> bool:
        """Remove a blob unless its clip came again meanwhile: no clip can begin while records are being written."""
        clip = clip_of_key(key)
        if clip is None:
            return False
        async with self._records.writing() as transaction:
            found = await transaction.clips.not_gone(clip[0], [clip[1]])
            if found.get(clip[1]) is not False:
                return False
            await self._blobs.delete(key)
        return True
