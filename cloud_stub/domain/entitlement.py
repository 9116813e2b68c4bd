"""What each camera of an account may do at a given time: features, storage, the role of the drive, and the sources."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.features import camera_features
from cloud_stub.domain.grants import grants, grants_of_camera
from cloud_stub.domain.records import Camera
from cloud_stub.domain.situation import Situation, known_changes
from cloud_stub.domain.storage_order import Storage, StorageKind, storage_of


class DriveRole(StrEnum):
    """What a drive in the module is to one camera (R116, C19)."""

    PRIMARY = "primary"
    BACKUP = "backup"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class CameraRights:
    """One camera's rights; `sources` are the ids of all grants that reach it."""

    camera: Camera
    features: tuple[str, ...]
    storage: Storage
    sources: tuple[str, ...]
    drive: DriveRole


def rights(catalog: Catalog, situation: Situation, now: datetime) -> tuple[CameraRights, ...]:
    """Return the rights of every camera of the situation, in the order of its cameras."""
    region = catalog.region(situation.account.region)
    all_grants = grants(catalog, situation, now)
    found = []
    for camera in situation.cameras:
        module = situation.module_of(camera)
        own = grants_of_camera(all_grants, camera.camera_id)
        features = camera_features(catalog, region, camera.model, module.model, own)
        storage = storage_of(catalog, region, camera, module, own)
        role = _drive_role(catalog, storage, features)
        found.append(CameraRights(camera, features, storage, tuple(grant.grant_id for grant in own), role))
    return tuple(found)


def cloud_ends_at(catalog: Catalog, situation: Situation, now: datetime, horizon: timedelta) -> datetime | None:
    """Return the first known instant within `horizon` at which a camera loses its window in the cloud."""
    before = _cloud_cameras(catalog, situation, now)
    for instant in known_changes(situation):
        if now < instant <= now + horizon and before - _cloud_cameras(catalog, situation, instant):
            return instant
    return None


def _cloud_cameras(catalog: Catalog, situation: Situation, now: datetime) -> set[str]:
    return {r.camera.camera_id for r in rights(catalog, situation, now) if r.storage.kind is StorageKind.CLOUD}


def _drive_role(catalog: Catalog, storage: Storage, features: tuple[str, ...]) -> DriveRole:
    if storage.kind is StorageKind.LOCAL:
        return DriveRole.PRIMARY
    backup = {feature.key for feature in catalog.features if feature.needs_local_storage}
    if storage.kind in {StorageKind.CLOUD, StorageKind.QUOTA} and backup.intersection(features):
        return DriveRole.BACKUP
    return DriveRole.OFF
