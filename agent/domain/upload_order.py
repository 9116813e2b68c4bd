"""Which clip the next bytes come from, when several wait for the cloud."""

from collections.abc import Mapping, Sequence

from agent.domain.clip import ClipRow, RowPhase, Sink

CLOUD_SINKS = frozenset({Sink.CLOUD, Sink.QUOTA})


def wants_cloud(row: ClipRow) -> bool:
    """Say whether the row is on its way to the cloud, still growing or closed."""
    return row.choice.sink in CLOUD_SINKS and row.phase in {RowPhase.RECORDING, RowPhase.SPOOLED}


def next_to_send(rows: Sequence[ClipRow], sent_bytes: Mapping[str, int]) -> ClipRow | None:
    """Pick the row whose next piece goes first; `rows` are oldest first and all ready to send something.

    Evidence leaves the box fast: whoever steals the camera steals it while it records. So a clip that grows goes
    before any backlog, and among growing clips the one with the fewest bytes off the box (its first fragments tell
    most). Of the closed clips those that are begun are finished first (their viewers wait for the end), then the
    newest: what happened a minute ago matters more than what has waited for a day, and the backlog always drains
    because growing clips are slower than the line, or the line could never carry them.
    """
    growing = [row for row in rows if row.phase is RowPhase.RECORDING]
    if growing:
        return min(reversed(growing), key=lambda row: sent_bytes.get(row.clip_id, 0))
    if not rows:
        return None
    begun = [row for row in rows if sent_bytes.get(row.clip_id, 0) > 0]
    return begun[-1] if begun else rows[-1]
