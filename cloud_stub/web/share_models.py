"""The shapes of links to clips, as the owner makes them and as whoever has one sees them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from cloud_stub.domain.share import MOST_HOURS
from cloud_stub.web.api_models import Body


class NewShareBody(Body):
    """How long the link shows the clip."""

    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]


class ShareReply(BaseModel):
    """A link; `state` is `open`, `share_expired` or `share_revoked`."""

    share_id: str
    made_at: datetime
    expires_at: datetime
    state: str


class NewShareReply(ShareReply):
    """A link that was just made: `url` is shown this once."""

    url: str


class SharedClipReply(BaseModel):
    """A clip as whoever has the link sees it, with nothing of its owner; `duration_ms` is 0 for a photo."""

    kind: str
    captured_at: datetime
    duration_ms: int
    size_bytes: int
    expires_at: datetime
