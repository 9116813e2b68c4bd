"""Records and decisions as the API's answers."""

from datetime import datetime

from cloud_stub.domain.records import Camera, LabClock, LogEntry, Module
from cloud_stub.flow.account_login import NewSession
from cloud_stub.web.api_models import (
    AccountReply,
    CameraReply,
    LabClockReply,
    LogReply,
    ModuleReply,
    NextClipReply,
    SessionReply,
    TrialReply,
)
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_view import auto_delete_is_open
from cloud_stub.web.session_auth import Owner


def session_reply(owner: Owner | NewSession) -> SessionReply:
    """Return a session without its secret token."""
    return SessionReply(
        account_id=owner.account.account_id,
        email=owner.account.email,
        csrf_token=owner.session.csrf_token,
        expires_at=owner.session.expires_at,
    )


def trial_reply(overview: Overview) -> TrialReply | None:
    """Return the running trial."""
    trial, days = overview.trial, overview.trial_days_left
    if trial is None or days is None:
        return None
    return TrialReply(
        trial_id=trial.trial_id, plan=trial.plan, started_at=trial.started_at, ends_at=trial.ends_at, days_left=days
    )


def account_reply(overview: Overview) -> AccountReply:
    """Return the account."""
    account = overview.account
    return AccountReply(
        account_id=account.account_id,
        email=account.email,
        vendor=account.vendor,
        region=account.region,
        subdivision=account.subdivision,
        created_on=account.created_on,
        time_zone=account.time_zone,
        locale=account.locale,
        auto_delete_days=overview.auto_delete_days,
        auto_delete_choices=list(overview.region.auto_delete_days),
        auto_delete_open=auto_delete_is_open(overview),
        trial=trial_reply(overview),
        trial_days_left=overview.trial_days_left,
    )


def module_reply(module: Module, overview: Overview) -> ModuleReply:
    """Return a module with its last state document."""
    lease = overview.leases.get(module.module_id)
    state = overview.states.get(module.module_id)
    return ModuleReply(
        module_id=module.module_id,
        name=module.name,
        model=module.model,
        claimed_at=module.claimed_at,
        online=module.online,
        state_at=module.state_at,
        state=dict(state) if state else None,
        lease_seq=lease.seq if lease else None,
        lease_expires_at=lease.expires_at if lease else None,
    )


def camera_reply(camera: Camera, overview: Overview) -> CameraReply:
    """Return a camera with its rights and where its next clip goes."""
    its = overview.rights[camera.camera_id]
    following = overview.next_clip(camera)
    return CameraReply(
        camera_id=camera.camera_id,
        module_id=camera.module_id,
        name=camera.name,
        proposed_model=camera.proposed_model,
        model=camera.model,
        confirmed_at=camera.confirmed_at,
        source_kind=camera.source_kind,
        features=list(its.features),
        storage=its.storage.kind.value,
        why=its.storage.why.value,
        drive=its.drive.value,
        next_clip=NextClipReply(
            sink=following.sink,
            reason=following.reason,
            blocked_by=following.blocked_by,
            expected=following.is_expected,
        ),
    )


def log_reply(entry: LogEntry) -> LogReply:
    """Return one entry of the activity log."""
    return LogReply(at=entry.at, what=entry.what, subject=entry.subject, rule=entry.rule)


def lab_clock_reply(state: LabClock, now: datetime | None = None) -> LabClockReply:
    """Return the lab clock."""
    return LabClockReply(now=now or state.now, frozen=state.frozen, advancing_to=state.advancing_to)
