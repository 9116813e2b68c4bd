"""A module proposes its cameras, the owner confirms their models; a first confirmation may start a trial."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud_stub.domain.catalog import Catalog, TrialScope
from cloud_stub.domain.entitlement import CameraRights, rights
from cloud_stub.domain.grants import plan_may_cover
from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.records import Camera, LogEntry, Module, Trial
from cloud_stub.domain.situation import Situation
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.domain.trial import NoTrial, TrialStart, trial_start
from cloud_stub.errors import CloudError
from cloud_stub.flow.claim_module import new_uuid
from cloud_stub.flow.records_to_lease import LeaseDesk
from cloud_stub.flow.records_to_situation import read_situation
from cloud_stub.ports import Transaction

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CameraProposal:
    """`camera_proposal_v1.json` after its shape was checked."""

    name: str
    proposed_model: str
    source_kind: str


@dataclass(frozen=True, slots=True)
class ConfirmPreview:
    """What confirming a model will do: the trial it starts, or why none, and each camera's rights afterwards.

    `moves_to_cloud` names the cameras whose clips then go to the cloud and did not before (a trial moves them all).
    """

    trial: TrialStart | None
    no_trial: NoTrial | None
    moves_to_cloud: tuple[str, ...]
    after: tuple[CameraRights, ...]


@dataclass(slots=True)
class CameraDesk:
    """Takes proposals and confirmations."""

    desk: LeaseDesk
    new_id: Callable[[], str] = new_uuid

    async def propose(self, module: Module, camera_id: str, proposal: CameraProposal) -> Mapping[str, object]:
        """Note what a module says of a camera; idempotent. Return `{camera_id, name, model}`.

        The name is the module's until the owner confirms the camera, then the owner's. A camera of a removed module
        that comes back with another one keeps its model, and sets nothing up anew.
        """
        async with self.desk.changing(module.account_id) as records:
            camera = await self._proposed(records, module, camera_id, proposal)
            await records.modules.put_camera(camera)
        return {"camera_id": camera.camera_id, "name": camera.name, "model": camera.model}

    async def preview(self, account_id: str, camera_id: str, model: str) -> ConfirmPreview:
        """Say what `confirm` would do now; raises CloudError as it would."""
        async with self.desk.records.reading() as records:
            situation = await read_situation(records, account_id)
        now = self.desk.now()
        catalog = self.desk.catalogs.in_force(situation.account.vendor, now)
        camera = _own(situation, camera_id)
        _check_model(catalog, situation, camera, model, now)
        start = trial_start(catalog, situation, camera, model, now)
        before = _in_cloud(rights(catalog, situation, now))
        only = trial_camera(catalog, camera_id)
        later = rights(catalog, _after(situation, camera, model, start, only, now), now)
        moved = tuple(c for c in _in_cloud(later) if c not in before)
        if isinstance(start, TrialStart):
            return ConfirmPreview(start, None, moved, later)
        return ConfirmPreview(None, start, moved, later)

    async def confirm(self, account_id: str, camera_id: str, model: str) -> Camera:
        """Set a camera's model; the first time, that sets it up and may start a trial (R021)."""
        async with self.desk.changing(account_id) as records:
            now = self.desk.now()
            situation = await read_situation(records, account_id)
            catalog = self.desk.catalogs.in_force(situation.account.vendor, now)
            camera = _own(situation, camera_id)
            _check_model(catalog, situation, camera, model, now)
            start = trial_start(catalog, situation, camera, model, now)
            confirmed = replace(camera, model=model, confirmed_at=camera.confirmed_at or now)
            await records.modules.put_camera(confirmed)
            entry = LogEntry(now, account_id, What.CAMERA_CONFIRMED.value, camera_id, Rule.OWNER.value)
            await records.leases.log(entry)
            if isinstance(start, TrialStart):
                trial = Trial(
                    self.new_id(), account_id, start.plan, now, start.ends_at, None, trial_camera(catalog, camera_id)
                )
                await records.plans.put_trial(trial)
                rule = Rule.TRIAL_NEW_DEVICE.value
                await records.leases.log(LogEntry(now, account_id, What.TRIAL_STARTED.value, trial.trial_id, rule))
        log.info("camera_confirmed", camera_id=camera_id, model=model, trial=_word(start))
        return confirmed

    async def rename(self, account_id: str, camera_id: str, name: str) -> Camera:
        """Give a camera another name."""
        async with self.desk.records.writing() as records:
            camera = replace(_own(await read_situation(records, account_id), camera_id), name=name)
            await records.modules.put_camera(camera)
            entry = LogEntry(self.desk.now(), account_id, What.CAMERA_RENAMED.value, camera_id, Rule.OWNER.value)
            await records.leases.log(entry)
        return camera

    async def _proposed(self, records: Transaction, module: Module, camera_id: str, proposal: CameraProposal) -> Camera:
        known = await records.modules.camera(camera_id)
        if known is not None and known.module_id != module.module_id:
            known = await self._moved(records, module, known)
        now = self.desk.now()
        if known is None:
            await self._check_room(records, module)
            subject, rule = camera_id, Rule.MODULE.value
            await records.leases.log(LogEntry(now, module.account_id, What.CAMERA_PROPOSED.value, subject, rule))
            known = Camera(
                camera_id=camera_id,
                module_id=module.module_id,
                account_id=module.account_id,
                name=proposal.name,
                proposed_model=proposal.proposed_model,
                model=None,
                confirmed_at=None,
                source_kind=proposal.source_kind,
                added_at=now,
            )
        name = proposal.name if known.model is None else known.name
        return replace(known, name=name, proposed_model=proposal.proposed_model, source_kind=proposal.source_kind)

    async def _moved(self, records: Transaction, module: Module, camera: Camera) -> Camera:
        other = await records.modules.get(camera.module_id)
        if camera.account_id != module.account_id or other is None or other.revoked_at is None:
            message = "This camera id belongs to another module: give this camera a new one, or remove that module."
            raise CloudError("camera_id_taken", 409, message)
        await self._check_room(records, module)
        return replace(camera, module_id=module.module_id)

    async def _check_room(self, records: Transaction, module: Module) -> None:
        account = await records.accounts.get(module.account_id)
        if account is None:
            raise CloudError("account_unknown", 404, "This module's account is gone: claim the module again.")
        limit = self.desk.catalogs.in_force(account.vendor, self.desk.now()).cameras_per_module
        if len(await records.modules.cameras_of_module(module.module_id)) >= limit:
            raise CloudError("too_many_cameras", 409, f"A module has at most {limit} cameras: use a second module.")


