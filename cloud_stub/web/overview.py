"""What the cloud knows of an account at one instant: read once per page or API call, with no words in it yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cloud_stub.domain.auto_delete import auto_delete_in_force
from cloud_stub.domain.catalog import Catalog, Catalogs, Region
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.quota_words import PoolForecast
from cloud_stub.domain.records import Account, Camera, IssuedLease, LabClock, Module, Trial
from cloud_stub.domain.situation import Situation, running_trial
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.trial import trial_days_left
from cloud_stub.errors import CloudError
from cloud_stub.flow.records_to_situation import read_pool_forecasts, read_situation, read_used_ms
from cloud_stub.ports import Records, Transaction


@dataclass(frozen=True, slots=True)
class NextClip:
    """Where a camera's next clip goes. `is_expected`: worked out here, because the module has not said so itself."""

    sink: str
    reason: str
    blocked_by: str | None
    is_expected: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """An account's situation with its catalog, newest leases, and the last state that each module sent."""

    now: datetime
    situation: Situation
    catalog: Catalog
    region: Region
    leases: Mapping[str, IssuedLease | None]
    states: Mapping[str, Mapping[str, Any]]
    used_ms: Mapping[str, int]
    rights: Mapping[str, CameraRights]
    lab: LabClock | None
    pool_forecasts: Mapping[str, PoolForecast] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        """Return the account itself."""
        return self.situation.account

    @property
    def trial(self) -> Trial | None:
        """Return the trial that runs."""
        return running_trial(self.situation.trials, self.now)

    @property
    def trial_days_left(self) -> int | None:
        """Return the days left of the running trial, begun days counted whole (R030)."""
        return None if self.trial is None else trial_days_left(self.trial, self.now)

    @property
    def auto_delete_days(self) -> int:
        """Return the auto-delete setting in force: the account's own, or the region's default."""
        return auto_delete_in_force(self.catalog, self.account)

    def camera(self, camera_id: str) -> Camera:
        """Return a camera, or raise CloudError 404 `camera_unknown`."""
        for camera in self.situation.cameras:
            if camera.camera_id == camera_id:
                return camera
        raise CloudError("camera_unknown", 404, "There is no such camera.")

    def module(self, module_id: str) -> Module:
        """Return a module that is not removed, or raise CloudError 404 `module_unknown`."""
        for module in self.situation.modules:
            if module.module_id == module_id:
                return module
        raise CloudError("module_unknown", 404, "There is no such module.")

    def camera_name(self, camera_id: str) -> str:
        """Return a camera's name; empty when it was removed."""
        return next((c.name for c in self.situation.cameras if c.camera_id == camera_id), "")

    def drive_state(self, module_id: str) -> str:
        """Return the word of the drive's state that the module sent last; `absent` before it sent any."""
        drive = self.states.get(module_id, {}).get("drive")
        state = drive.get("state") if isinstance(drive, dict) else None
        return state if isinstance(state, str) else "absent"

    def next_clip(self, camera: Camera) -> NextClip:
        """Return where the next clip of a camera goes: by the module's own word when it knows the newest lease."""
        state = self.states.get(camera.module_id, {})
        said = state.get("cameras", {}).get(camera.camera_id) if self._is_current(camera.module_id, state) else None
        if isinstance(said, dict) and isinstance(said.get("sink"), str):
            blocked_by = said.get("blocked_by")
            blocked = blocked_by if isinstance(blocked_by, str) else None
            return NextClip(said["sink"], str(said.get("reason") or ""), blocked, is_expected=False)
        return expected_next_clip(self.rights[camera.camera_id], self.drive_state(camera.module_id))

    def _is_current(self, module_id: str, state: Mapping[str, Any]) -> bool:
        lease = self.leases.get(module_id)
        known = state.get("lease")
        seq = known.get("seq") if isinstance(known, dict) else None
        return self.module(module_id).online and (lease is None or seq == lease.seq)


def expected_next_clip(its: CameraRights, drive_state: str) -> NextClip:
    """Return where the next clip goes by DESIGN §5, from a camera's rights and the state of its module's drive."""
    storage = its.storage
    if storage.kind in {StorageKind.CLOUD, StorageKind.QUOTA}:
        return NextClip(storage.kind.value, storage.why.value, None, is_expected=True)
    if storage.kind is StorageKind.NONE:
        blocked_by = None if storage.why.value == "not_entitled" else storage.why.value
        return NextClip("none", "not_entitled", blocked_by, is_expected=True)
    if drive_state == "usable":
        return NextClip("usb", "local_storage", None, is_expected=True)
    return NextClip("none", "not_entitled", f"drive_{drive_state}", is_expected=True)


async def read_overview(
    records: Records, catalogs: Catalogs, account_id: str, now: datetime, *, in_lab: bool = False
) -> Overview:
    """Read everything that pages and API say of an account; CloudError 404 when the account is gone."""
    async with records.reading() as transaction:
        return await _overview_in(transaction, catalogs, account_id, now, in_lab=in_lab)


async def _overview_in(
    transaction: Transaction, catalogs: Catalogs, account_id: str, now: datetime, *, in_lab: bool
) -> Overview:
    situation = await read_situation(transaction, account_id)
    catalog = catalogs.in_force(situation.account.vendor, now)
    found = rights(catalog, situation, now)
    return Overview(
        now=now,
        situation=situation,
        catalog=catalog,
        region=catalog.region(situation.account.region),
        leases={m.module_id: await transaction.leases.newest(m.module_id) for m in situation.modules},
        states={module.module_id: state_document(module.state) for module in situation.modules},
        used_ms=await read_used_ms(transaction, found),
        rights={each.camera.camera_id: each for each in found},
        lab=await transaction.leases.lab_clock() if in_lab else None,
        pool_forecasts=await read_pool_forecasts(transaction, found, now),
    )


def state_document(text: str | None) -> Mapping[str, Any]:
    """Return a module's state document; what cannot be read says nothing."""
    if text is None:
        return {}
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    for key in ("cameras", "drive", "lease"):
        if not isinstance(document.get(key), dict):
            document[key] = {}
    return document
