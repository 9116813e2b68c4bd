"""The record of every message to an owner: queued, sent, or not sent because it was no longer true."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeState(StrEnum):
    """Life of a mail or text message to an owner."""

    QUEUED = "queued"
    SENT = "sent"
    SKIPPED_STALE = "skipped_stale"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to an owner. `subject_id` and `due_at` with `kind` make it the only one of its kind.

    `channel` is `mail` or `sms`. `text` is as it left, so that what was said can be read later.
    """

    notice_id: str
    account_id: str
    channel: str
    kind: str
    subject_id: str
    due_at: datetime
    state: NoticeState
    recipient: str
    title: str
    text: str
    made_at: datetime
    attempts: int = 0
    sent_at: datetime | None = None