def _own(situation: Situation, camera_id: str) -> Camera:
    for camera in situation.cameras:
        if camera.camera_id == camera_id:
            return camera
    raise CloudError("camera_unknown", 404, "This account has no such camera.")


def _check_model(catalog: Catalog, situation: Situation, camera: Camera, model: str, now: datetime) -> None:
    region = catalog.region(situation.account.region)
    if model not in region.models:
        sold = ", ".join(catalog.models[key].name for key in region.models)
        message = f"That model is not in the catalog of {region.name}; there are: {sold}."
        raise CloudError("not_in_region_catalog", 409, message)
    for subscription in live_subscriptions(situation, now):
        if camera.camera_id in situation.attached_to(subscription.subscription_id) and not plan_may_cover(
            catalog, region.key, subscription.plan, model
        ):
            message = f"A plan that cannot cover that model is attached to {camera.name}: detach the plan first."
            raise CloudError("model_not_eligible", 409, message)


def trial_camera(catalog: Catalog, camera_id: str) -> str | None:
    """Return the camera that a trial it starts is for; `None` where trials cover the whole account."""
    per_device = catalog.trial is not None and catalog.trial.scope is TrialScope.DEVICE
    return camera_id if per_device else None


def _after(
    situation: Situation, camera: Camera, model: str, start: TrialStart | NoTrial, only: str | None, now: datetime
) -> Situation:
    confirmed = replace(camera, model=model, confirmed_at=camera.confirmed_at or now)
    cameras = tuple(confirmed if each is camera else each for each in situation.cameras)
    trials = situation.trials
    if isinstance(start, TrialStart):
        trials = (*trials, Trial("preview", situation.account.account_id, start.plan, now, start.ends_at, None, only))
    return replace(situation, cameras=cameras, trials=trials)


def _in_cloud(every: tuple[CameraRights, ...]) -> tuple[str, ...]:
    return tuple(each.camera.camera_id for each in every if each.storage.kind is StorageKind.CLOUD)


def _word(start: TrialStart | NoTrial) -> str:
    return "started" if isinstance(start, TrialStart) else start.value
