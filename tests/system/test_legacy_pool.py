"""The legacy pool of 7,200 s with a real agent: a full one makes room for what moves now, and says so everywhere."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from demo.owner import ApiRefusal
from tests.rtsp.server import RtspServer
from tests.system.agreement import all_clips, assert_kept
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.system.module_uploads import Offer, upload_clip
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

LEGACY = ("quota", "legacy_account", None)
LIMIT_MS = 7_200_000
FILLER_S = 72
"""The longest clip that the cloud takes is 60 s and the slack of a pre-roll."""
FULL = "The free cloud storage was full, and it was the oldest clip."


@cache
def filler(seconds: int) -> bytes:
    """Return a fragmented MP4 of so many seconds, one small picture each."""
    file = BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(file, "w", format="mp4", container_options=options) as container:
        stream = container.add_stream("libx264", rate=1, options={"preset": "ultrafast", "g": "10", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for second in range(seconds):
            picture = av.VideoFrame.from_ndarray(np.full((72, 64), second % 200, np.uint8), format="yuv420p")
            picture.pts, picture.time_base = second, Fraction(1)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def pool_ms(house: House) -> int:
    """Return how much of the pool is used, and prove that it never holds more than it may."""
    [pool] = house.owner.call("GET", "/api/v1/plan")["pools"]
    assert pool["limit_ms"] == LIMIT_MS
    assert pool["used_ms"] <= LIMIT_MS
    return int(pool["used_ms"])


def fill_the_pool(house: House) -> None:
    """Let two hours pass and upload what the module could have recorded in them, to the last second."""
    offer = Offer(house.camera_id("Street"), int(house.status()["lease"]["seq"]), house.lab_now(), sink="quota")
    house.advance(timedelta(hours=3))
    captured_at, room_s = offer.captured_at + timedelta(minutes=1), (LIMIT_MS - pool_ms(house)) // 1000
    while room_s > 0:
        seconds = min(room_s, FILLER_S)
        upload_clip(house, replace(offer, captured_at=captured_at), filler(seconds))
        captured_at += timedelta(seconds=seconds + 10)
        room_s -= seconds
    assert 0 <= LIMIT_MS - pool_ms(house) < 1000  # each clip was as long as it was made


def oldest_first(house: House) -> list[dict[str, Any]]:
    return sorted(all_clips(house), key=lambda clip: (clip["captured_at"], clip["clip_id"]))


def evictions(house: House) -> list[str]:
    """Return the clips that left the pool, in the order of the owner's log."""
    entries = house.owner.call("GET", "/api/v1/log?limit=500")
    return [e["subject"] for e in entries[::-1] if (e["what"], e["rule"]) == ("clip_gone", "quota_evicted")]


def record_one(house: House) -> dict[str, Any]:
    """Let one clip arrive, while the pool is watched."""
    row = house.new_clip("Street")

    def stored() -> bool:
        pool_ms(house)
        return bool(house.row(row["clip_id"])["phase"] == "stored_cloud")

    wait_until(stored, SOON_S, f"the clip arrives; the agent's log:\n{house.agent.log_tail(20)}")
    return house.row(row["clip_id"])


def test_a_full_pool_makes_room_for_the_newest_clip_and_everybody_says_why(tmp_path: Path, street: RtspServer) -> None:
    wish = Wish((Camera("Street", street.url),), account={"created_on": date(2020, 4, 15)})
    with open_running_house(tmp_path, wish) as house:
        house.wait_for_words("Street", LEGACY)
        assert_kept(house, "Street", LEGACY)
        house.settle()
        fill_the_pool(house)
        before = oldest_first(house)
        oldest = before[0]
        assert house.row(oldest["clip_id"])["phase"] == "stored_cloud"

        house.arm(armed=True)
        newest = record_one(house)
        house.settle()
        assert (newest["sink"], newest["reason"]) == LEGACY[:2]
        gone = assert_only_what_had_to_leave_left(house, before)
        assert gone[0] == oldest["clip_id"]
        assert newest["clip_id"] in {clip["clip_id"] for clip in all_clips(house)}
        assert_everybody_says_that_it_is_gone(house, oldest)
        assert_never_sent_again(house, oldest)


def assert_only_what_had_to_leave_left(house: House, before: list[dict[str, Any]]) -> list[str]:
    """Prove that the oldest left, in order, and the last of them because there was no room with it."""
    gone = wait_until(lambda: evictions(house), SOON_S, "a clip left the full pool")
    assert gone == [clip["clip_id"] for clip in before[: len(gone)]]
    assert {clip["clip_id"] for clip in before[len(gone) :]} <= {clip["clip_id"] for clip in all_clips(house)}
    assert sum(clip["duration_ms"] for clip in all_clips(house)) == pool_ms(house)
    assert pool_ms(house) + before[len(gone) - 1]["duration_ms"] > LIMIT_MS
    return gone


def assert_everybody_says_that_it_is_gone(house: House, clip: dict[str, Any]) -> None:
    clip_id = clip["clip_id"]
    with pytest.raises(ApiRefusal) as refused:
        house.owner.fetch("GET", f"/api/v1/clips/{clip_id}/media")
    assert (refused.value.status, refused.value.code) == (410, "clip_deleted")
    with pytest.raises(ApiRefusal) as refused:
        house.owner.fetch("GET", f"/clips/{clip_id}")
    assert refused.value.status == 410
    assert FULL in unescape(house.owner.fetch("GET", "/log").decode())
    assert f"event=clip_gone clip_id={clip_id} because=quota_evicted" in house.cloud.log.read_text(encoding="utf-8")
    tombstone = house.at_cloud(clip_id)
    assert tombstone is not None
    assert (tombstone["disposition"], tombstone["sha256"]) == ("evicted", clip["sha256"])
    assert [path for path in (house.folder / "cloud").rglob(f"*{clip_id}*") if path.is_file()] == []


def assert_never_sent_again(house: House, clip: dict[str, Any]) -> None:
    """Prove that the agent, also a new one, takes the clip for delivered: it has no file and begins no upload."""
    house.restart_agent()
    house.arm(armed=True)
    record_one(house)
    row = house.row(clip["clip_id"])
    assert (row["phase"], row["sink"], row["reason"]) == ("stored_cloud", *LEGACY[:2])
    assert house.places(row) == []
    log = house.cloud.log.read_text(encoding="utf-8")
    assert len(re.findall(f"event=clip_begins .*clip_id={clip['clip_id']}", log)) == 1
    assert datetime.fromisoformat(row["captured_at"]) < house.lab_now() - timedelta(hours=3)
