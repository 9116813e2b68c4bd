"""Shares clips by links: makes one, lists and revokes them, and finds the clip behind one (R097)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.clip_rights import ClipAction
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import Clip, ClipPhase, LogEntry, ShareLink
from cloud_stub.domain.retention import clip_due_at
from cloud_stub.domain.share import (
    MOST_OPEN_LINKS,
    TOKEN_BYTES,
    ShareState,
    share_ends_at,
    share_over,
    share_state,
    token_hash,
)
from cloud_stub.errors import CloudError
from cloud_stub.flow.clip_permission import ClipPermission
from cloud_stub.flow.records_to_situation import read_account
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NewShare:
    """A link that was just made: `token` is shown this once, only its hash is kept."""

    token: str
    link: ShareLink


@dataclass(frozen=True, slots=True)
class ShareDesk:
    """Makes and reads links; they live in civil time, as the clips do that they show."""

    permission: ClipPermission

    async def share(self, account_id: str, clip_id: str, hours: int) -> NewShare:
        """Make a link that shows a clip for so many hours, and no longer than the clip is there.

        CloudError 404 `clip_unknown`, 410 `clip_deleted`, 403 with the set that lacks the right, 409 `too_many_shares`.
        """
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self.permission.clock.now()
        async with self.permission.records.writing() as records:
            clip = await _watchable(records, account_id, clip_id)
            await self.permission.check_in(records, clip, ClipAction.SHARE)
            account = await read_account(records, account_id)
            links = await records.clips.shares_of_clip(account_id, clip_id)
            if sum(share_state(link, clip, now) is ShareState.OPEN for link in links) >= MOST_OPEN_LINKS:
                message = f"This clip has {MOST_OPEN_LINKS} links already: take one back first."
                raise CloudError("too_many_shares", 409, message)
            days = auto_delete_in_force(self.permission.catalogs.in_force(account.vendor, now), account)
            ends_at = share_ends_at(hours, clip_due_at(clip, days), now)
            link = ShareLink(token_hash(token), account_id, clip_id, now, ends_at)
            await records.clips.put_share(link)
            await records.leases.log(LogEntry(now, account_id, What.CLIP_SHARED.value, clip_id, Rule.OWNER.value))
        log.info("clip_shared", clip_id=clip_id, ends_at=ends_at.isoformat())
        return NewShare(token, link)

    async def shares(self, account_id: str, clip_id: str) -> Sequence[tuple[ShareLink, ShareState]]:
        """Return the links of a clip, oldest first, each with what it is worth now; CloudError 404, 410."""
        now = self.permission.clock.now()
        async with self.permission.records.reading() as records:
            clip = await _watchable(records, account_id, clip_id)
            links = await records.clips.shares_of_clip(account_id, clip_id)
        return [(link, share_state(link, clip, now)) for link in links]

    async def revoke(self, account_id: str, clip_id: str, share_id: str) -> None:
        """Take a link back, by the hash of its token; again does nothing. CloudError 404 `share_unknown`."""
        now = self.permission.clock.now()
        async with self.permission.records.writing() as records:
            link = await records.clips.share(share_id)
            if link is None or (link.account_id, link.clip_id) != (account_id, clip_id):
                raise CloudError("share_unknown", 404, "There is no such link.")
            if link.revoked_at is not None:
                return
            await records.clips.put_share(replace(link, revoked_at=now))
            await records.leases.log(LogEntry(now, account_id, What.SHARE_REVOKED.value, clip_id, Rule.OWNER.value))
        log.info("share_revoked", clip_id=clip_id)

    async def shared(self, token: str) -> tuple[Clip, ShareLink]:
        """Return the clip behind a link.

        CloudError 404 `share_unknown`; 410 `clip_deleted`, `share_revoked`, `share_expired`, and `share_revoked` too
        where the catalog goes by the rights of today and the plan does not share any more.
        """
        now = self.permission.clock.now()
        async with self.permission.records.reading() as records:
            link = await records.clips.share(token_hash(token))
            if link is None:
                raise CloudError("share_unknown", 404, "This link leads to no clip.")
            clip = await records.clips.find(link.account_id, link.clip_id)
            state = share_state(link, clip, now)
            if clip is None or state is not ShareState.OPEN:
                raise share_over(state)
            if await self.permission.refusal(records, clip, ClipAction.SHARE) is not None:
                raise share_over(ShareState.REVOKED)
        return clip, link


async def _watchable(records: Transaction, account_id: str, clip_id: str) -> Clip:
    clip = await records.clips.find(account_id, clip_id)
    if clip is None or (clip.phase is ClipPhase.GONE and clip.disposition is None):
        raise CloudError("clip_unknown", 404, "There is no such clip.")
    if clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
        raise CloudError("clip_deleted", 410, "This clip was deleted.")
    return clip


async def end_shares(records: Transaction, clip: Clip) -> None:
    """Take every link to a clip back that leaves, at the moment at which it does."""
    for link in await records.clips.shares_of_clip(clip.account_id, clip.clip_id):
        if link.revoked_at is None:
            await records.clips.put_share(replace(link, revoked_at=clip.gone_at))
