"""Turns the board, the ledger and the vitals into the documents that the page and the API show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from agent.domain.clip import ClipRow, RowPhase
from agent.domain.health import Finding, Health, Vitals
from agent.domain.person import PersonState
from agent.flow.board_to_health import BoardHealth
from agent.flow.status_board import CameraBoard, StatusBoard
from agent.ports import ClipFiles, Clock, Ledger
from agent.vision.motion import MotionReading
from agent.web import documents as doc
from agent.web.arming import arming_document, camera_arming
from agent.web.detects_on import camera_detects_on
from agent.web.languages import Language, msg
from agent.web.packet_gate import camera_packet_gate
from agent.web.sensitivity import camera_sensitivity
from agent.web.words import (
    CAMERA_HEALTH,
    CAMERA_PHASES,
    CLIP_REASONS,
    DRIVE_STATES,
    LEASE_NAMES,
    LEASE_STATES,
    PERSON_STATES,
    REFUSALS,
    ROW_PHASES,
    SINKS,
    choice_sentence,
    continuous_sentence,
    cover_sentence,
    finding_sentence,
)
from agent.web.zones import camera_zones

CLIPS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class DiagnosticsSource:
    """What the diagnostics read. `name` and `software` are this module's; bytes are those of the settings."""

    board: StatusBoard
    ledger: Ledger
    files: ClipFiles
    clock: Clock
    health: BoardHealth
    name: str
    software: str
    reserve_bytes: int
    spool_budget_bytes: int


async def status_document(source: DiagnosticsSource, say: Language) -> doc.StatusDocument:
    """Gather everything the page shows, once."""
    board, now_s = source.board, source.clock.monotonic()
    vitals, health = await source.health.judge()
    counts = await source.ledger.counts()
    clips = await source.ledger.newest(CLIPS_SHOWN)
    return doc.StatusDocument(
        at=_rfc3339(source.clock.now().timestamp()),
        clock_trusted=vitals.clock_trusted,
        language=say.code,
        name=source.name,
        software=source.software,
        armed=board.armed,
        arming=arming_document(board, say),
        headline=_headline(health, say),
        health=health_document(vitals, health, say),
        cameras=[_camera(source, camera, now_s, say) for camera in board.cameras.values()],
        lease=_lease(source, vitals, say),
        broker=_broker(board, say),
        uploads=_uploads(board, counts, now_s, say),
        drive=_drive(board, say),
        disk=await _disk(source, vitals, say),
        person=_person(board, say),
        ledger=[
            doc.LedgerCount(phase=phase.value, text=say.say(ROW_PHASES[phase]), count=counts[phase])
            for phase in RowPhase
            if counts.get(phase)
        ],
        clips=clip_documents(clips, board, say),
    )


def health_document(vitals: Vitals, health: Health, say: Language) -> doc.HealthDocument:
    """Write health down."""
    return doc.HealthDocument(
        ok=health.ok,
        state=health.state.value,
        failures=[_finding(finding, say) for finding in health.failures],
        warnings=[_finding(finding, say) for finding in health.warnings],
        last_frame_age_s={camera.camera_id: round(camera.frame_age_s, 3) for camera in vitals.cameras},
        last_saved_age_s=vitals.saved_age_s,
        last_uploaded_age_s=vitals.uploaded_age_s,
        last_lease_age_s=vitals.lease_age_s,
    )


def clip_documents(rows: Sequence[ClipRow], board: StatusBoard, say: Language) -> list[doc.ClipDocument]:
    """Write ledger rows down."""
    return [_clip(row, board, say) for row in rows]


def _headline(health: Health, say: Language) -> str:
    if not health.ok:
        return say.say(msg("Something is not working"))
    return say.say(msg("Watching, with remarks")) if health.warnings else say.say(msg("All is well"))


def _finding(finding: Finding, say: Language) -> doc.FindingDocument:
    text = finding_sentence(finding, say)
    return doc.FindingDocument(code=finding.code.value, subject=finding.subject, age_s=finding.age_s, text=text)


