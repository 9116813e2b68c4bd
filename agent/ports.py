"""What the flows need from the outside world; each comment is the contract that the adapters' test suites hold."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from agent.domain.clip import ClipRow, RowPhase
from agent.domain.lease import Lease
from agent.errors import AgentError
from agent.vision.motion import MotionReading
from hardware.camera import EncodedPacket, StreamInfo


class Clock(Protocol):
    """Two clocks: civil time (wall; a lab may freeze and advance it) and monotonic time (media, time-outs)."""

    def now(self) -> datetime:
        """Return civil time, aware, UTC: max(trusted wall clock, floor + monotonic since the floor was taken)."""

    def trusted(self) -> bool:
        """Say whether civil time is known (synchronised, or raised by a valid lease), or only a floor."""

    def monotonic(self) -> float:
        """Return seconds that never step; comparable only within one run."""

    async def sleep(self, seconds: float) -> None:
        """Wait monotonic seconds."""


@dataclass(frozen=True, slots=True)
class FeedStep:
    """One packet, and what the detector said when the picture of this packet was analysed (most are not)."""

    packet: EncodedPacket
    reading: MotionReading | None


class CameraFeed(Protocol):
    """One camera, opened: packets and motion readings in order, decoded and analysed off the event loop.

    Made anew after each loss. `stream` is known once `open` has returned.
    """

    async def open(self) -> StreamInfo:
        """Open the camera; raises hardware.camera's `CameraRefused` or `CameraLost`."""

    def steps(self) -> AsyncIterator[Sequence[FeedStep]]:
        """Yield batches of 1 step to about 250 ms of video; raises `CameraLost`; ends with a file that ends."""

    async def latest_jpeg(self, max_width: int) -> bytes | None:
        """Encode the newest decoded picture, or `None` before the first one."""

    async def close(self) -> None:
        """Release the camera. Idempotent."""


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """What stands on disk after a close or a salvage. `fragments` counts whole fragments."""

    size_bytes: int
    sha256: str
    duration_ms: int
    fragments: int


class ClipFile(Protocol):
    """One fragmented MP4 being written: append-only, fragments of 1 s by duration, synced as they close."""

    async def write(self, packets: Sequence[EncodedPacket]) -> int:
        """Append packets (the first ever is a keyframe) and return how many bytes of the file are fdatasynced.

        Raises OSError when the disk is full or gone; the file then keeps what was synced.
        """

    async def close(self) -> ClosedFile:
        """Write the last fragment, sync file and folder, and return what stands there."""


class ClipFiles(Protocol):
    """The spool folder on the module's own disk."""

    async def create(self, clip_id: str, stream: StreamInfo) -> tuple[str, ClipFile]:
        """Make the file (O_EXCL) and sync the folder; return its path relative to the spool."""

    async def save_photo(self, clip_id: str, jpeg: bytes) -> tuple[str, ClosedFile]:
        """Write one JPEG, temp file, fsync, rename, fsync folder; `duration_ms` and `fragments` are 0."""

    async def salvage(self, path: str) -> ClosedFile | None:
        """After a crash: cut the file to its last whole fragment, sync; `None` when not one fragment is whole."""

    async def delete(self, path: str) -> None:
        """Unlink and fsync the folder; a file that is not there is no error."""

    async def quarantine(self, path: str) -> str:
        """Move a file without a row aside, never deleting it; return the new relative path."""

    async def listing(self) -> Mapping[str, int]:
        """Return every media file of the spool (not of the quarantine) with its size in bytes."""

    async def free_bytes(self) -> int:
        """Return what the file system has free for us."""

    def locate(self, path: str) -> Path:
        """Return the absolute path of a spool file, for readers."""


