"""The media of the module's own clips, in ranges over the cloud's HTTP session."""

from http import HTTPStatus
from urllib.parse import quote

from agent.errors import TryLater
from agent.ports import CloudCalls

_NO_SUCH_RANGE = 416


class HttpClipMedia:
    """The ClipMedia port: one range request per piece, so that a cut costs one piece."""

    def __init__(self, cloud: CloudCalls) -> None:
        self._cloud = cloud

    async def piece(self, clip_id: str, offset: int, length: int) -> bytes:
        url = self._cloud.locate(f"/api/v1/module/clips/{quote(clip_id, safe='')}/media")
        answer = await self._cloud.send("GET", url, {"Range": f"bytes={offset}-{offset + length - 1}"})
        if answer.status == HTTPStatus.OK:  # a whole clip in one answer: only a piece from its beginning is ours
            piece = answer.body[:length] if offset == 0 else b""
        elif answer.status == HTTPStatus.PARTIAL_CONTENT:
            piece = answer.body if answer.headers.get("Content-Range", "").startswith(f"bytes {offset}-") else b""
        else:
            raise self._cloud.error_of(answer, {_NO_SUCH_RANGE: "clip_shorter"})
        if not 0 < len(piece) <= length:
            raise TryLater("The cloud did not send the range that it was asked for.")
        return piece