def _camera(source: DiagnosticsSource, camera: CameraBoard, now_s: float, say: Language) -> doc.CameraDocument:
    stream, reading, choice, lease = camera.stream, camera.reading, camera.choice, source.board.link.lease
    picture = (
        ""
        if stream is None
        else f"{stream.width}\u00d7{stream.height} · {stream.nominal_fps:.0f} fps · {_codec(stream.codec)}"
    )
    return doc.CameraDocument(
        camera_id=camera.camera_id,
        name=camera.name,
        model=camera.proposed_model,
        source_kind=camera.source_kind,
        health=camera.health.value,
        health_text=say.say(CAMERA_HEALTH[camera.health.value]),
        detail=camera.detail,
        phase=camera.phase,
        phase_text=say.say(CAMERA_PHASES.get(camera.phase, camera.phase)),
        width=None if stream is None else stream.width,
        height=None if stream is None else stream.height,
        fps=None if stream is None else stream.nominal_fps,
        codec=None if stream is None else stream.codec,
        picture_text=picture,
        frames=camera.frames,
        losses=camera.losses,
        last_frame_age_s=_age(camera.last_frame_s, now_s),
        sink=None if choice is None else choice.sink.value,
        sink_text="" if choice is None else say.say(SINKS[choice.sink]),
        reason=None if choice is None else choice.reason.value,
        blocked_by=None if choice is None or choice.blocked_by is None else choice.blocked_by.value,
        choice_text=choice_sentence(choice, say),
        arming=camera_arming(source.board, camera.camera_id, source.clock.now(), say),
        zones=camera_zones(source.board, camera.camera_id, say),
        sensitivity=camera_sensitivity(source.board, camera.camera_id, stream, say),
        packet_gate=camera_packet_gate(camera, say),
        detects_on=camera_detects_on(camera, say),
        cover_text="" if lease is None else cover_sentence(lease.cameras.get(camera.camera_id), say),
        continuous=camera.continuous.value,
        continuous_text=continuous_sentence(camera.continuous, say),
        motion=None if reading is None else _motion(reading),
    )


def _motion(reading: MotionReading) -> doc.MotionDocument:
    return doc.MotionDocument(
        moving=reading.moving,
        light_change=reading.light_change,
        area=reading.area,
        score=reading.score,
        threshold=reading.threshold,
        box=reading.box,
    )


def _codec(name: str) -> str:
    return {"h264": "H.264", "hevc": "H.265"}.get(name, name)


def _lease(source: DiagnosticsSource, vitals: Vitals, say: Language) -> doc.LeaseDocument:
    link = source.board.link
    lease = link.lease
    refused = REFUSALS.get(link.refused_lease, link.refused_lease)
    return doc.LeaseDocument(
        state=link.lease_state.value,
        state_text=say.say(LEASE_NAMES[link.lease_state]),
        text=say.say(LEASE_STATES[link.lease_state]),
        seq=None if lease is None else str(lease.seq),
        issued_at=None if lease is None else _rfc3339(lease.issued_at_s),
        expires_at=None if lease is None else _rfc3339(lease.expires_at_s),
        grace_until=None if lease is None else _rfc3339(lease.grace_until_s),
        taken_age_s=vitals.lease_age_s,
        refused=link.refused_lease,
        refused_text=say.say(refused) if refused else "",
    )


def _broker(board: StatusBoard, say: Language) -> doc.LinkDocument:
    link = board.link
    text = say.say(msg("Connected")) if link.connected else say.say(msg("Not connected"))
    return doc.LinkDocument(
        connected=link.connected, text=text, session=link.session, last_error="" if link.connected else link.last_error
    )


