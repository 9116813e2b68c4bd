"""Modules and cameras in words: whether they are there, what they say of themselves, and where the next clip goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud_stub.domain.catalog import Catalog, TrialScope
from cloud_stub.domain.records import Camera, Module
from cloud_stub.domain.storage_order import StorageKind
from cloud_stub.flow.confirm_camera import ConfirmPreview
from cloud_stub.web.languages import DEFAULT_LANGUAGE, Language
from cloud_stub.web.overview import Overview
from cloud_stub.web.plan_view import Point
from cloud_stub.web.words import DRIVE, HEALTH, HEALTH_ADVICE, N_, NO_TRIAL, say_next_clip, say_word

HIGHEST_FPS = 10_000
TONES: Mapping[str, str] = {"ok": "good", "starting": "warn", "lost": "bad", "refused": "bad"}
DRIVE_TONES: Mapping[str, str] = {"usable": "good", "absent": "", "ejected": ""}
LEASE: Mapping[str, str] = {
    "none": N_("The module has not heard from the cloud yet."),
    "in_grace": N_("The module has not heard from the cloud for a while and goes by what it knows."),
    "over": N_("The module has not heard from the cloud for too long: it holds its clips until it does."),
}

ARMING: Mapping[str, str] = {
    "schedule": N_("By its schedule."),
    "by_hand": N_("By hand."),
    "time_unknown": N_("Its schedule waits until the module knows the time."),
}


@dataclass(frozen=True, slots=True)
class CameraCard:
    """One camera with its words; `health` is empty while its module is offline or has said nothing of it."""

    camera_id: str
    name: str
    model: str
    is_confirmed: bool
    health: str
    tone: str
    detail: str
    picture: str
    is_recording: bool
    next_icon: str
    next_clip: str
    is_expected: bool
    motion_on: bool
    snoozed: str
    zones: str


@dataclass(frozen=True, slots=True)
class ModuleCard:
    """One module with its words; `armed` is `None` before it said so."""

    module_id: str
    name: str
    model: str
    online: bool
    seen: str
    software: str
    armed: bool | None
    arming: str
    drive: str
    drive_tone: str
    drive_detail: str
    lease_note: str
    cameras: tuple[CameraCard, ...]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model that the region knows."""

    key: str
    name: str
    is_chosen: bool


def module_cards(overview: Overview, language: Language) -> tuple[ModuleCard, ...]:
    """Return every module of the account, in the order they were claimed."""
    return tuple(_module_card(module, overview, language) for module in overview.situation.modules)


def model_choices(overview: Overview, chosen: str) -> tuple[ModelChoice, ...]:
    """Return the models an owner may confirm: those of the region."""
    models = overview.catalog.models
    return tuple(ModelChoice(key, models[key].name, key == chosen) for key in overview.region.models if key in models)


def confirmation_points(overview: Overview, preview: ConfirmPreview, language: Language) -> tuple[Point, ...]:
    """Return what confirming a model starts (R021): the trial and what it moves, or why none starts."""
    if preview.trial is None:
        reason = preview.no_trial.value if preview.no_trial else ""
        points = [Point("held", language.say(NO_TRIAL[reason]))] if reason in NO_TRIAL else []
        return (*points, Point("modules", language.say("The model decides which plans and storage it can have.")))
    started = language.say(
        "A free trial of %(plan)s starts now and ends by itself on %(when)s. Nothing is charged.",
        plan=overview.catalog.plans[preview.trial.plan].name,
        when=language.moment(preview.trial.ends_at, overview.account.time_zone),
    )
    days = overview.catalog.trial.days if overview.catalog.trial is not None else 0
    everything = overview.catalog.trial is not None and overview.catalog.trial.scope is TrialScope.ACCOUNT
    all_move = language.say_many(
        "All cameras of your system record to the cloud for %(count)s day.",
        "All cameras of your system record to the cloud for %(count)s days.",
        days,
    )
    names = ", ".join(overview.camera_name(camera_id) for camera_id in preview.moves_to_cloud)
    moved = language.say("Until then new clips go to the cloud. This changes for: %(names)s.", names=names)
    return (
        Point("plan", started),
        *((Point("modules", all_move),) if everything else ()),
        *((Point("cloud", moved),) if names else ()),
        Point("usb", language.say("A USB drive in the module becomes the daily backup of cameras that can use it.")),
    )


def model_name(catalog: Catalog, key: str) -> str:
    """Return the name of a camera model, or its key when the catalog does not know it."""
    return catalog.models[key].name if key in catalog.models else key


