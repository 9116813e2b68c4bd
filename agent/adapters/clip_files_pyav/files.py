"""The spool folder: fragmented MP4s written so that a power cut costs two seconds, and photos."""

import asyncio
import contextlib
import errno
import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.adapters.clip_files_pyav.fragment_muxer import FragmentMuxer
from agent.domain.mp4_boxes import whole_layout, without_blank_tail
from agent.ports import ClosedFile
from agent.whole_file import PART_SUFFIX, sync_folder, write_whole
from hardware.camera import EncodedPacket, StreamInfo

FRAGMENT_S = 1.0
CHUNK_BYTES = 1 << 20
CLIPS, PHOTOS, QUARANTINE = "clips", "photos", "quarantine"
MEDIA_SUFFIXES = frozenset({".mp4", ".jpg"})


class PyavClipFile:
    """One growing clip. Only whole fragments reach the disk; each append ends with an fdatasync."""

    def __init__(self, descriptor: int, folder: Path, stream: StreamInfo, fragment_s: float) -> None:
        self._descriptor = descriptor
        self._folder = folder
        self._stream = stream
        self._fragment_s = fragment_s
        self._muxer: FragmentMuxer | None = None
        self._lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._synced_bytes = 0
        self._fragments = 0
        self._ticks = 0
        self._timescale = 0
        self._saving: asyncio.Future[None] | None = None
        self._failed: OSError | None = None
        self._closed: ClosedFile | None = None

    async def write(self, packets: Sequence[EncodedPacket]) -> int:
        if self._failed is not None or self._closed is not None:
            raise OSError(errno.EIO, "This clip's file has already ended.") from self._failed
        if not packets:
            return self._synced_bytes
        try:
            if self._muxer is None:
                self._muxer = FragmentMuxer(self._stream, packets[0], self._fragment_s)
            self._muxer.mux(packets)
            await self._save_whole_fragments()
        except OSError as error:
            self._failed = error
            raise
        return self._synced_bytes

    async def close(self) -> ClosedFile:
        if self._closed is None:
            try:
                if self._saving is not None:
                    await self._saving  # of a write that was cancelled: its fragments come first
                if self._muxer is not None and self._failed is None:
                    self._muxer.finish()
                    await self._save_whole_fragments()
            except OSError as error:
                self._failed = error
            self._closed = await asyncio.to_thread(self._end)
        return self._closed

    async def _save_whole_fragments(self) -> None:
        if self._muxer is None:
            return
        whole, fragments, ticks, self._timescale = self._muxer.take_whole(self._timescale)
        if whole:
            # Shielded: a write that is cancelled (the agent stops) while no thread is free would leave a hole.
            self._saving = asyncio.ensure_future(asyncio.to_thread(self._append, whole, fragments, ticks))
            await asyncio.shield(self._saving)

    def _append(self, whole: bytes, fragments: int, ticks: int) -> None:
        """Write and sync; after a failure the file is cut back to what was synced."""
        with self._lock:
            view = memoryview(whole)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
                os.fdatasync(self._descriptor)
            except OSError:
                with contextlib.suppress(OSError):  # a disk that is gone cannot even shrink: salvage will cut
                    os.ftruncate(self._descriptor, self._synced_bytes)
                raise
            self._hash.update(whole)
            self._synced_bytes += len(whole)
            self._fragments += fragments
            self._ticks += ticks

    def _end(self) -> ClosedFile:
        """Let go of the file. What is reported was synced by fragments: a disk that is gone changes nothing."""
        with self._lock:
            with contextlib.suppress(OSError):
                os.fsync(self._descriptor)
                sync_folder(self._folder)
            os.close(self._descriptor)
        duration_ms = self._ticks * 1000 // self._timescale if self._timescale else 0
        return ClosedFile(self._synced_bytes, self._hash.hexdigest(), duration_ms, self._fragments)


