"""What becomes of clips when the rights of their cameras shrink: kept until auto-delete, or trimmed to a new limit."""

from collections.abc import Iterable
from dataclasses import replace

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.entitlement import CameraRights
from cloud_stub.domain.policies import HistoryOnEnd
from cloud_stub.domain.records import Clip
from cloud_stub.domain.storage_order import StorageKind


def trimmed_windows(
    catalog: Catalog, before: Iterable[CameraRights], after: Iterable[CameraRights], clips: Iterable[Clip]
) -> tuple[Clip, ...]:
    """Return the clips whose window shrinks, each with its new one (R128); those that a pool counts never do (C04).

    Where the operator keeps clips for some days after an end (R129, C05), the limit is not below that.
    """
    policy = catalog.history
    if policy.on_end is not HistoryOnEnd.TRIM_TO_NEW_LIMIT:
        return ()
    earlier, later = _windows(before), _windows(after)
    limits = {
        camera_id: max(later.get(camera_id, 0), policy.keep_days_after_end or 0)
        for camera_id, days in earlier.items()
        if later.get(camera_id, 0) < days
    }
    return tuple(
        replace(clip, keep_for_days=limits[clip.camera_id])
        for clip in clips
        if clip.camera_id in limits
        and clip.pool is None
        and clip.keep_for_days is not None
        and clip.keep_for_days > limits[clip.camera_id]
    )


def _windows(rights: Iterable[CameraRights]) -> dict[str, int]:
    return {
        its.camera.camera_id: its.storage.keep_for_days or 0 if its.storage.kind is StorageKind.CLOUD else 0
        for its in rights
    }
