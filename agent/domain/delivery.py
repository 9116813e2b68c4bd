"""The life of a ledger row as one table: (phase, signal) -> (phase, act), total over the product."""

from dataclasses import dataclass
from enum import StrEnum

from agent.domain.clip import RowPhase, Sink, SinkChoice


class Signal(StrEnum):
    """What happened to a clip."""

    CLOSED = "closed"  # whole on the module's own disk (or salvaged), and it is known where it goes
    CLOSED_UNDECIDED = "closed_undecided"  # the same, but no lease says yet where it goes, or the cloud said no already
    NOTHING_WHOLE = "nothing_whole"  # not one fragment is whole: closed empty, or nothing could be salvaged
    FILE_MISSING = "file_missing"  # the row stands, the file does not
    LEASE_CLOUD = "lease_cloud"
    LEASE_USB = "lease_usb"
    CLOUD_ACKNOWLEDGED = "cloud_acknowledged"  # same size and SHA-256
    CLOUD_GONE = "cloud_gone"  # evicted, deleted or expired there: the cloud had it whole
    CLOUD_REFUSED = "cloud_refused"
    DRIVE_VERIFIED = "drive_verified"  # read back from the drive and hashed
    DRIVE_PARKED = "drive_parked"  # the same for a clip that no lease has decided yet
    DRIVE_GONE = "drive_gone"
    BUDGET_EVICTED = "budget_evicted"  # the spool needed the room
    OVERWRITTEN = "overwritten"  # the drive needed the room for newer clips, as its owner chose
    DELETED_ON_DRIVE = "deleted_on_drive"  # by the module's owner
    WINDOW_OVER = "window_over"  # a continuous segment older than its camera's rolling window


class Act(StrEnum):
    """What the flow does after the row was committed in its new phase."""

    NONE = "none"
    DELIVER = "deliver"  # wake the uploader or the drive's writer
    DECIDE = "decide"  # ask the lease and the drive where it goes
    STOP_SENDING = "stop_sending"  # the cloud will not have it: record on, decide at close
    DROP_COPY = "drop_copy"  # unlink, sync the folder, then clear the path


@dataclass(frozen=True, slots=True)
class Move:
    """The phase after a signal, and what to do then."""

    phase: RowPhase
    act: Act


_MOVES: dict[tuple[RowPhase, Signal], Move] = {
    (RowPhase.RECORDING, Signal.CLOSED): Move(RowPhase.SPOOLED, Act.DELIVER),
    (RowPhase.RECORDING, Signal.CLOSED_UNDECIDED): Move(RowPhase.HELD, Act.DECIDE),
    (RowPhase.RECORDING, Signal.NOTHING_WHOLE): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.RECORDING, Signal.FILE_MISSING): Move(RowPhase.LOST, Act.NONE),
    (RowPhase.RECORDING, Signal.CLOUD_REFUSED): Move(RowPhase.RECORDING, Act.STOP_SENDING),
    (RowPhase.RECORDING, Signal.CLOUD_GONE): Move(RowPhase.RECORDING, Act.STOP_SENDING),
    (RowPhase.SPOOLED, Signal.CLOUD_ACKNOWLEDGED): Move(RowPhase.STORED_CLOUD, Act.DROP_COPY),
    (RowPhase.SPOOLED, Signal.CLOUD_GONE): Move(RowPhase.STORED_CLOUD, Act.DROP_COPY),
    (RowPhase.SPOOLED, Signal.CLOUD_REFUSED): Move(RowPhase.HELD, Act.DECIDE),
    (RowPhase.SPOOLED, Signal.DRIVE_VERIFIED): Move(RowPhase.STORED_USB, Act.DROP_COPY),
    (RowPhase.SPOOLED, Signal.DRIVE_GONE): Move(RowPhase.HELD, Act.NONE),
    (RowPhase.SPOOLED, Signal.BUDGET_EVICTED): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.SPOOLED, Signal.WINDOW_OVER): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.SPOOLED, Signal.FILE_MISSING): Move(RowPhase.LOST, Act.NONE),
    (RowPhase.HELD, Signal.LEASE_CLOUD): Move(RowPhase.SPOOLED, Act.DELIVER),
    (RowPhase.HELD, Signal.LEASE_USB): Move(RowPhase.SPOOLED, Act.DELIVER),
    (RowPhase.HELD, Signal.DRIVE_PARKED): Move(RowPhase.HELD, Act.DROP_COPY),
    (RowPhase.HELD, Signal.BUDGET_EVICTED): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.HELD, Signal.WINDOW_OVER): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.HELD, Signal.FILE_MISSING): Move(RowPhase.LOST, Act.NONE),
    (RowPhase.STORED_USB, Signal.WINDOW_OVER): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.STORED_USB, Signal.OVERWRITTEN): Move(RowPhase.LOST, Act.DROP_COPY),
    (RowPhase.STORED_USB, Signal.DELETED_ON_DRIVE): Move(RowPhase.LOST, Act.DROP_COPY),
}


def next_move(phase: RowPhase, signal: Signal) -> Move:
    """Return where a row goes from `phase` on `signal`; a signal that does not concern the phase changes nothing.

    Late answers are normal (a status that arrives after an eviction, a lease decision for a clip that just left), so
    they are no errors. An ended phase never moves again, but for a clip on the drive whose window
    is over, whose room is needed or that its owner deletes: the drive's copy of a lost row is taken back.
    """
    return _MOVES.get((phase, signal), Move(phase, Act.NONE))


def concerns(phase: RowPhase, signal: Signal) -> bool:
    """Say whether a signal means anything in this phase."""
    return (phase, signal) in _MOVES


def close_signal(choice: SinkChoice, refused_seq: int | None) -> Signal:
    """Say which signal a whole file gives when it closes: the cloud may have refused it while it grew."""
    refused = choice.sink in {Sink.CLOUD, Sink.QUOTA} and refused_seq is not None and refused_seq == choice.lease_seq
    return Signal.CLOSED_UNDECIDED if choice.sink is Sink.HELD or refused else Signal.CLOSED


def mermaid() -> str:
    """Draw the table as a Mermaid state diagram (docs/clip_delivery.md holds it)."""
    lines = ["stateDiagram-v2", "    [*] --> recording: opened", "    [*] --> not_kept: opened with sink none"]
    for (phase, signal), move in _MOVES.items():
        act = "" if move.act is Act.NONE else f" / {move.act}"
        lines.append(f"    {phase} --> {move.phase}: {signal}{act}")
    ended = (RowPhase.STORED_CLOUD, RowPhase.STORED_USB, RowPhase.NOT_KEPT, RowPhase.LOST)
    lines.extend(f"    {phase} --> [*]" for phase in ended)
    return "\n".join(lines) + "\n"
