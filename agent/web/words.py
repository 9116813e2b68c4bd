"""Every enum that the diagnostics page shows, as a sentence for a person; the words themselves stay in the JSON."""

from collections.abc import Mapping

from agent.domain.clip import BlockedBy, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.continuous import ContinuousState
from agent.domain.health import Finding, HealthCode
from agent.domain.lease import CameraLease, Cover, DriveRole, LeaseState, StorageKind
from agent.domain.person import PersonState
from agent.web.languages import Language, msg

CAMERA_HEALTH: Mapping[str, str] = {
    "starting": msg("Starting"),
    "ok": msg("Watching"),
    "lost": msg("No signal"),
    "refused": msg("Needs attention"),
}
CAMERA_PHASES: Mapping[str, str] = {
    "idle": msg("Quiet"),
    "recording": msg("Recording"),
    "post_roll": msg("Recording"),
    "waiting": msg("Pause between clips"),
    "waiting_in_motion": msg("Pause between clips"),
}
PERSON_STATES: Mapping[PersonState, str] = {
    PersonState.OFF: msg("Switched off"),
    PersonState.NOT_ENTITLED: msg("Not in the plan of any camera here"),
    PersonState.NOT_INSTALLED: msg("Not installed"),
    PersonState.MODEL_UNUSABLE: msg("Its model cannot be used"),
    PersonState.READY: msg("Ready"),
}
ROW_PHASES: Mapping[RowPhase, str] = {
    RowPhase.RECORDING: msg("Recording now"),
    RowPhase.SPOOLED: msg("Waiting to be delivered"),
    RowPhase.HELD: msg("Held on this device"),
    RowPhase.STORED_CLOUD: msg("In the cloud"),
    RowPhase.STORED_USB: msg("On the USB drive"),
    RowPhase.NOT_KEPT: msg("Not kept"),
    RowPhase.LOST: msg("Lost"),
}
CLIP_REASONS: Mapping[str, str] = {
    "motion": msg("Motion"),
    "continuous": msg("Continuous recording"),
    "live_view": msg("Live view"),
    "photos": msg("Photos"),
}
CONTINUOUS: Mapping[ContinuousState, str] = {
    ContinuousState.ON: msg("Records continuously."),
    ContinuousState.NO_LEASE: msg("Does not record continuously: the cloud has not said yet what its plan allows."),
    ContinuousState.GRACE_OVER: msg("Does not record continuously: the cloud has been silent for too long."),
    ContinuousState.CAMERA_NOT_CONFIRMED: msg(
        "Does not record continuously until its owner has confirmed this camera."
    ),
    ContinuousState.MODEL_NOT_ELIGIBLE: msg("Does not record continuously: this camera model is in no such plan."),
    ContinuousState.NOT_ENTITLED: msg("Does not record continuously: no plan with that service covers this camera."),
    ContinuousState.NOWHERE: msg("Does not record continuously: the USB drive that would take it is not there."),
}
SINKS: Mapping[Sink, str] = {
    Sink.CLOUD: msg("Cloud"),
    Sink.QUOTA: msg("Cloud pool"),
    Sink.USB: msg("USB drive"),
    Sink.HELD: msg("Held here"),
    Sink.NONE: msg("Not kept"),
}
BECAUSE: Mapping[SinkReason, str] = {
    SinkReason.TRIAL: msg("Clips go to the cloud: the free trial covers this camera."),
    SinkReason.PLAN: msg("Clips go to the cloud: a plan covers this camera."),
    SinkReason.FREE_TIER: msg("Clips go to the cloud: the free tier includes it."),
    SinkReason.LEGACY_ACCOUNT: msg(
        "Clips go to the shared cloud pool: this is a legacy account. When it is full, the oldest clips make room."
    ),
    SinkReason.LEGACY_MODEL: msg(
        "Clips go to the shared cloud pool: this is a legacy camera. When it is full, the oldest clips make room."
    ),
    SinkReason.LOCAL_STORAGE: msg("Clips go to the USB drive: no plan covers this camera."),
    SinkReason.NO_LEASE: msg("Clips are held on this device: the cloud has not said yet where they belong."),
    SinkReason.GRACE_OVER: msg("Clips are held on this device: the cloud has been silent for too long."),
    SinkReason.NOT_ENTITLED: msg("No clip is kept: no plan covers this camera."),
}
BLOCKED: Mapping[BlockedBy, str] = {
    BlockedBy.DRIVE_ABSENT: msg("No clip is kept: no plan covers this camera and no USB drive is plugged in."),
    BlockedBy.DRIVE_FULL: msg("No clip is kept: no plan covers this camera and the USB drive is full."),
    BlockedBy.DRIVE_READ_ONLY: msg("No clip is kept: no plan covers this camera and the USB drive cannot be written."),
    BlockedBy.DRIVE_PULLED: msg("No clip is kept: no plan covers this camera and the USB drive was pulled out."),
    BlockedBy.DRIVE_EJECTED: msg("No clip is kept: no plan covers this camera and the USB drive was ejected."),
    BlockedBy.DRIVE_FOREIGN: msg("No clip is kept: no plan covers this camera and this is another USB drive."),
    BlockedBy.DRIVE_UNSUPPORTED: msg(
        "No clip is kept: no plan covers this camera and the USB drive's format is not supported."
    ),
    BlockedBy.MODEL_NOT_ELIGIBLE: msg(
        "No clip is kept: no plan covers this camera and this camera model cannot use a USB drive."
    ),
    BlockedBy.MODULE_NOT_ELIGIBLE: msg(
        "No clip is kept: no plan covers this camera and this module cannot use a USB drive."
    ),
    BlockedBy.CAMERA_NOT_CONFIRMED: msg(
        "No clip is kept: the owner has not confirmed this camera's model on the cloud's page yet."
    ),
}
LEASE_STATES: Mapping[LeaseState, str] = {
    LeaseState.NONE: msg("No lease yet: the cloud has not said what these cameras may do."),
    LeaseState.IN_FORCE: msg("Signed by the cloud, and checked."),
    LeaseState.IN_GRACE: msg("No word from the cloud: the last lease still counts for a while."),
    LeaseState.OVER: msg("The last lease is over: clips are held here until the cloud answers."),
}
LEASE_NAMES: Mapping[LeaseState, str] = {
    LeaseState.NONE: msg("None"),
    LeaseState.IN_FORCE: msg("In force"),
    LeaseState.IN_GRACE: msg("In grace"),
    LeaseState.OVER: msg("Over"),
}
REFUSALS: Mapping[str, str] = {
    "lease_bad_signature": msg("A lease with a wrong signature was refused."),
    "lease_wrong_audience": msg("A lease for another module was refused."),
    "lease_unknown_key": msg("A lease signed with an unknown key was refused."),
    "lease_bad_algorithm": msg("A lease with a forbidden signature algorithm was refused."),
    "lease_malformed": msg("A lease that cannot be read was refused."),
    "lease_unsupported": msg("The cloud sent a lease that this version does not understand: update the agent."),
    "lease_older": msg("A lease older than the one held was refused."),
}
COVERS: Mapping[Cover, str] = {
    Cover.TRIAL: msg("Free trial"),
    Cover.PLAN: msg("Plan"),
    Cover.FREE_TIER: msg("Free tier"),
    Cover.LEGACY_ACCOUNT: msg("Legacy account"),
    Cover.LEGACY_MODEL: msg("Legacy camera"),
    Cover.LOCAL_STORAGE: msg("No plan, USB storage"),
    Cover.MODEL_NOT_ELIGIBLE: msg("No plan; model without USB storage"),
    Cover.MODULE_NOT_ELIGIBLE: msg("No plan; module without USB storage"),
    Cover.CAMERA_NOT_CONFIRMED: msg("Camera not confirmed yet"),
    Cover.NOT_ENTITLED: msg("No plan"),
}
DRIVE_STATES: Mapping[str, str] = {
    "absent": msg("None plugged in"),
    "usable": msg("Ready"),
    "full": msg("Full"),
    "read_only": msg("Cannot be written"),
    "pulled": msg("Pulled out"),
    "ejected": msg("Ejected: it may be pulled out"),
    "foreign": msg("Another drive than the configured one"),
    "unsupported": msg("Format not supported"),
}
FINDINGS: Mapping[HealthCode, str] = {
    HealthCode.NO_CAMERA: msg("No camera is configured."),
    HealthCode.CAMERA_NO_FRAME: msg("%(subject)s: no picture for %(age)s."),
    HealthCode.CAMERA_REFUSED: msg("%(subject)s: the camera cannot be used as it is."),
    HealthCode.NOTHING_SAVED: msg("A clip is being recorded, but nothing has reached the disk for %(age)s."),
    HealthCode.UPLOADS_STALLED: msg("Clips have been waiting for the cloud for %(age)s."),
    HealthCode.DISK_LOW: msg("The disk is nearly full: recording stops."),
    HealthCode.LEASE_NONE: msg("No lease yet."),
    HealthCode.LEASE_IN_GRACE: msg("The lease has not been renewed; it still counts."),
    HealthCode.LEASE_OVER: msg("The lease is over; clips are held here."),
    HealthCode.LEASE_REFUSED: msg("The newest lease was refused."),
    HealthCode.BROKER_AWAY: msg("No connection to the broker."),
    HealthCode.CLOCK_UNTRUSTED: msg("The time is not known; clips are marked."),
    HealthCode.DRIVE_UNUSABLE: msg("The USB drive cannot be used."),
    HealthCode.DRIVE_SLOW: msg("The USB drive takes long; its clips wait here."),
    HealthCode.DRIVE_HUNG: msg("The USB drive does not answer: pull it out and put it in again, or replace it."),
    HealthCode.FLOW_FAILED: msg("A part of the agent failed and is started again (%(subject)s); recording goes on."),
}


