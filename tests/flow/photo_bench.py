"""One module's photos over real files, a real ledger and a cloud in memory, and a power cut at any call."""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np

from agent.adapters.module_state_files import ModuleStateFiles
from agent.adapters.photo_album_files import FilePhotoAlbum
from agent.adapters.photo_film_pyav import PyavPhotoFilm
from agent.domain.clip import MediaKind
from agent.errors import AgentError
from agent.flow.photos_to_clip import PhotosParts, PhotosToClip
from tests.adapters.memory_cloud import MemoryCloud
from tests.flow.keeping import CAMERA, Module, module


def jpeg(shade: int, width: int = 160, height: int = 120) -> bytes:
    """Return a picture of one grey, by which it is known again."""
    picture = av.VideoFrame.from_ndarray(np.full((height, width, 3), shade, np.uint8), format="rgb24")
    target = io.BytesIO()
    with av.open(target, mode="w", format="mjpeg") as file:
        stream = file.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for packet in (*stream.encode(picture.reformat(format="yuvj420p")), *stream.encode(None)):
            file.mux(packet)
    return target.getvalue()


def shades(clip: bytes) -> list[int]:
    """Return the grey of every picture of a clip."""
    with av.open(io.BytesIO(clip), mode="r") as file:
        return [round(float(frame.to_ndarray(format="gray").mean())) for frame in file.decode(video=0)]


class PowerCut(Exception):  # noqa: N818 - it is no error of anybody
    """The power went."""


@dataclass
class Fuse:
    """Blows at a call of a port, and at every one after it."""

    blows_at: int | None = None
    calls: int = 0
    names: list[str] = field(default_factory=list)

    def pass_through(self, name: str) -> None:
        self.calls += 1
        self.names.append(name)
        if self.blows_at is not None and self.calls > self.blows_at:
            raise PowerCut(name)


class Fused:
    """Anything with async methods, behind the fuse: before each call, and after it."""

    def __init__(self, real: object, fuse: Fuse) -> None:
        self._real = real
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the real one has
        found = getattr(self._real, name)
        if not callable(found) or name in {"locate", "current_choice"}:
            return found

        async def call(*arguments: object, **named: object) -> object:
            self._fuse.pass_through(f"before {name}")
            done: Awaitable[object] = found(*arguments, **named)
            result = await done
            self._fuse.pass_through(f"after {name}")
            return Fused(result, self._fuse) if name == "open" else result

        return call


class PhotoCloud:
    """The call that replaces photos, over the cloud in memory; it says no to a clip that is not whole there."""

    def __init__(self, cloud: MemoryCloud) -> None:
        self.cloud = cloud
        self.replaced: list[tuple[str, tuple[str, ...]]] = []
        self.fails: list[AgentError] = []

    async def replace_photos(self, clip_id: str, photo_ids: Sequence[str]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        clip = self.cloud.of_clip(clip_id)
        assert clip is not None
        assert clip.finished
        for photo_id in photo_ids:
            if self.cloud.of_clip(photo_id) is not None:
                self.cloud.end(photo_id, "deleted")
        self.replaced.append((clip_id, tuple(photo_ids)))


class PhotoModule:
    """What keeps, and what makes clips of photos; `event_s` is when the camera saw something last."""

    def __init__(self, kept: Module, folder: Path, cloud: PhotoCloud, fuse: Fuse) -> None:
        self.kept = kept
        self.cloud = cloud
        self.event_s: float | None = None
        self.album = FilePhotoAlbum(folder / "albums")

        def fused(real: object) -> Any:  # noqa: ANN401 - stands for each port
            return Fused(real, fuse)

        parts = PhotosParts(
            fused(self.album),
            fused(PyavPhotoFilm()),
            fused(kept.keeper),
            kept.ledger,
            fused(ModuleStateFiles(folder)),
            fused(cloud),
            kept.board,
            kept.clock,
        )
        self.flow = PhotosToClip(parts, lambda _camera: self.event_s)

    async def take(self, shade: int, picture: bytes | None = None) -> str:
        """Take a periodic photo, an hour after the one before it; return its id."""
        await self.kept.clock.advance(3600)
        content, at = picture or jpeg(shade), self.kept.clock.now()
        photo_id = await self.kept.keeper.keep_photo(CAMERA, content, at, clock_trusted=True)
        assert photo_id is not None
        await self.flow.add(CAMERA, photo_id, content, at)
        return photo_id

    def event(self) -> None:
        self.event_s = self.kept.clock.monotonic()

    async def settle(self) -> None:
        """Let everything happen that would in the next minutes."""
        for _ in range(3):
            await self.flow.look()
            await self.kept.send_all()
            await self.kept.clock.advance(61)

    async def clips(self) -> dict[str, bytes]:
        """Return the photo clips that the cloud holds."""
        rows = [row for row in await self.kept.ledger.newest(1000) if row.kind is MediaKind.CLIP]
        return {row.clip_id: self._held(row.clip_id) for row in rows if self._held(row.clip_id)}

    async def photos(self) -> set[str]:
        """Return the ids of the photos that the cloud holds."""
        rows = [row for row in await self.kept.ledger.newest(1000) if row.kind is MediaKind.PHOTO]
        return {row.clip_id for row in rows if self._held(row.clip_id)}

    def _held(self, clip_id: str) -> bytes:
        upload = self.cloud.cloud.of_clip(clip_id)
        return bytes(upload.data) if upload and upload.finished and upload.disposition in {None, "held"} else b""


@asynccontextmanager
async def photo_module(
    folder: Path, cloud: PhotoCloud, fuse: Fuse | None = None, prepare: Callable[[Module], None] | None = None
) -> AsyncIterator[PhotoModule]:
    """Open a module; opening it again is a restart."""
    async with module(folder, cloud=cloud.cloud) as kept:
        kept.take_lease("plan")
        if prepare is not None:
            prepare(kept)
        made = PhotoModule(kept, folder, cloud, fuse or Fuse())
        await kept.recover()
        await made.flow.load()
        yield made
