"""Where a clip goes: the device's half of DESIGN §5, first line that holds, always with the reason."""

from agent.domain.clip import BlockedBy, ClipReason, ClipRow, Sink, SinkChoice, SinkReason
from agent.domain.lease import CameraLease, Cover, DriveRole, Lease, LeaseState, StorageKind

DRIVE_USABLE = "usable"
CLOUD_ONLY = frozenset({ClipReason.LIVE_VIEW, ClipReason.PHOTOS})

_CLOUD_REASON = {
    Cover.TRIAL: SinkReason.TRIAL,
    Cover.PLAN: SinkReason.PLAN,
    Cover.FREE_TIER: SinkReason.FREE_TIER,
}
_QUOTA_REASON = {
    Cover.LEGACY_ACCOUNT: SinkReason.LEGACY_ACCOUNT,
    Cover.LEGACY_MODEL: SinkReason.LEGACY_MODEL,
}
_BLOCKED_BY = {
    Cover.MODEL_NOT_ELIGIBLE: BlockedBy.MODEL_NOT_ELIGIBLE,
    Cover.MODULE_NOT_ELIGIBLE: BlockedBy.MODULE_NOT_ELIGIBLE,
    Cover.CAMERA_NOT_CONFIRMED: BlockedBy.CAMERA_NOT_CONFIRMED,
}


def choose_sink(
    lease: Lease | None,
    state: LeaseState,
    camera_id: str,
    drive: str,
    clip_reason: ClipReason = ClipReason.MOTION,
) -> SinkChoice:
    """Decide where a clip goes that opens now.

    `drive` is the word of the drive's state (hardware.drive.DriveState). Live views and photos go to the cloud or
    nowhere, also while there is no lease to say so.
    """
    seq = None if lease is None else lease.seq
    if lease is None or state in {LeaseState.NONE, LeaseState.OVER}:
        if clip_reason in CLOUD_ONLY:
            return SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, None, None, seq)
        why = SinkReason.GRACE_OVER if state is LeaseState.OVER else SinkReason.NO_LEASE
        return SinkChoice(Sink.HELD, why, None, None, seq)
    camera = lease.cameras.get(camera_id)
    if camera is None:
        return SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, BlockedBy.CAMERA_NOT_CONFIRMED, None, seq)
    choice = _by_storage(camera, drive, lease.seq)
    if clip_reason in CLOUD_ONLY and choice.sink is not Sink.CLOUD:
        return SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, _BLOCKED_BY.get(camera.why), None, seq)
    return choice


def _by_storage(camera: CameraLease, drive: str, seq: int) -> SinkChoice:
    kind = camera.storage.kind
    if kind is StorageKind.CLOUD:
        return SinkChoice(Sink.CLOUD, _CLOUD_REASON.get(camera.why, SinkReason.PLAN), None, camera.grant, seq)
    if kind is StorageKind.QUOTA:
        reason = _QUOTA_REASON.get(camera.why, SinkReason.LEGACY_ACCOUNT)
        return SinkChoice(Sink.QUOTA, reason, None, camera.grant, seq)
    if kind is StorageKind.LOCAL and drive == DRIVE_USABLE:
        return SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, camera.grant, seq)
    if kind is StorageKind.LOCAL:
        return SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, BlockedBy(f"drive_{drive}"), None, seq)
    return SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, _BLOCKED_BY.get(camera.why), None, seq)


def is_covered(lease: Lease | None, state: LeaseState, camera_id: str) -> bool:
    """Say whether the lease gives this camera any room in the cloud (a plan, a trial, a free tier or a quota)."""
    return choose_sink(lease, state, camera_id, "absent").sink in {Sink.CLOUD, Sink.QUOTA}


def choose_again(row: ClipRow, lease: Lease | None, state: LeaseState, drive: str) -> SinkChoice | None:
    """Decide for a held clip under the lease and drive of now; `None` leaves it held.

    A clip that was decided for the drive goes there as soon as the drive is usable, whatever the lease says by then.
    A clip that the cloud refused under this very lease (`refused_seq`) is not offered again: it goes to the drive if
    the camera may use one, else it stays. A clip that would go nowhere now stays held until the spool needs the room.
    """
    if row.choice.sink is Sink.USB and drive == DRIVE_USABLE:
        return row.choice
    choice = choose_sink(lease, state, row.camera_id, drive, row.clip_reason)
    if choice.sink is Sink.USB:
        return choice
    if lease is None or choice.sink not in {Sink.CLOUD, Sink.QUOTA}:
        return None
    if row.refused_seq != lease.seq:
        return choice
    camera = lease.cameras[row.camera_id]
    if row.clip_reason in CLOUD_ONLY or camera.drive is DriveRole.OFF or drive != DRIVE_USABLE:
        return None
    return SinkChoice(Sink.USB, SinkReason.LOCAL_STORAGE, None, camera.grant, lease.seq)
