"""How a ledger row stands in the table, and how it is read back."""

from collections.abc import Mapping

from agent.domain.clip import (
    BlockedBy,
    ClipReason,
    ClipRow,
    MediaKind,
    RowPhase,
    Sink,
    SinkChoice,
    SinkReason,
)

Value = str | int | float | bytes | None


def row_to_values(row: ClipRow) -> tuple[Value, ...]:
    """Flatten a row in the order of the table's columns."""
    return (
        row.clip_id,
        row.camera_id,
        row.kind.value,
        row.clip_reason.value,
        row.phase.value,
        row.choice.sink.value,
        row.choice.reason.value,
        None if row.choice.blocked_by is None else row.choice.blocked_by.value,
        row.choice.grant,
        row.choice.lease_seq,
        row.captured_at,
        int(row.clock_trusted),
        row.path,
        row.usb_path,
        row.synced_bytes,
        row.size_bytes,
        row.sha256,
        row.duration_ms,
        row.upload_url,
        row.attempts,
        row.lost_because,
        row.refused_seq,
        row.ended_early,
    )


def values_to_row(values: Mapping[str, Value]) -> ClipRow:
    """Build a row from the table's columns by name; ValueError or KeyError when a value is not one of ours."""
    return ClipRow(
        clip_id=str(values["clip_id"]),
        camera_id=str(values["camera_id"]),
        kind=MediaKind(str(values["kind"])),
        clip_reason=ClipReason(str(values["clip_reason"])),
        phase=RowPhase(str(values["phase"])),
        choice=SinkChoice(
            sink=Sink(str(values["sink"])),
            reason=SinkReason(str(values["sink_reason"])),
            blocked_by=None if values["blocked_by"] is None else BlockedBy(str(values["blocked_by"])),
            grant=_text(values["grant_id"]),
            lease_seq=_number(values["lease_seq"]),
        ),
        captured_at=str(values["captured_at"]),
        clock_trusted=bool(values["clock_trusted"]),
        path=_text(values["path"]),
        usb_path=_text(values["usb_path"]),
        synced_bytes=_number(values["synced_bytes"]) or 0,
        size_bytes=_number(values["size_bytes"]),
        sha256=_text(values["sha256"]),
        duration_ms=_number(values["duration_ms"]),
        upload_url=_text(values["upload_url"]),
        attempts=_number(values["attempts"]) or 0,
        lost_because=_text(values["lost_because"]),
        refused_seq=_number(values.get("refused_seq")),
        ended_early=_text(values.get("ended_early")),
    )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _number(value: Value) -> int | None:
    return None if value is None else int(value)
