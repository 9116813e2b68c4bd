"""What modules say on the broker, checked before it reaches a record: availability, state, events, command results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

LARGEST_BYTES = {"availability": 1024, "state": 128 * 1024, "event": 16 * 1024, "cmd": 16 * 1024, "lease": 1024}
EVENT_KINDS = frozenset({"motion", "clip", "storage", "alert"})
LONGEST_ID = 64
LOGGED_CLIP_CHANGES = frozenset({"stored", "lost", "not_kept"})


@dataclass(frozen=True, slots=True)
class Availability:
    """`session` rises by one with each start of the agent."""

    online: bool
    session: int


@dataclass(frozen=True, slots=True)
class EventWords:
    """One event; `what`, `subject` and `rule` are its line in the account's log, or `what` is empty: not logged."""

    event_id: str
    what: str
    subject: str
    rule: str


def read_object(topic: str, payload: bytes) -> dict[str, object]:
    """Return the JSON object of a payload; ValueError says what is wrong, without its content."""
    limit = LARGEST_BYTES.get(topic.partition("/")[0], 0)
    if len(payload) > limit:
        raise ValueError(f"larger than {limit} bytes")
    try:
        document = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - every refusal is one kind of error here
    return document


def read_availability(payload: bytes) -> Availability:
    """Read availability_v1.json; ValueError says what is wrong."""
    document = read_object("availability", payload)
    status, session = document.get("status"), document.get("session")
    if status not in ("online", "offline") or not _counter(session):
        raise ValueError("no status or session")
    return Availability(status == "online", int(str(session)))


def drive_state(state: str | None) -> str:
    """Return the word of the drive's state in the last state that a module sent; `absent` where it says none."""
    try:
        document = json.loads(state or "{}")
    except (ValueError, RecursionError):
        return "absent"
    drive = document.get("drive") if isinstance(document, dict) else None
    word = drive.get("state") if isinstance(drive, dict) else None
    return word if isinstance(word, str) else "absent"


def read_state(payload: bytes) -> int:
    """Check what others rely on in state_v1.json and return its session; ValueError says what is wrong."""
    document = read_object("state", payload)
    for key in ("lease", "drive", "spool", "ledger", "cameras"):
        if not isinstance(document.get(key), dict):
            raise ValueError(f"no object {key!r}")  # noqa: TRY004 - as above
    session = document.get("session")
    if not _counter(session):
        raise ValueError("no session")
    return int(str(session))


def read_event(kind: str, payload: bytes) -> EventWords:
    """Read event_*_v1.json; ValueError says what is wrong."""
    if kind not in EVENT_KINDS:
        raise ValueError("no such kind of event")
    document = read_object("event", payload)
    event_id = _word(document, "event_id")
    if not event_id:
        raise ValueError("no event_id")
    what, subject, rule = _line(kind, document)
    return EventWords(event_id, what, subject, rule)


def _line(kind: str, document: Mapping[str, object]) -> tuple[str, str, str]:
    """Return `what`, `subject` and `rule` of the log line."""
    camera_id = _word(document, "camera_id")
    if kind == "motion":
        started = document.get("phase") == "started"
        return ("motion_started" if started else ""), camera_id, _why(document, "recording")
    if kind == "clip":
        change = _word(document, "change")
        logged = change in LOGGED_CLIP_CHANGES
        why = _word(document, "lost_because") or _why(document, "sink")
        return (f"clip_{change}" if logged else ""), _word(document, "clip_id"), why
    if kind == "storage":
        return f"storage_{_word(document, 'state')}", _word(document, "subject"), ""
    ended = "_over" if document.get("cleared") is True else ""
    return f"alert_{_word(document, 'code')}{ended}"[:LONGEST_ID], camera_id, _word(document, "code")


def _why(document: Mapping[str, object], sink: str) -> str:
    """Return sink, reason and what blocked the drive, as far as they are there."""
    return " ".join(word for key in (sink, "reason", "blocked_by") if (word := _word(document, key)))


def _word(document: Mapping[str, object], key: str) -> str:
    """Return a word that any database and page can take, or an empty one."""
    value = document.get(key)
    return value[:LONGEST_ID] if isinstance(value, str) and value.isprintable() else ""


def _counter(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
