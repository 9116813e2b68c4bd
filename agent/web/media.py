"""Clips and photos that still stand in the spool, also while they are being recorded."""

import asyncio
import os
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from agent.domain.clip import ClipRow, MediaKind, RowPhase
from agent.ports import ClipFiles, Clock, Ledger
from agent.web.guard import problem

BLOCK = 262_144
LOOK_EVERY_S = 0.5
PATIENCE_S = 30.0
TYPES = {MediaKind.CLIP: "video/mp4", MediaKind.PHOTO: "image/jpeg"}


class SpoolMedia:
    """Handler for `/media/{clip_id}`: a whole file with ranges, or a growing one that is followed to its end."""

    def __init__(self, ledger: Ledger, files: ClipFiles, clock: Clock) -> None:
        self._ledger = ledger
        self._files = files
        self._clock = clock

    async def media(self, request: web.Request) -> web.StreamResponse:
        """Answer the file of one clip."""
        row = await self._ledger.get(request.match_info["clip_id"])
        if row is None:
            return problem(404, "clip_unknown", "Unknown clip", "The ledger has no clip with this id.")
        path = None if row.path is None else self._files.locate(row.path)
        if path is None or not await asyncio.to_thread(path.is_file):
            detail = "This clip no longer stands on this device: it was delivered, or it was not kept."
            return problem(410, "clip_gone", "Clip gone", detail)
        if row.phase is RowPhase.RECORDING:
            return await self._follow(request, row, path)
        response = web.FileResponse(path, chunk_size=BLOCK)
        response.content_type = TYPES[row.kind]
        return response

    async def _follow(self, request: web.Request, row: ClipRow, path: Path) -> web.StreamResponse:
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except OSError:
            return problem(410, "clip_gone", "Clip gone", "This clip was delivered just now.")
        try:
            response = web.StreamResponse()
            response.content_type = TYPES[row.kind]
            await response.prepare(request)
            await self._send_while_recording(response, row.clip_id, file)
        finally:
            await asyncio.to_thread(file.close)
        return response

    async def _send_while_recording(self, response: web.StreamResponse, clip_id: str, file: BinaryIO) -> None:
        """Send what is on disk, wait for more, and end when the clip has ended and all of it is sent."""
        while True:
            row = await self._ledger.get(clip_id)
            recording = row is not None and row.phase is RowPhase.RECORDING
            end = await asyncio.to_thread(lambda: os.fstat(file.fileno()).st_size)
            while file.tell() < end:
                block = await asyncio.to_thread(file.read, min(BLOCK, end - file.tell()))
                try:
                    async with asyncio.timeout(PATIENCE_S):
                        await response.write(block)
                except (ConnectionError, TimeoutError):
                    return
            if not recording:
                return
            await self._clock.sleep(LOOK_EVERY_S)