class PyavClipFiles:
    """Clips in `clips/`, photos in `photos/`, files without a row in `quarantine/`, all below `root`.

    `reserve_bytes` is not counted here: `free_bytes` is what the file system gives to this user.
    """

    def __init__(self, root: Path, fragment_s: float = FRAGMENT_S) -> None:
        self._root = root
        self._fragment_s = fragment_s
        for name in (CLIPS, PHOTOS, QUARANTINE):
            (root / name).mkdir(parents=True, exist_ok=True)
        for leftover in (root / PHOTOS).glob(f"*{PART_SUFFIX}"):
            leftover.unlink()

    async def create(self, clip_id: str, stream: StreamInfo) -> tuple[str, PyavClipFile]:
        path = f"{CLIPS}/{clip_id}.mp4"
        descriptor = await asyncio.to_thread(self._create, self.locate(path))
        return path, PyavClipFile(descriptor, self._root / CLIPS, stream, self._fragment_s)

    @staticmethod
    def _create(target: Path) -> int:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        sync_folder(target.parent)
        return descriptor

    async def save_photo(self, clip_id: str, jpeg: bytes) -> tuple[str, ClosedFile]:
        path = f"{PHOTOS}/{clip_id}.jpg"
        await asyncio.to_thread(write_whole, self.locate(path), jpeg)
        return path, ClosedFile(len(jpeg), hashlib.sha256(jpeg).hexdigest(), 0, 0)

    async def salvage(self, path: str) -> ClosedFile | None:
        return await asyncio.to_thread(salvage_file, self.locate(path))

    async def delete(self, path: str) -> None:
        target = self.locate(path)
        await asyncio.to_thread(target.unlink, missing_ok=True)
        await asyncio.to_thread(sync_folder, target.parent)

    async def quarantine(self, path: str) -> str:
        return await asyncio.to_thread(self._quarantine, self.locate(path))

    def _quarantine(self, source: Path) -> str:
        aside = self._root / QUARANTINE
        target, count = aside / source.name, 0
        while target.exists():
            count += 1
            target = aside / f"{source.stem}.{count}{source.suffix}"
        source.rename(target)
        sync_folder(aside)
        sync_folder(source.parent)
        return f"{QUARANTINE}/{target.name}"

    async def listing(self) -> Mapping[str, int]:
        return await asyncio.to_thread(self._listing)

    def _listing(self) -> dict[str, int]:
        found = (file for name in (CLIPS, PHOTOS) for file in sorted((self._root / name).iterdir()))
        sizes = {}
        for file in found:
            with contextlib.suppress(FileNotFoundError):  # dropped since the folder was read
                if file.suffix in MEDIA_SUFFIXES:
                    sizes[str(file.relative_to(self._root))] = file.stat().st_size
        return sizes

    async def free_bytes(self) -> int:
        facts = await asyncio.to_thread(os.statvfs, self._root)
        return facts.f_bavail * facts.f_frsize

    def locate(self, path: str) -> Path:
        target = (self._root / path).resolve()
        if not target.is_relative_to(self._root.resolve()):
            raise ValueError("A spool path must stay inside the spool folder.")
        return self._root / path


def salvage_file(target: Path) -> ClosedFile | None:
    """Cut a clip to its last whole fragment, sync it and say what stands there; `None` (nothing cut) without one."""
    try:
        descriptor = os.open(target, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        size = os.fstat(descriptor).st_size

        def read(offset: int, length: int) -> bytes:
            return os.pread(descriptor, length, offset)

        layout = without_blank_tail(read, whole_layout(read, size))
        if not layout.fragments:
            return None
        os.ftruncate(descriptor, layout.whole_bytes)
        os.fsync(descriptor)
        digest = hashlib.sha256()
        for offset in range(0, layout.whole_bytes, CHUNK_BYTES):
            digest.update(read(offset, min(CHUNK_BYTES, layout.whole_bytes - offset)))
        return ClosedFile(layout.whole_bytes, digest.hexdigest(), layout.duration_ms, len(layout.fragments))
    finally:
        os.close(descriptor)
