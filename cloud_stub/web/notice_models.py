"""What the API says of messages to an owner."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class NoticeReply(BaseModel):
    """One message. `skipped_stale`: it was no longer true when it was found due, and was not sent."""

    notice_id: str
    kind: str
    subject_id: str
    channel: Literal["mail"]
    state: Literal["queued", "sent", "skipped_stale", "failed"]
    due_at: datetime
    made_at: datetime
    sent_at: datetime | None
    attempts: int
    recipient: str
    title: str
    text: str
