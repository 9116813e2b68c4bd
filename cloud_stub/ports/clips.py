"""The records of leases and of clips."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from cloud_stub.domain.clip_page import ClipCursor
from cloud_stub.domain.records import Clip, IssuedLease, LabClock, LogEntry, OutboxItem, ShareLink, Upload


class LeaseRecords(Protocol):
    """Issued leases, the outbox that carries them, the lab clock, and the log of what happened."""

    async def newest(self, module_id: str) -> IssuedLease | None: ...
    async def by_seq(self, module_id: str, seq: int) -> IssuedLease | None: ...
    async def newest_at(self, module_id: str, when: datetime) -> IssuedLease | None:
        """Return the newest lease that was issued at `when` or before."""

    async def add(self, lease: IssuedLease) -> None: ...
    async def drop_leases_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` leases whose grace ended before `when`, never a module's newest; return how many."""

    async def enqueue(self, module_id: str, topic: str, payload: bytes, *, retain: bool) -> None: ...
    async def outbox(self, limit: int) -> Sequence[OutboxItem]: ...
    async def count_outbox(self, up_to: int) -> int:
        """Return how many messages wait, counted to `up_to`."""

    async def drop_from_outbox(self, item_id: int) -> None: ...
    async def lab_clock(self) -> LabClock | None: ...
    async def put_lab_clock(self, clock: LabClock) -> None: ...
    async def log(self, entry: LogEntry) -> None: ...
    async def entries(self, account_id: str, limit: int) -> Sequence[LogEntry]: ...
    async def logged(
        self, account_id: str, what: str, subject: str, since: datetime, until: datetime
    ) -> Sequence[datetime]:
        """Return when something was logged of a subject between two instants, oldest first."""

    async def drop_entries_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` log entries from before `when`, the oldest first; return how many."""


class ClipRecords(Protocol):
    """Clips and their uploads."""

    async def add(self, clip: Clip) -> None: ...
    async def get(self, module_id: str, clip_id: str) -> Clip | None: ...
    async def find(self, account_id: str, clip_id: str) -> Clip | None: ...
    async def update(self, clip: Clip) -> None: ...
    async def hand_over(self, clip: Clip, module_id: str) -> None:
        """Make a clip and its upload another module's."""

    async def page(
        self,
        account_id: str,
        *,
        kind: str,
        camera_id: str | None,
        before: ClipCursor | None,
        limit: int,
        segments: bool = True,
    ) -> Sequence[Clip]:
        """Return clips that can be watched (receiving or held), newest `captured_at` first, then by id.

        Without `segments` those of continuous recording are left out.
        """

    async def segments(self, account_id: str, camera_id: str, since: datetime, until: datetime) -> Sequence[Clip]:
        """Return a camera's continuous segments that can be watched and lie between two instants, oldest first."""

    async def segment_cameras(self, account_id: str) -> Sequence[str]:
        """Return the cameras of which continuous segments can be watched, by id."""

    async def held_in_pool(self, pool: str) -> Sequence[Clip]:
        """Return held clips counted in a pool, oldest `captured_at` first, with the pool locked by this transaction."""

    async def used_ms(self, pool: str) -> int:
        """Return how long the held clips of a pool play together."""

    async def held_of_account(self, account_id: str) -> Sequence[Clip]: ...
    async def held_windows(self, account_id: str) -> Sequence[tuple[int | None, datetime]]:
        """Return each `keep_for_days` among the held clips, with the oldest `retained_from` that has it.

        Clips whose erasure is put off do not count here: they are `put_off`.
        """

    async def put_off(self, account_id: str | None = None) -> Sequence[Clip]:
        """Return the held clips whose erasure is put off (`kept_until`), of one account or all, oldest first."""

    async def recorded_in_pool(self, pool: str, since: datetime) -> tuple[int, datetime | None]:
        """Return how long the clips play that came into a pool from `since` on, gone ones too, and the oldest's time.

        Clips that were never held (refused, or cut off) do not count.
        """

    async def oldest_in_pool(self, pool: str) -> Clip | None:
        """Return the held clip that a full pool lets go of next, by `retained_from`."""

    async def deleting(self) -> Sequence[Clip]:
        """Return clips whose blobs must still go (after a crash too)."""

    async def put_share(self, share: ShareLink) -> None: ...
    async def share(self, token_hash: str) -> ShareLink | None: ...
    async def shares_of_clip(self, account_id: str, clip_id: str) -> Sequence[ShareLink]: ...
    async def not_gone(self, account_id: str, clip_ids: Sequence[str]) -> Mapping[str, bool]:
        """Return those of the ids that have a row, each with whether its media may still be there."""

    async def drop_tombstones_before(self, when: datetime, limit: int) -> int:
        """Forget at most `limit` clips that were gone before `when`, with their uploads and links; return how many."""

    async def put_upload(self, upload: Upload) -> None: ...
    async def upload(self, upload_id: str) -> Upload | None: ...
    async def upload_of_clip(self, module_id: str, clip_id: str) -> Upload | None: ...
    async def uploads_expiring_before(self, when: datetime) -> Sequence[Upload]: ...
    async def count_open_uploads(self, module_id: str) -> int:
        """Return how many uploads of a module are not finished."""
