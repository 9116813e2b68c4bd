"""Clips that a cancelled plan erases, saved on the site's own drive first: real agent, cloud, broker and drive."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.owner import ApiRefusal
from tests.rtsp.server import RtspServer
from tests.system.agreement import assert_kept
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

PLAN = ("cloud", "plan", None)
DRIVE_COPIES = "/api/v1/clips/drive-copies"
WAITS = timedelta(hours=24)


class Doomed:
    """A house whose plan keeps clips for 30 days and whose free level keeps them for 2: one clip is 15 days old."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.wait_for_words("Street", ("cloud", "trial", None))
        house.owner.end_trial()
        item = {"plan": "premium", "interval": "month", "camera_ids": [house.camera_id("Street")]}
        body = {"items": [item], "accept_terms": True, "payment_token": "tok_approve"}
        made = house.owner.call("POST", "/api/v1/orders", body)
        self.cancellation = f"/api/v1/subscriptions/{made['subscriptions'][0]['subscription_id']}/cancellation"
        house.wait_for_words("Street", PLAN)
        self.row = assert_kept(house, "Street", PLAN)
        self.clip_id = str(self.row["clip_id"])
        house.settle()
        house.lab({"action": "freeze"})
        house.advance(timedelta(days=15))
        wait_until(self._drive_is_known, SOON_S, "the cloud knows that the drive can be used")

    def _drive_is_known(self) -> bool:
        state = self.house.owner.modules()[0]["state"]
        return bool(state and state["drive"]["state"] == "usable")

    def ask(self) -> str:
        """Ask for the clip on the drive; return the state of that."""
        [said] = self.house.owner.call("POST", DRIVE_COPIES, {"clip_ids": [self.clip_id]})
        return str(said["drive_copy"])

    def cancel(self) -> None:
        """Cancel the plan after the preview, which names the clip."""
        preview = self.house.owner.call("GET", self.cancellation)
        assert self.clip_id in [clip["clip_id"] for clip in preview["clips_erased"]]
        self.house.owner.call("POST", self.cancellation, {"confirmation": preview["confirmation"]})

    def at_cloud(self) -> dict[str, Any] | None:
        """Return the clip as its owner sees it; `None` once it was erased."""
        try:
            found: dict[str, Any] = self.house.owner.call("GET", f"/api/v1/clips/{self.clip_id}")
        except ApiRefusal as refusal:
            if refusal.status != 410:
                raise
            return None
        return found

    def told_of_its_end(self) -> list[str]:
        """Return what the log says of the clip, oldest first; nothing before it says that the clip is gone."""
        entries = self.house.owner.call("GET", "/api/v1/log?limit=500")[::-1]
        told = [str(entry["what"]) for entry in entries if entry["subject"] == self.clip_id]
        return told if "clip_gone" in told else []

    def on_the_drive(self) -> list[Path]:
        """Return every file of the drive's saved clips that carries the clip's name, also a hidden one.

        The daily backup has copies of its own.
        """
        named = (self.house.folder / "drive").rglob(f"*{self.clip_id}*")
        return [path for path in named if path.is_file() and "veilleur_backup" not in path.parts]

    def is_online(self) -> bool:
        return bool(self.house.owner.modules()[0]["online"])


@contextmanager
def doomed(folder: Path, street: RtspServer) -> Iterator[Doomed]:
    account = {"vendor": "kasa_care", "region": "US"}
    wish = Wish((Camera("Street", street.url, "kc400"),), account=account)
    with open_running_house(folder, wish) as house:
        yield Doomed(house)


def test_with_the_drive_pulled_the_erasure_waits_as_long_as_was_said_and_then_runs(
    tmp_path: Path, street: RtspServer
) -> None:
    with doomed(tmp_path, street) as its:
        house = its.house
        house.drive.pull()
        assert its.ask() == "asked"
        its.cancel()
        answered = "event=drive_copy_answered"
        what = "the module said that its drive is out"
        wait_until(lambda: answered in house.cloud.log.read_text(encoding="utf-8"), SOON_S, what)
        house.advance(WAITS - timedelta(seconds=1))
        found = its.at_cloud()
        assert found is not None
        assert found["drive_copy"] == "asked"
        house.advance(timedelta(seconds=1))
        wait_until(lambda: its.at_cloud() is None, SOON_S, "the clip was erased")
        house.drive.put_back()
        assert its.on_the_drive() == []


def test_a_doomed_clip_is_on_the_drive_whole_before_it_is_erased(tmp_path: Path, street: RtspServer) -> None:
    with doomed(tmp_path, street) as its:
        house = its.house
        house.agent.stop()
        assert its.ask() == "asked"
        its.cancel()
        house.lab({"advance_s": 3600})
        assert its.at_cloud() is not None, "without its copy it is not erased"
        assert its.on_the_drive() == []

        house.start_agent()
        wait_until(its.is_online, SOON_S, "the cloud knows that the module is back")
        its.ask()
        wait_until(its.on_the_drive, SOON_S, f"the copy; the agent's log:\n{house.agent.log_tail(30)}")
        wait_until(lambda: its.at_cloud() is None, SOON_S, "the clip was erased once it was saved")
        [path] = its.on_the_drive()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == its.row["sha256"]
        assert path.relative_to(house.folder / "drive").parts[-4:-2] == ("veilleur", "saved")
        told = wait_until(its.told_of_its_end, SOON_S, "the log says that the clip is gone")
        assert told.index("drive_copy_saved") < told.index("clip_gone")