def _uploads(board: StatusBoard, counts: Mapping[RowPhase, int], now_s: float, say: Language) -> doc.UploadsDocument:
    waiting = counts.get(RowPhase.SPOOLED, 0)
    if waiting:
        text = say.say_many("%(count)s clip on its way", "%(count)s clips on their way", waiting)
    else:
        text = say.say(msg("Nothing waits"))
    return doc.UploadsDocument(
        text=text,
        waiting=waiting,
        last_attempt_age_s=_age(board.uploads.attempt_s, now_s),
        last_stored_age_s=_age(board.uploads.stored_s, now_s),
        last_error=board.uploads.last_error,
    )


def _drive(board: StatusBoard, say: Language) -> doc.DriveDocument:
    drive = board.drive
    if drive is None:
        text = say.say(msg("None configured"))
        return doc.DriveDocument(
            state=None, text=text, detail="", uuid=None, file_system=None, size_bytes=None, free_bytes=None
        )
    text = say.say(DRIVE_STATES[drive.state.value])
    if drive.free_bytes is not None:
        text = say.say(msg("%(state)s, %(free)s free"), state=text, free=say.size(drive.free_bytes))
    return doc.DriveDocument(
        state=drive.state.value,
        text=text,
        detail=drive.detail,
        uuid=drive.uuid,
        file_system=drive.file_system,
        size_bytes=drive.size_bytes,
        free_bytes=drive.free_bytes,
    )


def _person(board: StatusBoard, say: Language) -> doc.PersonDocument:
    detail = board.person_detail
    if board.person is PersonState.NOT_INSTALLED:
        detail = say.say(msg("Run `make person` on the module, then restart it."))
    return doc.PersonDocument(state=board.person.value, text=say.say(PERSON_STATES[board.person]), detail=detail)


async def _disk(source: DiagnosticsSource, vitals: Vitals, say: Language) -> doc.DiskDocument:
    spool_bytes = await source.ledger.spool_bytes()
    used, budget = say.size(spool_bytes), say.size(source.spool_budget_bytes)
    return doc.DiskDocument(
        text=say.say(msg("%(free)s free"), free=say.size(vitals.disk_free_bytes)),
        spool_text=say.say(msg("clips take %(used)s of %(budget)s"), used=used, budget=budget),
        free_bytes=vitals.disk_free_bytes,
        reserve_bytes=source.reserve_bytes,
        spool_bytes=spool_bytes,
        spool_budget_bytes=source.spool_budget_bytes,
    )


def _clip(row: ClipRow, board: StatusBoard, say: Language) -> doc.ClipDocument:
    camera = board.cameras.get(row.camera_id)
    choice = row.choice
    length = "" if not row.duration_ms else f"{row.duration_ms / 1000:.0f}\u00a0s"
    return doc.ClipDocument(
        clip_id=row.clip_id,
        camera_id=row.camera_id,
        camera=row.camera_id[:8] if camera is None else camera.name,
        kind=row.kind.value,
        clip_reason=row.clip_reason.value,
        clip_reason_text=say.say(CLIP_REASONS[row.clip_reason.value]),
        phase=row.phase.value,
        phase_text=say.say(ROW_PHASES[row.phase]),
        sink=choice.sink.value,
        sink_text=say.say(SINKS[choice.sink]),
        reason=choice.reason.value,
        blocked_by=None if choice.blocked_by is None else choice.blocked_by.value,
        choice_text=choice_sentence(choice, say),
        grant=choice.grant,
        lease_seq=None if choice.lease_seq is None else str(choice.lease_seq),
        captured_at=row.captured_at,
        clock_trusted=row.clock_trusted,
        duration_ms=row.duration_ms,
        length_text=length,
        size_bytes=row.size_bytes,
        synced_bytes=row.synced_bytes,
        sha256=row.sha256,
        lost_because=row.lost_because,
        media_url=None if row.path is None else f"/media/{quote(row.clip_id, safe='')}",
    )


def _age(at_s: float | None, now_s: float) -> float | None:
    return None if at_s is None else round(max(0.0, now_s - at_s), 3)


def _rfc3339(civil_s: float) -> str:
    text = datetime.fromtimestamp(civil_s, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
