"""Clip records made up for rules that look at a few fields only."""

from dataclasses import replace
from datetime import UTC, datetime

from cloud_stub.domain.records import Clip, ClipPhase, Disposition

START = datetime(2026, 3, 1, tzinfo=UTC)
PLAIN = Clip(
    clip_id="0",
    module_id="m",
    account_id="a",
    camera_id="c",
    kind="clip",
    clip_reason="motion",
    sink="quota",
    why="legacy_model",
    grant="g",
    lease_seq=1,
    pool="p",
    keep_for_days=None,
    captured_at=START,
    clock_trusted=True,
    received_at=START,
    retained_from=START,
    phase=ClipPhase.HELD,
    disposition=Disposition.HELD,
    duration_ms=1000,
    size_bytes=1,
    sha256="0",
    gone_at=None,
    gone_because=None,
)


def a_clip(number: int, *, duration_ms: int = 1000, start: datetime = START, keep_for_days: int | None = None) -> Clip:
    """Return a held clip."""
    return replace(
        PLAIN, clip_id=f"{number:04}", duration_ms=duration_ms, retained_from=start, keep_for_days=keep_for_days
    )
