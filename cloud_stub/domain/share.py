"""A link that shows one clip to whoever has it: how long it lives, and what ends it first (R097)."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cloud_stub.domain.attempts import Pace
from cloud_stub.domain.records import Clip, ClipPhase, ShareLink
from cloud_stub.errors import CloudError

TOKEN_BYTES: Final = 32
MOST_HOURS: Final = 24 * 30
MOST_OPEN_LINKS: Final = 20
SHARE_PACE: Final = Pace(free=20, first_wait_s=1.0, longest_wait_s=900.0, forget_after_s=3600.0)
"""Links that lead nowhere, from one place: a person mistypes a few."""


class ShareState(StrEnum):
    """Whether a link still shows its clip, and if not, what ended it; the words but `OPEN` are codes of refusals."""

    OPEN = "open"
    CLIP_DELETED = "clip_deleted"
    REVOKED = "share_revoked"
    EXPIRED = "share_expired"


SENTENCES: Final = {
    ShareState.CLIP_DELETED: "This clip was deleted.",
    ShareState.REVOKED: "Whoever shared this clip has taken the link back.",
    ShareState.EXPIRED: "This link is too old: ask for a new one.",
}


def token_hash(token: str) -> str:
    """Return what is kept of a link's token; it also names the link to its owner."""
    return hashlib.sha256(token.encode()).hexdigest()


def share_ends_at(hours: int, clip_leaves_at: datetime, now: datetime) -> datetime:
    """Return when a link made now ends: after so many hours, or with its clip before that."""
    return min(now + timedelta(hours=hours), clip_leaves_at)


def share_state(share: ShareLink, clip: Clip | None, now: datetime) -> ShareState:
    """Return what a link is worth now; its last instant is not part of it, and `clip` is `None` when nothing is known.

    A clip that is gone comes first: its links were taken back with it.
    """
    if clip is None or clip.phase in {ClipPhase.DELETING, ClipPhase.GONE}:
        return ShareState.CLIP_DELETED
    if share.revoked_at is not None:
        return ShareState.REVOKED
    return ShareState.EXPIRED if share.expires_at <= now else ShareState.OPEN


def share_over(state: ShareState) -> CloudError:
    """Return the refusal of a link that is over: 410, and its code says what ended it."""
    return CloudError(state.value, 410, SENTENCES[state])
