"""`/metrics` in the Prometheus text format (0.0.4)."""

from collections.abc import Iterable, Mapping

from agent.domain.clip import RowPhase
from agent.domain.lease import LeaseState
from agent.flow.status_board import CameraBoard, CameraHealth
from agent.web.status_document import DiagnosticsSource
from hardware.drive import DriveState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[Mapping[str, str], float | None]


class _Page:
    """Collects metric families; a sample without a value is left out, as Prometheus wants unknowns."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def family(self, name: str, kind: str, text: str, samples: Iterable[Sample]) -> None:
        """Add one metric with its help."""
        self.lines += [f"# HELP veilleur_{name} {text}", f"# TYPE veilleur_{name} {kind}"]
        self.lines += [
            f"veilleur_{name}{_labels(labels)} {value:.10g}" for labels, value in samples if value is not None
        ]


async def metrics_text(source: DiagnosticsSource) -> str:
    """Write all metrics of this module."""
    page = _Page()
    board = source.board
    vitals, health = await source.health.judge()
    page.family("info", "gauge", "The software that runs.", [({"software": source.software}, 1)])
    page.family("healthy", "gauge", "1 when /healthz answers 200.", [({}, float(health.ok))])
    page.family("clock_trusted", "gauge", "1 when the time is known.", [({}, float(vitals.clock_trusted))])
    _cameras(page, list(board.cameras.values()), source.clock.monotonic())
    counts = await source.ledger.counts()
    page.family(
        "ledger_rows",
        "gauge",
        "Clips by phase of their life.",
        [({"phase": phase.value}, float(counts.get(phase, 0))) for phase in RowPhase],
    )
    page.family(
        "spool_bytes", "gauge", "Bytes of clips on this disk.", [({}, float(await source.ledger.spool_bytes()))]
    )
    page.family("disk_free_bytes", "gauge", "Free bytes of this disk.", [({}, float(vitals.disk_free_bytes))])
    page.family("last_saved_age_seconds", "gauge", "Since a clip's bytes were synced.", [({}, vitals.saved_age_s)])
    page.family("last_uploaded_age_seconds", "gauge", "Since the cloud acknowledged.", [({}, vitals.uploaded_age_s)])
    page.family("last_lease_age_seconds", "gauge", "Since a lease arrived.", [({}, vitals.lease_age_s)])
    page.family(
        "lease_state",
        "gauge",
        "1 for the state the lease is in.",
        [({"state": state.value}, float(state is board.link.lease_state)) for state in LeaseState],
    )
    lease = board.link.lease
    expiry = None if lease is None else float(lease.expires_at_s)
    page.family("lease_expires_timestamp_seconds", "gauge", "When the lease expires.", [({}, expiry)])
    page.family("broker_connected", "gauge", "1 while the broker session stands.", [({}, float(board.link.connected))])
    drive = board.drive
    states = [({"state": state.value}, float(drive is not None and state is drive.state)) for state in DriveState]
    page.family("drive_state", "gauge", "1 for the state the USB drive is in.", states)
    free = None if drive is None or drive.free_bytes is None else float(drive.free_bytes)
    page.family("drive_free_bytes", "gauge", "Free bytes of the USB drive.", [({}, free)])
    return "\n".join(page.lines) + "\n"


def _cameras(page: _Page, cameras: list[CameraBoard], now_s: float) -> None:
    labels = [{"camera": camera.camera_id, "name": camera.name} for camera in cameras]
    both = list(zip(labels, cameras, strict=True))
    page.family(
        "camera_up",
        "gauge",
        "1 while the camera sends pictures.",
        [(label, float(camera.health is CameraHealth.OK)) for label, camera in both],
    )
    page.family("camera_frames_total", "counter", "Pictures taken in.", [(label, float(c.frames)) for label, c in both])
    page.family(
        "camera_losses_total", "counter", "Times it went away.", [(label, float(c.losses)) for label, c in both]
    )
    page.family(
        "camera_last_frame_age_seconds",
        "gauge",
        "Since the newest picture.",
        [(label, None if camera.last_frame_s is None else now_s - camera.last_frame_s) for label, camera in both],
    )
    page.family(
        "camera_moving",
        "gauge",
        "1 while something moves.",
        [(label, None if camera.reading is None else float(camera.reading.moving)) for label, camera in both],
    )
    gates = [(label, camera.gate()) for label, camera in both if camera.gate is not None]
    page.family(
        "camera_heard_seconds_total", "counter", "Video whose packets came.", [(a, b.heard_s) for a, b in gates]
    )
    page.family(
        "camera_undecoded_seconds_total", "counter", "Video slept through.", [(a, b.asleep_s) for a, b in gates]
    )
    page.family(
        "camera_motions_untold_total", "counter", "Motions only pictures told.", [(a, b.missed) for a, b in gates]
    )


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
