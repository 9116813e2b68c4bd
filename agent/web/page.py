"""Writes the diagnostics page from the status document, without a template engine, which would cost 3 MB all day."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from urllib.parse import quote

from agent.web import page_patterns as pattern
from agent.web.arming import arming_html, camera_arming_html, lock_html
from agent.web.detects_on import detects_on_summary
from agent.web.documents import (
    CameraDocument,
    ClipDocument,
    FindingDocument,
    HealthDocument,
    LeaseDocument,
    LedgerCount,
    StatusDocument,
)
from agent.web.drive_page import drive_html
from agent.web.languages import Language
from agent.web.live_page import live_button, live_dialog
from agent.web.markup import Html, attribute, fill, join
from agent.web.packet_gate import packet_gate_summary
from agent.web.sensitivity import sensitivity_button, sensitivity_dialog, sensitivity_summary
from agent.web.why_page import why_button, why_dialog
from agent.web.zones import zones_button, zones_dialog, zones_summary

BLANK_CLIP = dict.fromkeys((field.name for field in fields(ClipDocument)), "")
"""What the page's script fills in for a clip that appears later."""
MINUTES = len("2026-03-01T09:00")


def page_html(status: StatusDocument, say: Language) -> Html:
    """Write the whole page."""
    health = status.health
    return fill(
        pattern.PAGE,
        language=status.language,
        name=status.name,
        software=status.software,
        diagnostics=say.say("Diagnostics"),
        level=_level(health),
        headline=status.headline,
        choose=say.say("Language"),
        in_english=attribute('aria-current="true"', on=status.language == "en"),
        in_french=attribute('aria-current="true"', on=status.language == "fr"),
        stale=say.say("The agent does not answer. This page shows what was true a moment ago and goes on by itself."),
        lock=lock_html(say),
        arming=arming_html(status, say),
        findings_label=say.say("What wants looking at"),
        findings=_findings(health),
        cameras_label=say.say("Cameras"),
        cameras=join(_camera(camera, say) for camera in status.cameras),
        facts_label=say.say("State"),
        facts=_facts(status, say),
        clips_label=say.say("Clips"),
        last_clips=say.say("Last clips"),
        counts=join(_count(each) for each in status.ledger),
        clips=join(_clip(asdict(clip), say) for clip in status.clips),
        some_clips=attribute("hidden", on=status.clips),
        no_clips=say.say("No clip yet. The first motion makes one."),
        drive_clips=drive_html(say),
        dialogs=join([live_dialog(say), zones_dialog(say), sensitivity_dialog(say), why_dialog(say)]),
        clip=say.say("Clip"),
        close=say.say("Close"),
        photo=say.say("Photo"),
        not_shown=say.say(
            "This clip cannot be shown: it was delivered meanwhile, or this browser cannot play its format (H.265)."
        ),
        blank_clip=_clip(BLANK_CLIP, say),
        blank_finding=_finding(FindingDocument(code="", subject="", age_s=None, text=""), "warn"),
    )


def _level(health: HealthDocument) -> str:
    if not health.ok:
        return "fail"
    return "warn" if health.warnings else "ok"


def _findings(health: HealthDocument) -> Html:
    failures = [_finding(each, "fail") for each in health.failures]
    return join([*failures, *(_finding(each, "warn") for each in health.warnings)])


def _finding(found: FindingDocument, level: str) -> Html:
    return fill(pattern.FINDING, level=level, key=found.code + found.subject, text=found.text)


def _count(each: LedgerCount) -> Html:
    return fill(pattern.COUNT, phase=each.phase, count=each.count, text=each.text)


def _camera(camera: CameraDocument, say: Language) -> Html:
    return fill(
        pattern.CAMERA,
        **{
            **asdict(camera),
            "arming": "",
            "zones": zones_summary(camera.zones),
            "sensitivity": sensitivity_summary(camera.sensitivity.text),
            "packet_gate": packet_gate_summary(camera.packet_gate),
            "detects_on": detects_on_summary(camera.detects_on),
        },
        detection=join([zones_button(say), sensitivity_button(say)]),
        path=quote(camera.camera_id, safe=""),
        alt=say.say("Live picture of %(name)s", name=camera.name),
        shown_sink=camera.sink or "none",
        controls=camera_arming_html(camera, say),
        go_live=live_button(say),
    )


def _clip(clip: Mapping[str, object], say: Language) -> Html:
    return fill(
        pattern.CLIP,
        **clip,
        moment=_moment(str(clip["captured_at"])),
        no_media=attribute("disabled", on=not clip["media_url"]),
        play=say.say("Play"),
        sure=attribute("hidden", on=clip["clock_trusted"]),
        unsure=say.say("The time was not certain."),
        ask_why=why_button(say, hidden=attribute("hidden", on=clip["kind"] == "photo")),
    )


def _facts(status: StatusDocument, say: Language) -> Html:
    broker, uploads, drive, disk = status.broker, status.uploads, status.drive, status.disk
    return fill(
        pattern.FACTS,
        lease=_lease(status.lease, say),
        broker=_fact(say.say("Broker"), "broker", broker.text, "last_error", broker.last_error),
        uploads=_fact(say.say("Deliveries"), "uploads", uploads.text, "last_error", uploads.last_error),
        drive=_fact(say.say("USB drive"), "drive", drive.text, "detail", drive.detail),
        disk=_fact(say.say("Own disk"), "disk", disk.text, "spool_text", disk.spool_text),
        person=_fact(say.say("Person detection"), "person", status.person.text, "detail", status.person.detail),
        clock=fill(
            pattern.CLOCK,
            label=say.say("Clock"),
            at=_moment(status.at),
            sure=attribute("hidden", on=status.clock_trusted),
            unsure=say.say("Nobody has said yet what time it is."),
        ),
        alerts=fill(
            pattern.ALERTS,
            label=say.say("Motion alerts"),
            armed=attribute("hidden", on=status.armed),
            disarmed=attribute("hidden", on=not status.armed),
            armed_text=say.say("Armed"),
            disarmed_text=say.say("Disarmed: nothing is recorded"),
        ),
    )


def _fact(label: str, part: str, text: str, more: str, more_text: str) -> Html:
    return fill(pattern.FACT, label=label, part=part, text=text, more=more, more_text=more_text)


def _lease(lease: LeaseDocument, say: Language) -> Html:
    return fill(
        pattern.LEASE,
        label=say.say("Lease"),
        state_text=lease.state_text,
        text=lease.text,
        never=attribute("hidden", on=not lease.expires_at),
        until=say.say("Counts until"),
        expires=_moment(lease.expires_at),
        without_news=say.say("without news until"),
        grace=_moment(lease.grace_until),
        refused_text=lease.refused_text,
    )


def _moment(at: str | None) -> Html:
    if not at:
        return Html(pattern.NO_MOMENT)
    return fill(pattern.MOMENT, at=at, said=at[:MINUTES].replace("T", " "))