def _module_card(module: Module, overview: Overview, language: Language) -> ModuleCard:
    state = overview.states[module.module_id]
    drive = overview.drive_state(module.module_id)
    lease_state = str(state.get("lease", {}).get("state", "")) if state else ""
    armed = state.get("armed")
    known = overview.catalog.module_models.get(module.model)
    cameras = (camera for camera in overview.situation.cameras if camera.module_id == module.module_id)
    return ModuleCard(
        module_id=module.module_id,
        name=module.name,
        model=known.name if known else module.model,
        online=module.online,
        seen=language.moment(module.state_at, overview.account.time_zone) if module.state_at else "",
        software=str(state.get("software", "")),
        armed=armed if isinstance(armed, bool) else None,
        arming=_arming(state, overview, language),
        drive=say_word(language, DRIVE, drive),
        drive_tone=DRIVE_TONES.get(drive, "bad"),
        drive_detail=_drive_detail(state, drive, language),
        lease_note=language.say(LEASE[lease_state]) if module.online and lease_state in LEASE else "",
        cameras=tuple(_camera_card(camera, module, overview, language) for camera in cameras),
    )


def _arming(state: Mapping[str, Any], overview: Overview, language: Language) -> str:
    """Say why a module is armed or not, and what its schedule does next."""
    said = state.get("arming")
    said = said if isinstance(said, dict) else {}
    reason, when = str(said.get("reason", "")), _moment(said.get("next_at"), overview, language)
    words = [language.say(ARMING[reason])] if reason in ARMING else []
    if when and said.get("next_armed") is True:
        words.append(language.say("Arms at %(when)s.", when=when))
    elif when:
        words.append(language.say("Disarms at %(when)s.", when=when))
    return " ".join(words)


def _moment(said: object, overview: Overview, language: Language) -> str:
    """Return a module's time in words; it may have said anything."""
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        at = None
    return language.moment(at, overview.account.time_zone) if at is not None and at.tzinfo is not None else ""


def _drive_detail(state: Mapping[str, Any], word: str, language: Language) -> str:
    drive = state.get("drive", {})
    size, free = drive.get("size_bytes"), drive.get("free_bytes")
    if word in {"usable", "full"} and _is_count(size) and _is_count(free):
        return language.say("%(free)s free of %(size)s", free=language.bytes(free), size=language.bytes(size))
    return ""


def _camera_card(camera: Camera, module: Module, overview: Overview, language: Language) -> CameraCard:
    said = overview.states[module.module_id].get("cameras", {}).get(camera.camera_id)
    said = said if isinstance(said, dict) and module.online else {}
    following = overview.next_clip(camera)
    health = str(said.get("health", ""))
    covered = overview.rights[camera.camera_id].storage.kind is not StorageKind.NONE or following.sink != "none"
    return CameraCard(
        camera_id=camera.camera_id,
        name=camera.name,
        model=model_name(overview.catalog, camera.model or camera.proposed_model),
        is_confirmed=camera.model is not None,
        health=say_word(language, HEALTH, health) if health else "",
        tone=TONES.get(health, ""),
        detail=_advice(language, health, str(said.get("detail", ""))),
        picture=_picture(said),
        is_recording=str(said.get("phase")) in {"recording", "post_roll"},
        next_icon=following.sink if covered else "none",
        next_clip=say_next_clip(language, following.sink, following.reason, following.blocked_by),
        is_expected=following.is_expected,
        motion_on=said.get("motion_on") is not False,
        snoozed=_moment(said.get("snoozed_until"), overview, language),
        zones=_zones(said.get("zones"), language),
    )


def _zones(counts: object, language: Language) -> str:
    """Say how many zones a camera has; a module that says nothing of them, or nonsense, has none."""
    said = counts if isinstance(counts, dict) else {}
    numbers = [int(said[kind]) if _is_count(said.get(kind)) else 0 for kind in ("privacy", "activity", "only_here")]
    private, activity = numbers[0], numbers[1] + numbers[2]
    parts = []
    if private:
        parts.append(language.say_many("%(count)s privacy zone", "%(count)s privacy zones", private))
    if activity:
        parts.append(language.say_many("%(count)s activity zone", "%(count)s activity zones", activity))
    return ", ".join(parts)


def _advice(language: Language, health: str, detail: str) -> str:
    """Return what to do about a camera; modules write English, so other languages go by the state alone."""
    if health in {"", "ok"} or language.code == DEFAULT_LANGUAGE:
        return "" if health == "ok" else detail
    return say_word(language, HEALTH_ADVICE, health)


def _picture(said: Mapping[str, Any]) -> str:
    width, height, fps = said.get("width"), said.get("height"), said.get("fps")
    if not (_is_count(width) and _is_count(height) and width and height):
        return ""
    codec = {"h264": "H.264", "hevc": "H.265", "h265": "H.265"}.get(str(said.get("codec")), str(said.get("codec", "")))
    rate = f"{fps:.0f}/s" if isinstance(fps, (int, float)) and 0 < fps < HIGHEST_FPS else ""
    return " · ".join(filter(None, (f"{width}×{height}", rate, codec)))  # noqa: RUF001 - the sign a person reads


def _is_count(value: object) -> bool:
    """Say whether a module's figure can be shown: it may have said anything."""
    return isinstance(value, int) and 0 <= value < 2**53
