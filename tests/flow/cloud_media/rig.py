"""A cloud's media side for tests: real records (SQLite), real files, one account with leases, and a clock by hand."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

from cloud_stub.adapters.blobs_obstore import ObstoreBlobs, blobs_in_folder
from cloud_stub.adapters.posters_pyav import PyavPosters
from cloud_stub.adapters.records_sqlalchemy import SqlRecords, open_records
from cloud_stub.adapters.staging_files import FileStaging
from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Account, Clip, IssuedLease, Module, Upload
from cloud_stub.domain.tus import Checksum, Creation, Patch, read_metadata
from cloud_stub.flow.clips_to_retention import Fault, no_fault
from cloud_stub.flow.media_flows import MediaFlows, MediaPorts, MediaRules, media_flows
from cloud_stub.flow.upload_to_clip import UploadLimits
from cloud_stub.ports import Blobs

START = datetime(2026, 3, 1, tzinfo=UTC)
ACCOUNT = "9a1b7c52-61a5-4c0e-8c3f-7d2f5b9e0b02"
MODULE = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a01"
OTHER_MODULE = "5f0c1d5e-0f4f-4c4e-9f0e-2f6f6a1f0a02"
CLOUD_CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
QUOTA_CAMERA = "c0a80102-7b1e-4a55-8d5e-11aa22bb33c2"
LOCAL_CAMERA = "c0a80103-7b1e-4a55-8d5e-11aa22bb33c3"
SECRETS = {MODULE: "s1", OTHER_MODULE: "s2"}
SEQ = 1772323200000
POOL = f"{ACCOUNT}/{MODULE}"
LEASE = json.loads((Path(__file__).parents[2] / "contract" / "lease_v1.json").read_text())["claims"]


def clip_uuid(number: int) -> str:
    """Return the id of the test's n-th clip."""
    return str(uuid5(UUID(MODULE), str(number)))


def wire_time(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def metadata_of(clip_id: str, captured_at: datetime) -> dict[str, str]:
    """Return upload metadata as an agent sends it."""
    return {
        "clip_id": clip_id,
        "camera_id": CLOUD_CAMERA,
        "kind": "clip",
        "clip_reason": "motion",
        "captured_at": wire_time(captured_at),
        "clock_trusted": "true",
        "lease_seq": str(SEQ),
        "grant": "trial:77aa0000-0000-4000-8000-000000000001",
        "sink": "cloud",
        "filetype": "video/mp4",
    }


def encoded(pairs: dict[str, str]) -> str:
    """Return an Upload-Metadata header."""
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def sha256_checksum(data: bytes) -> Checksum:
    return Checksum("sha256", hashlib.sha256(data).digest())


async def chunked(data: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@dataclass
class Rig:
    """The cloud's media side, and shorthands of a module's moves."""

    folder: Path
    records: SqlRecords
    staging: FileStaging
    blobs: Blobs
    now: datetime = START
    real_now: datetime = START
    limits: UploadLimits = field(default_factory=UploadLimits)
    fault: Fault = no_fault
    when_full: QuotaWhenFull = QuotaWhenFull.EVICT_OLDEST
    flows: MediaFlows = field(init=False)

    def __post_init__(self) -> None:
        self.flows = self.build()

    def build(self) -> MediaFlows:
        """Build the flows as a process that has just started."""
        rules = MediaRules(
            now=lambda: self.now,
            real_now=lambda: self.real_now,
            auto_delete_days=lambda account: account.auto_delete_days or 30,
            limits=self.limits,
            when_full=lambda _: self.when_full,
            fault=self._passed,
        )
        return media_flows(MediaPorts(self.records, self.staging, self.blobs, PyavPosters()), rules)

    def _passed(self, step: str) -> None:
        self.fault(step)

    @contextmanager
    def fails_at(self, step: str) -> Iterator[None]:
        """Make the process "die" once `step` was done."""

        def fault(done: str) -> None:
            if done == step:
                raise Died(step)

        self.fault = fault
        try:
            yield
        finally:
            self.fault = no_fault

    async def restart(self) -> None:
        """Forget what was in memory, then repair as at start."""
        await self.flows.close()
        self.flows = self.build()
        await self.flows.leftovers.repair()

    async def module(self, module_id: str = MODULE) -> Module:
        async with self.records.reading() as transaction:
            module = await transaction.modules.get(module_id)
        assert module is not None
        return module

    async def create(self, pairs: dict[str, str], length: int | None = None, module_id: str = MODULE) -> Upload:
        raw = encoded(pairs)
        creation = Creation(length, raw, read_metadata(raw))
        return await self.flows.uploads.create(await self.module(module_id), creation, None, None)

    async def patch(
        self, upload: Upload, data: bytes, *, offset: int | None = None, length: int | None = None, check: bool = True
    ) -> Upload:
        at = upload.offset if offset is None else offset
        said = Patch(at, length, sha256_checksum(data) if check else None, len(data))
        return await self.flows.uploads.patch(await self.module(), upload.upload_id, said, chunked(data))

    async def put(self, number: int, data: bytes, **changes: str) -> Upload:
        """Upload a whole clip."""
        upload = await self.create(metadata_of(clip_uuid(number), self.now) | changes)
        return await self.patch(upload, data, length=len(data))

    async def clip(self, number: int) -> Clip:
        async with self.records.reading() as transaction:
            clip = await transaction.clips.get(MODULE, clip_uuid(number))
        assert clip is not None
        return clip

    async def issue(self, seq: int, issued_at: datetime, claims: dict[str, object], module_id: str = MODULE) -> None:
        lease = IssuedLease(
            module_id=module_id,
            seq=seq,
            issued_at=issued_at,
            expires_at=issued_at + timedelta(days=1),
            grace_until=issued_at + timedelta(days=8),
            fingerprint="f",
            claims=json.dumps(claims),
            token="t",
        )
        async with self.records.writing() as transaction:
            await transaction.leases.add(lease)


class Died(BaseException):
    """Stands for the end of the process: no handler of errors catches it."""


async def found(rig: Rig) -> None:
    """Add the account, two modules and the golden lease."""
    account = Account(ACCOUNT, "a@example.org", "h", "v", "FR", START.date(), "Europe/Paris", None, "fr")
    async with rig.records.writing() as transaction:
        await transaction.accounts.add(account)
        for module_id, secret in SECRETS.items():
            secret_hash = hashlib.sha256(secret.encode()).hexdigest()
            await transaction.modules.add(
                Module(
                    module_id,
                    ACCOUNT,
                    "Home",
                    "m",
                    secret_hash,
                    START,
                    None,
                    online=True,
                    session=1,
                    state=None,
                    state_at=None,
                )
            )
    await rig.issue(SEQ, START, LEASE)


@asynccontextmanager
async def open_rig(folder: Path, *, limits: UploadLimits | None = None, new: bool = True) -> AsyncIterator[Rig]:
    """Open the cloud's media side in a folder."""
    staging = FileStaging(folder / "staging", reserve_bytes=0)
    staging.prepare()
    records = await open_records(folder / "cloud.db")
    blobs: ObstoreBlobs = blobs_in_folder(folder / "blobs")
    rig = Rig(folder, records, staging, blobs, limits=limits or UploadLimits())
    try:
        if new:
            await found(rig)
        yield rig
    finally:
        await rig.flows.close()
        await records.close()


def blob_files(rig: Rig) -> list[str]:
    """Return the keys of all blobs on the disk."""
    root = rig.folder / "blobs"
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
