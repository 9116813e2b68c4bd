"""Months in seconds on the lab's clock: what falls due happens at its instant, also when the cloud dies on the way."""

import hashlib
import re
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.owner import ApiRefusal
from tests.rtsp.server import RtspServer
from tests.system.agreement import PLACE, all_clips, assert_kept, assert_nothing_lost_or_doubled
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.system.module_uploads import Offer, begin_upload, problem_code
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

DAY = timedelta(days=1)
MOMENT = timedelta(milliseconds=1)


def record_one(house: House, words: tuple[str, str, str | None]) -> dict[str, Any]:
    """Record with the clock running, then freeze it again so that instants can be met exactly."""
    house.lab({"action": "resume"})
    house.arm(armed=True)
    house.wait_for_words("Street", words)
    row = assert_kept(house, "Street", words)
    house.settle()
    house.lab({"action": "freeze"})
    return row


def due_of(house: House, clip: dict[str, Any]) -> datetime:
    days = int(house.owner.call("GET", "/api/v1/account")["auto_delete_days"])
    return datetime.fromisoformat(clip["captured_at"]) + days * DAY


def held(house: House) -> dict[str, dict[str, Any]]:
    return {clip["clip_id"]: clip for clip in all_clips(house)}


def files_of(house: House, clip_id: str) -> list[Path]:
    """Return every file in the cloud's folder that belongs to a clip."""
    return [path for path in (house.folder / "cloud").rglob(f"*{clip_id}*") if path.is_file()]


def go_to(house: House, instant: datetime) -> None:
    house.lab({"advance_to": instant.isoformat()})


def log_of(house: House, what: str) -> list[tuple[datetime, str, str]]:
    """Return (at, subject, rule) of what happened, oldest first."""
    entries = house.owner.call("GET", "/api/v1/log?limit=500")
    found = [(datetime.fromisoformat(e["at"]), e["subject"], e["rule"]) for e in entries if e["what"] == what]
    return found[::-1]


def test_thirty_days_pass_in_seconds_and_everything_happens_at_its_instant(tmp_path: Path, street: RtspServer) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", street.url),))) as house:
        house.owner.call("PATCH", "/api/v1/account", {"auto_delete_days": 7})
        ends_at = datetime.fromisoformat(house.owner.call("GET", "/api/v1/plan")["trial"]["ends_at"])
        record_one(house, ("cloud", "trial", None))
        leaves_exactly_when_due(house)

        go_to(house, ends_at - 2 * DAY)
        record_one(house, ("cloud", "trial", None))
        go_to(house, ends_at + DAY)
        assert [entry[0] for entry in log_of(house, "trial_ended")] == [ends_at]
        day_31(house)
        leaves_exactly_when_due(house)
        assert {row["phase"] for row in house.ledger()} == {"stored_cloud", "stored_usb"}


def leaves_exactly_when_due(house: House) -> None:
    """Prove that each clip plays until a moment before its instant, and is gone then, with its files."""
    clips = sorted(held(house).values(), key=lambda clip: (clip["captured_at"], clip["clip_id"]))
    gone_before = len(log_of(house, "clip_gone"))
    assert clips
    for clip in clips:
        go_to(house, due_of(house, clip) - MOMENT)
        media = house.owner.fetch("GET", f"/api/v1/clips/{clip['clip_id']}/media")
        assert hashlib.sha256(media).hexdigest() == clip["sha256"]
        assert files_of(house, clip["clip_id"])
        go_to(house, due_of(house, clip))
        with pytest.raises(ApiRefusal, match="clip_deleted"):
            house.owner.fetch("GET", f"/api/v1/clips/{clip['clip_id']}/media")
        assert files_of(house, clip["clip_id"]) == []
    assert held(house) == {}
    gone = log_of(house, "clip_gone")[gone_before:]
    assert gone == [(due_of(house, clip), clip["clip_id"], "auto_delete") for clip in clips]