def choice_sentence(choice: SinkChoice | None, say: Language) -> str:
    """Say where a camera's clips go and why."""
    if choice is None:
        return say.say(msg("Not decided yet."))
    if choice.blocked_by is not None:
        return say.say(BLOCKED[choice.blocked_by])
    return say.say(BECAUSE[choice.reason])


def continuous_sentence(state: ContinuousState, say: Language) -> str:
    """Say whether a camera records continuously and why not; empty where the settings do not want it."""
    return "" if state is ContinuousState.OFF else say.say(CONTINUOUS[state])


def cover_sentence(camera: CameraLease | None, say: Language) -> str:
    """Say what the lease gives a camera: cover, place and how long clips stay."""
    if camera is None:
        return say.say(msg("Not named in the lease"))
    parts = [say.say(COVERS[camera.why])]
    storage = camera.storage
    if storage.kind is StorageKind.CLOUD and storage.keep_for_days is not None:
        parts.append(
            say.say_many("clips kept for %(count)s day", "clips kept for %(count)s days", storage.keep_for_days)
        )
    elif storage.kind is StorageKind.QUOTA and storage.limit_ms:
        used, limit = say.span((storage.used_ms or 0) / 1000), say.span(storage.limit_ms / 1000)
        parts.append(say.say(msg("%(used)s of %(limit)s used"), used=used, limit=limit))
    if camera.drive is DriveRole.BACKUP:
        parts.append(say.say(msg("USB drive as backup")))
    return ", ".join(parts)


def finding_sentence(finding: Finding, say: Language) -> str:
    """Say what is wrong."""
    return say.say(FINDINGS[finding.code], subject=finding.subject, age=say.span(finding.age_s or 0.0))