class Ledger(Protocol):
    """The clip ledger and the event outbox in one durable store; each call is one committed transaction.

    A row is committed before the first media byte (DESIGN §6.1). `synchronous=FULL`: a return means it is on disk.
    An `event` (topic, payload) is queued in the same transaction as the row. OSError: the disk is full or failed.
    """

    async def insert(self, row: ClipRow, event: tuple[str, Mapping[str, object]] | None = None) -> None:
        """Add a row; a second row with the same clip id is a ValueError."""

    async def get(self, clip_id: str) -> ClipRow | None:
        """Return one row."""

    async def update(self, row: ClipRow, event: tuple[str, Mapping[str, object]] | None = None) -> None:
        """Replace a row by its new value (`synced_bytes` never falls); KeyError when there is none."""

    async def note_synced(self, clip_id: str, synced_bytes: int) -> None:
        """Raise `synced_bytes`. May be lost in a power cut (it is only a hint to the uploader): synchronous=NORMAL."""

    async def in_phases(
        self, phases: Sequence[RowPhase], limit: int = 1000, *, newest: bool = False
    ) -> Sequence[ClipRow]:
        """Return the oldest (or the `newest`) rows in the given phases, always oldest first by insertion."""

    async def newest(self, limit: int) -> Sequence[ClipRow]:
        """Return the newest rows of any phase, newest first."""

    async def with_files(self, limit: int = 100_000) -> Sequence[ClipRow]:
        """Return rows of any phase whose file still stands in the spool (`path`), oldest first."""

    async def to_take_back(self, limit: int = 1000) -> Sequence[ClipRow]:
        """Return rows that ended in the cloud or were lost while a parked copy still stands on the drive."""

    async def counts(self) -> Mapping[RowPhase, int]:
        """Count the rows of every phase that has any."""

    async def spool_bytes(self) -> int:
        """Sum the bytes of rows whose file still stands in the spool."""

    async def put_event(self, topic: str, payload: Mapping[str, object]) -> None:
        """Queue `event/...` for the broker; `payload` carries its own `event_id`."""

    async def next_events(self, limit: int) -> Sequence[tuple[int, str, Mapping[str, object]]]:
        """Return the oldest queued events as (row number, topic, payload)."""

    async def drop_event(self, row_number: int) -> None:
        """Forget an event that the broker acknowledged."""

    async def remember_command(self, command_id: str) -> bool:
        """Return False when this id was seen before; else store it (the newest 1,000 are kept) and return True."""


@dataclass(frozen=True, slots=True)
class CloudStatus:
    """The cloud's word on a clip; `disposition` is one of docs/wire.md, or `unknown`."""

    disposition: str
    size_bytes: int
    sha256: str | None
    received_bytes: int