def day_31(house: House) -> None:
    """Prove that the trial's clips are still there, and that the drive takes a new one and the cloud does not."""
    before = held(house)
    assert before
    row = record_one(house, ("usb", "local_storage", None))
    lease_seq = int(house.status()["lease"]["seq"])
    refusal = begin_upload(house, Offer(row["camera_id"], lease_seq, house.lab_now()))
    assert problem_code(refusal) == (403, "not_entitled")
    assert held(house) == before


def test_a_cloud_killed_in_the_middle_of_an_advance_goes_on_where_it_was(tmp_path: Path, street: RtspServer) -> None:
    cameras = tuple(Camera(name, street.url) for name in ("Street", "Yard", "Door"))
    wish = Wish(cameras, longest_clip_s=8, account={"region": "US"})
    with open_running_house(tmp_path, wish) as house:
        for camera in cameras:
            house.wait_for_words(camera.name, ("cloud", "trial", None))
        ends_at = datetime.fromisoformat(house.owner.call("GET", "/api/v1/plan")["trial"]["ends_at"])
        in_flight = [growing(house, camera.name) for camera in cameras]
        target = ends_at + DAY
        kill_while_it_advances(house, target)
        house.start_cloud()
        clock = house.lab()
        assert clock["advancing_to"] is None
        assert datetime.fromisoformat(clock["now"]) >= target
        assert [entry[0] for entry in log_of(house, "trial_ended")] == [ends_at]
        for camera in cameras:
            house.wait_for_words(camera.name, ("usb", "local_storage", None), SOON_S)
        house.new_clip("Street", ["recording"])
        rows = {row["clip_id"]: row for row in assert_nothing_lost_or_doubled(house)}
        assert {rows[clip_id]["phase"] for clip_id in in_flight} == {"stored_cloud"}
        assert {row["phase"] for row in rows.values()} <= PLACE.keys()
        assert_in_order(house)


def growing(house: House, name: str) -> str:
    """Wait for a clip of this camera that is being recorded and that the cloud has a part of."""

    def found() -> str:
        rows = [row for row in house.ledger() if row["camera"] == name and row["phase"] == "recording"]
        parts = [(row["clip_id"], house.at_cloud(row["clip_id"])) for row in rows]
        return next((str(clip_id) for clip_id, part in parts if part is not None and part["received_bytes"]), "")

    return wait_until(found, SOON_S, f"a clip of {name} travels while it is recorded")


def kill_while_it_advances(house: House, target: datetime) -> None:
    """Kill the cloud (-9) when its clock has left and not arrived; who asked for the advance gets no answer."""
    start = house.lab_now()

    def advance() -> None:
        try:
            house.lab({"advance_to": target.isoformat()})
        except OSError:
            return  # the connection died with the cloud

    asking = threading.Thread(target=advance)
    asking.start()

    def on_the_way() -> bool:
        state = house.lab()
        now = datetime.fromisoformat(state["now"])
        return state["advancing_to"] is not None and start + DAY < now < target

    wait_until(on_the_way, SOON_S, "the advance is on its way")
    house.cloud.kill()
    asking.join(30)
    assert not asking.is_alive()
    assert "lab_clock_set now=" + target.isoformat() not in house.cloud.log.read_text(encoding="utf-8")


def assert_in_order(house: House) -> None:
    """Leases rose over the kill, and what happened was written down once, in the order of its time."""
    seqs = [
        int(seq) for seq in re.findall(r"event=lease_issued .*seq=(\d+)", house.cloud.log.read_text(encoding="utf-8"))
    ]
    assert seqs == sorted(set(seqs))
    assert "lab_clock_advance_taken_up" in house.cloud.log.read_text(encoding="utf-8")
    entries = house.owner.call("GET", "/api/v1/log?limit=500")
    times = [datetime.fromisoformat(entry["at"]) for entry in entries]
    assert times == sorted(times, reverse=True)
    stored = [entry["subject"] for entry in entries if entry["what"] == "clip_stored"]
    assert len(stored) == len(set(stored))
