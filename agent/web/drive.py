"""The clips that stand on the USB drive: their list as JSON, and each one as a file that can be played by ranges."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from agent.domain.clip import MediaKind
from agent.domain.drive_pace import PACE_DETAIL, DrivePace
from agent.flow.drive_clips import DriveClips, ListChangedError, ListedClip
from agent.flow.status_board import StatusBoard
from agent.web.guard import problem
from agent.web.media import BLOCK, PATIENCE_S, TYPES
from hardware.drive import DriveGone

LIST_WITHIN_S: Final = 30.0
_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")
_NUMBER = re.compile(r"\d{1,8}")


class DriveRoutes:
    """Handlers that read the drive through its lane, behind what is copied: nothing that records waits for them."""

    def __init__(self, clips: DriveClips | None, board: StatusBoard) -> None:
        self._clips = clips
        self._board = board

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/api/v1/drive/clips", self.listing, allow_head=False),
            web.get("/media/drive/{store}/{clip_id}", self.media, allow_head=False),
        ]

    async def listing(self, request: web.Request) -> web.Response:
        """Answer what the drive is and a part of its list; 409 when the list is no longer the one that was named."""
        report = self._board.drive
        if self._clips is None or report is None:
            return problem(404, "no_drive", "No drive", "This module has no drive in its configuration.")
        offset = request.query.get("offset", "0")
        if _NUMBER.fullmatch(offset) is None:
            return problem(400, "bad_offset", "Bad offset", "offset is a number.")
        facts = {"state": report.state.value, "detail": report.detail, "other_uuid": report.other_uuid}
        if report.root is None:
            empty: Mapping[str, object] = {"manifest_id": None, "clips": [], "total": 0, "next_offset": None}
            return web.json_response({**facts, **empty})
        try:
            self._refuse_slow()
            async with asyncio.timeout(LIST_WITHIN_S):
                page = (await self._clips.listing(request.query.get("manifest_id"))).page(int(offset))
        except ListChangedError:
            return problem(409, "list_changed", "The list changed", "Ask for the list again, from its beginning.")
        except (DriveGone, TimeoutError) as error:
            return _gone(error)
        return web.json_response({**facts, **page})

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Answer one clip, or the range of it that is asked for."""
        if self._clips is None:
            return problem(404, "no_drive", "No drive", "This module has no drive in its configuration.")
        try:
            self._refuse_slow()
            async with asyncio.timeout(LIST_WITHIN_S):
                listed = await self._clips.find(request.match_info["store"], request.match_info["clip_id"])
            if listed is None:
                return problem(404, "clip_unknown", "Unknown clip", "There is no such clip on the drive.")
            size = listed.clip.size_bytes
            first, last = _asked(request.headers.get("Range"), size)
            if first > last:
                answer = problem(416, "no_such_range", "No such range", f"The clip has {size} bytes.")
                answer.headers["Content-Range"] = f"bytes */{size}"
                return answer
            block = await self._clips.read(listed, first, min(BLOCK, last - first + 1))
        except FileNotFoundError:
            return problem(404, "clip_unknown", "Unknown clip", "This clip was taken off the drive just now.")
        except (DriveGone, TimeoutError) as error:
            return _gone(error)
        response = web.StreamResponse(status=206 if "Range" in request.headers else 200, headers=_headers(listed))
        if response.status == 206:  # noqa: PLR2004 - the status of a part
            response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        response.content_length = last - first + 1
        await response.prepare(request)
        await self._send(response, listed, block, (first, last))
        return response

    async def _send(self, answer: web.StreamResponse, listed: ListedClip, block: bytes, span: tuple[int, int]) -> None:
        """Send block after block; a drive that is pulled meanwhile ends the answer short, which the viewer notices."""
        at, last = span
        try:
            while block:
                async with asyncio.timeout(PATIENCE_S):
                    await answer.write(block)
                at += len(block)
                if at > last or self._clips is None:
                    return
                block = await self._clips.read(listed, at, min(BLOCK, last - at + 1))
        except (ConnectionError, TimeoutError, DriveGone, FileNotFoundError):
            pass
        answer.force_close()

    def _refuse_slow(self) -> None:
        if self._board.drive_pace is not DrivePace.OK:
            raise DriveGone(PACE_DETAIL[self._board.drive_pace])


def _headers(listed: ListedClip) -> Mapping[str, str]:
    kind = TYPES[MediaKind(listed.clip.kind)]
    return {"Content-Type": kind, "Accept-Ranges": "bytes", "ETag": f'"{listed.clip.sha256}"'}


def _asked(header: str | None, size: int) -> tuple[int, int]:
    """Return the first and the last byte that are asked for; first > last where there is none such."""
    if header is None:
        return 0, size - 1
    match = _RANGE.fullmatch(header.strip())
    if match is None or (match.group(1) is None and match.group(2) is None):
        return 1, 0
    first, last = match.groups()
    if first is None:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    return int(first), min(size - 1, int(last) if last is not None else size - 1) if int(first) < size else -1


def _gone(error: Exception) -> web.Response:
    detail = str(error) or "The drive is busy or does not answer: try again."
    return problem(503, "drive_gone", "The drive cannot be read", detail)