@dataclass(frozen=True, slots=True)
class CloudAnswer:
    """An HTTP answer of the cloud, read to its end; header names are matched without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CloudCalls(Protocol):
    """HTTP calls to the cloud as this module: authenticated, bounded in time, never to another origin."""

    def locate(self, address: str) -> str:
        """Return the URL on the cloud's own origin of a path below its base, or of an address that it gave."""

    def owns(self, url: str) -> bool:
        """Say whether a stored URL is on the cloud's origin."""

    async def send(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> CloudAnswer:
        """Make one call; raises `TryLater` when no answer comes."""

    def error_of(self, answer: CloudAnswer, codes: Mapping[int, str] | None = None) -> AgentError:
        """Say what an answer that is no success means: `TryLater`, or `Refused` with the problem document's code.

        `codes` names statuses whose answer may carry no problem document.
        """


class Uploads(Protocol):
    """The module's side of tus and of the clip status. Raises `TryLater` or `Refused` (agent.errors), nothing else.

    `Refused.code` is the cloud's word (`not_entitled`, `upload_gone`, `clip_finished`, `offset_mismatch`, ...).
    """

    async def create(self, row: ClipRow) -> str:
        """Create, or find again, the upload of this clip and return its URL."""

    async def offset(self, upload_url: str) -> int:
        """Ask where the upload stands (HEAD); `Refused("upload_gone")` for 404 and 410."""

    async def append(self, upload_url: str, offset: int, data: bytes, final_length: int | None) -> int:
        """Send one checksummed PATCH and return the new offset; `final_length` states Upload-Length."""

    async def status(self, clip_id: str) -> CloudStatus:
        """Ask what the cloud holds."""

    async def terminate(self, upload_url: str) -> None:
        """Take an upload back that differs from what stands here; one that is gone already is no error."""


class ModuleApi(Protocol):
    """The few HTTP calls of a module that are not uploads. Errors as in `Uploads`."""

    async def propose_camera(self, camera_id: str, name: str, model: str, source_kind: str) -> str | None:
        """Tell the cloud of a camera; return the confirmed model, or `None` while the owner has not confirmed."""

    async def fetch_lease(self) -> str:
        """Return the signed lease token in force."""


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message on a topic relative to the module's prefix.

    `response_topic` is relative too; one outside the module's own prefix arrives as `None`.
    """

    topic: str
    payload: bytes
    response_topic: str | None = None
    correlation_data: bytes | None = None


class Broker(Protocol):
    """One broker session at a time; topics are relative to `veilleur/v1/{module_id}/`.

    `session(...)` connects, announces the birth, yields incoming messages and raises `TryLater` when the connection is
    lost or refused; the flow reconnects with backoff. Publishing outside a session raises `TryLater`.
    """

    def session(
        self, subscribe: Sequence[str], will: bytes, birth: bytes, ready: Callable[[], None] = lambda: None
    ) -> AsyncGenerator[Message, None]:
        """Connect (MQTT 5, clean start false), set the retained will, publish the birth, subscribe, yield messages.

        `ready` is called once, when birth and subscriptions are acknowledged. A message is acknowledged to the broker
        when the next one is asked for, so one that was not handled comes again. Closing the iterator publishes the
        will as a goodbye.
        """

    async def publish(
        self, topic: str, payload: bytes, *, retain: bool = False, correlation_data: bytes | None = None
    ) -> None:
        """Publish with QoS 1 and return on PUBACK; raises `TryLater` without a connection or a PUBACK in 10 s."""


class LeaseVerifier(Protocol):
    """Turns a token into a lease, or says why not."""

    def verify(self, token: str) -> Lease:
        """Check signature (EdDSA only), `kid` (pinned set), issuer, audience and shape, not the times.

        Raises `Refused` with code `lease_bad_signature | lease_wrong_audience | lease_unknown_key |
        lease_bad_algorithm | lease_malformed | lease_unsupported`.
        """


class ModuleState(Protocol):
    """Small durable state beside the ledger.

    Each write is temp file, fsync, rename, fsync folder; the last good copy is kept and used when a file is damaged.
    """

    async def load_lease_token(self) -> str | None:
        """Return the newest lease token taken, or `None`."""

    async def save_lease_token(self, token: str) -> None:
        """Keep a lease token."""

    async def next_session(self) -> int:
        """Raise and return the session counter."""

    async def load_armed(self) -> bool | None:
        """Return the armed switch, or `None` when it was never set."""

    async def save_armed(self, *, armed: bool) -> None:
        """Keep the armed switch over restarts."""


@dataclass(frozen=True, slots=True)
class CopyResult:
    """A verified copy on the drive: read back from the drive and hashed."""

    usb_path: str
    size_bytes: int
    sha256: str


class DriveStore(Protocol):
    """Clips on the USB drive, with a manifest that only our own writes enter (files of others are never touched)."""

    async def put(self, row: ClipRow, source: Path, folder: str) -> CopyResult:
        """Copy, sync, read back, verify, enter in the manifest; resumable and idempotent by clip id.

        Raises hardware.drive's `DriveGone` when the drive is not usable (any more).
        """

    async def holds(self, row: ClipRow) -> bool:
        """Say whether the drive holds this clip whole (size and SHA-256)."""

    async def read(self, row: ClipRow, offset: int, length: int) -> bytes:
        """Return at most `length` bytes of a clip that was parked on the drive; raises `DriveGone`."""

    async def remove(self, row: ClipRow) -> None:
        """Delete our copy of a parked clip: only a file of the manifest with this row's hash; raises `DriveGone`."""
