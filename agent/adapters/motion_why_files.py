"""Records of motion on the module's own disk: one file each, its facts in the first line, its JPEG behind it."""

import asyncio
import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import structlog

from agent.domain.motion_why import MotionWhy, read_why, too_many, why_document
from agent.errors import BadInput
from agent.whole_file import PART_SUFFIX, write_whole

SUFFIX = ".why"
NAME = re.compile(r"[0-9a-f-]{36}", re.ASCII)
LARGEST_BYTES = 65_536

log = structlog.get_logger()


class FileMotionWhys:
    """The WhyStore port below one folder: `{event_id}.why`, replaced whole by a rename; one caller writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}
        self._one_write = threading.Lock()  # a write whose caller was cancelled goes on in its thread

    async def load(self) -> Sequence[MotionWhy]:
        return await asyncio.to_thread(self._load)

    async def keep(self, why: MotionWhy, picture: bytes | None) -> Sequence[str]:
        return await asyncio.to_thread(self._keep_alone, why, picture)

    async def picture(self, event_id: str) -> bytes | None:
        return await asyncio.to_thread(self._picture, event_id)

    def _file(self, event_id: str) -> Path:
        return self._folder / f"{event_id}{SUFFIX}"

    def _load(self) -> list[MotionWhy]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found: list[tuple[MotionWhy, int]] = []
        for file in self._folder.iterdir():
            if file.suffix == PART_SUFFIX:
                file.unlink(missing_ok=True)  # power went while it was written
                continue
            try:
                content = file.read_bytes()
                found.append((read_why(json.loads(content.partition(b"\n")[0])), len(content)))
            except (BadInput, OSError, ValueError, RecursionError) as error:
                log.warning("motion_why_unreadable", name=file.name, problem=type(error).__name__)
                file.unlink(missing_ok=True)  # it explains a clip, it is none: nothing is lost that counts
        found.sort(key=lambda each: (each[0].decided_at, each[0].event_id))
        self._sizes = {why.event_id: size for why, size in found}
        gone = frozenset(self._make_room())
        return [why for why, _ in found if why.event_id not in gone]

    def _keep_alone(self, why: MotionWhy, picture: bytes | None) -> Sequence[str]:
        with self._one_write:
            return self._keep(why, picture)

    def _keep(self, why: MotionWhy, picture: bytes | None) -> Sequence[str]:
        if NAME.fullmatch(why.event_id) is None:
            raise OSError("The id of this event is no file name.")
        picture = self._picture(why.event_id) if picture is None else picture
        content = json.dumps(why_document(why)).encode() + b"\n" + (picture or b"")
        if len(content) > LARGEST_BYTES:
            content = content.partition(b"\n")[0] + b"\n"
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = self._file(why.event_id)
        write_whole(target, content)
        self._sizes[why.event_id] = len(content)
        return self._make_room()

    def _make_room(self) -> Sequence[str]:
        gone = too_many(list(self._sizes.items()))
        for event_id in gone:
            self._file(event_id).unlink(missing_ok=True)
            del self._sizes[event_id]
        return gone

    def _picture(self, event_id: str) -> bytes | None:
        if NAME.fullmatch(event_id) is None:
            return None
        try:
            return self._file(event_id).read_bytes().partition(b"\n")[2] or None
        except OSError:
            return None
