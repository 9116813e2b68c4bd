"""What an owner may do with a clip: by what its own lease gave its camera, or by the camera's features of today (C08).

A clip that is held was owed to its owner, so by its own grant it may be watched and downloaded until it leaves (R086);
sharing is a feature of its own (R097). Where the catalog asks for the rights of today, watching and downloading need
the history, except for what a free pool counts: the pool itself is the right to it (R071).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cloud_stub.domain.catalog import Catalog
from cloud_stub.domain.clip_acceptance import CameraLease
from cloud_stub.domain.features import FeatureRefusal, feature_refusal
from cloud_stub.domain.grants import grants, grants_of_camera
from cloud_stub.domain.policies import ClipRights
from cloud_stub.domain.records import Clip
from cloud_stub.domain.situation import Situation
from cloud_stub.errors import CloudError

HISTORY: Final = "video_history"
SHARING: Final = "video_sharing"


class ClipAction(StrEnum):
    """What may be done with a clip."""

    WATCH = "watch"
    DOWNLOAD = "download"
    SHARE = "share"


SENTENCES: Final[Mapping[FeatureRefusal, str]] = MappingProxyType(
    {
        FeatureRefusal.UNKNOWN: "This is not offered for clips here.",
        FeatureRefusal.NOT_GRANTED: "The plan of this clip does not include it: see the plans.",
        FeatureRefusal.NOT_IN_REGION: "This is not offered for clips in your region.",
        FeatureRefusal.MODEL_NOT_ELIGIBLE: "The model of this clip's camera cannot have it.",
        FeatureRefusal.MODULE_NOT_ELIGIBLE: "The module of this clip's camera cannot have it.",
    }
)


def clip_refusal(
    action: ClipAction, clip: Clip, its_lease: CameraLease | None, catalog: Catalog, situation: Situation, now: datetime
) -> FeatureRefusal | None:
    """Return the set that lacks the right, or `None` where it is there.

    `its_lease` is what the lease that the clip names says of its camera; `situation` is the account's of `now`.
    """
    if catalog.history.clip_rights is ClipRights.AT_RECORDING:
        if action is not ClipAction.SHARE or (its_lease is not None and SHARING in its_lease.features):
            return None
        return _refusal_today(SHARING, clip, catalog, situation, now) or FeatureRefusal.NOT_GRANTED
    if action is ClipAction.SHARE:
        return _refusal_today(SHARING, clip, catalog, situation, now)
    if clip.pool is not None or catalog.feature(HISTORY) is None:
        return None
    if all(camera.camera_id != clip.camera_id for camera in situation.cameras):
        return None  # its camera was removed: nothing of today can be asked of it, so its own grant stands
    return _refusal_today(HISTORY, clip, catalog, situation, now)


def refused(refusal: FeatureRefusal) -> CloudError:
    """Return the refusal of an act on a clip: 403, and its code is the set that lacks the right."""
    return CloudError(refusal.value, 403, SENTENCES[refusal])


def _refusal_today(
    feature: str, clip: Clip, catalog: Catalog, situation: Situation, now: datetime
) -> FeatureRefusal | None:
    camera = next((camera for camera in situation.cameras if camera.camera_id == clip.camera_id), None)
    if camera is None:
        return FeatureRefusal.NOT_GRANTED
    region = catalog.region(situation.account.region)
    own = grants_of_camera(grants(catalog, situation, now), camera.camera_id)
    module_model = situation.module_of(camera).model
    return feature_refusal(catalog, region, camera.model, module_model, own, feature)
