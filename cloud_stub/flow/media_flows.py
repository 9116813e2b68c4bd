"""Ties the flows of uploads and media together, so that whoever starts the cloud hands over ports once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cloud_stub.domain.policies import QuotaWhenFull
from cloud_stub.domain.records import Account
from cloud_stub.flow.blobs_to_records import BlobsToRecords
from cloud_stub.flow.bytes_to_upload import BytesToUpload
from cloud_stub.flow.clip_to_status import ClipToStatus
from cloud_stub.flow.clips_to_retention import ClipsToRetention, Fault, no_fault
from cloud_stub.flow.fragments_to_poster import FragmentsToPoster
from cloud_stub.flow.fragments_to_viewers import FragmentsToViewers
from cloud_stub.flow.leftovers_to_clips import LeftoversToClips
from cloud_stub.flow.photos_to_clip import PhotosToClip
from cloud_stub.flow.serve_media import ServeMedia
from cloud_stub.flow.upload_to_blob import UploadToBlob, evicts
from cloud_stub.flow.upload_to_clip import UploadLimits, UploadToClip
from cloud_stub.ports import Blobs, Posters, Records, Staging


@dataclass(frozen=True, slots=True)
class MediaPorts:
    """The outside of the media flows."""

    records: Records
    staging: Staging
    blobs: Blobs
    posters: Posters


@dataclass(frozen=True, slots=True)
class MediaRules:
    """Clocks and settings: `now` is civil (a lab may move it), `real_now` is not; days and pools as the catalog has."""

    now: Callable[[], datetime]
    real_now: Callable[[], datetime]
    auto_delete_days: Callable[[Account], int]
    limits: UploadLimits
    when_full: Callable[[Account], QuotaWhenFull] = evicts
    fault: Fault = no_fault


@dataclass(frozen=True, slots=True)
class MediaFlows:
    """The flows, ready; `leftovers.repair()` comes before the first request, `close()` after the last."""

    uploads: BytesToUpload
    status: ClipToStatus
    retention: ClipsToRetention
    leftovers: LeftoversToClips
    serve: ServeMedia
    posters: FragmentsToPoster
    orphans: BlobsToRecords
    photos: PhotosToClip

    async def compare_blobs(self) -> None:
        """Remove what a crash left in the blob store; it may run beside requests, and never raises."""
        await self.orphans.reconcile()

    async def close(self) -> None:
        """End what runs beside requests."""
        await self.posters.close()


def media_flows(ports: MediaPorts, rules: MediaRules) -> MediaFlows:
    """Build the flows over their ports."""
    viewers = FragmentsToViewers(ports.staging)
    posters = FragmentsToPoster(ports.staging, ports.blobs, ports.posters)
    retention = ClipsToRetention(
        records=ports.records,
        blobs=ports.blobs,
        staging=ports.staging,
        posters=posters,
        viewers=viewers,
        now=rules.now,
        auto_delete_days=rules.auto_delete_days,
        fault=rules.fault,
    )
    blobs = UploadToBlob(
        records=ports.records,
        staging=ports.staging,
        blobs=ports.blobs,
        posters=posters,
        viewers=viewers,
        retention=retention,
        now=rules.now,
        when_full=rules.when_full,
        fault=rules.fault,
    )
    keeper = _keeper(ports, rules, viewers, posters, blobs)
    uploads = BytesToUpload(keeper, ports.staging)
    leftovers = LeftoversToClips(
        records=ports.records,
        staging=ports.staging,
        blobs=blobs,
        retention=retention,
        real_now=rules.real_now,
        uploads=uploads,
    )
    orphans = BlobsToRecords(ports.records, ports.blobs)
    serve = ServeMedia(ports.records, ports.staging, ports.blobs, viewers)
    status = ClipToStatus(ports.records, uploads)
    photos = PhotosToClip(ports.records, retention, rules.now)
    return MediaFlows(uploads, status, retention, leftovers, serve, posters, orphans, photos)


def _keeper(
    ports: MediaPorts, rules: MediaRules, viewers: FragmentsToViewers, posters: FragmentsToPoster, blobs: UploadToBlob
) -> UploadToClip:
    return UploadToClip(
        records=ports.records,
        viewers=viewers,
        posters=posters,
        blobs=blobs,
        now=rules.now,
        real_now=rules.real_now,
        auto_delete_days=rules.auto_delete_days,
        limits=rules.limits,
    )
