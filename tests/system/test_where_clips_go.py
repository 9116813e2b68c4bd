"""DESIGN §5 end to end, a line at a time and switching while it runs: agent, cloud, Mosquitto and RTSP are real."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.rtsp.server import RtspServer
from tests.system.agreement import Words, assert_in_one_place, assert_kept, words_of
from tests.system.agreement import assert_nothing_lost_or_doubled as assert_whole
from tests.system.house import Camera, House, Wish, open_house, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL: Words = ("cloud", "trial", None)
PLAN: Words = ("cloud", "plan", None)
USB: Words = ("usb", "local_storage", None)
NO_LEASE: Words = ("held", "no_lease", None)
GRACE_OVER: Words = ("held", "grace_over", None)


def nowhere(blocked_by: str) -> Words:
    return "none", "not_entitled", blocked_by


def absent_from_the_start(house: House) -> None:
    house.agent.stop()
    house.drive.pull()
    house.start_agent()


def eject(house: House) -> None:
    house.owner.call("POST", f"/api/v1/modules/{house.module_id}/commands", {"name": "eject_drive", "arguments": {}})


DRIVE_FAULTS: dict[str, tuple[Callable[[House], None], Callable[[House], None]]] = {
    "full": (lambda house: house.drive.fill(), lambda house: house.drive.empty()),
    "read_only": (
        lambda house: house.drive.make_read_only(),
        lambda house: house.drive.make_read_only(read_only=False),
    ),
    "pulled": (lambda house: house.drive.pull(), lambda house: house.drive.put_back()),
    "ejected": (eject, lambda house: house.drive.put_back()),
    "foreign": (lambda house: house.drive.swap(), lambda house: house.drive.swap("E0E0-0001")),
    "unsupported": (lambda house: house.drive.format("ntfs"), lambda house: house.drive.format("exfat")),
    "absent": (absent_from_the_start, lambda house: house.drive.put_back()),
}
"""What happens to the drive of an uncovered camera (the word of `blocked_by` after `drive_`), and what ends it."""


@pytest.fixture(scope="module")
def uncovered(tmp_path_factory: pytest.TempPathFactory, street: RtspServer) -> Iterator[House]:
    """Run a house whose trial is over: one camera may use the drive, one of a legacy model has the pool."""
    cameras = (Camera("Street", street.url), Camera("Yard", street.url, "xt2"))
    with open_running_house(tmp_path_factory.mktemp("uncovered"), Wish(cameras)) as house:
        house.wait_for_words("Street", TRIAL)
        assert_kept(house, "Yard", TRIAL)
        house.owner.end_trial()
        yield house


@pytest.mark.parametrize("fault", DRIVE_FAULTS)
def test_without_a_usable_drive_an_uncovered_clip_goes_nowhere_and_everybody_says_why(
    uncovered: House, fault: str
) -> None:
    break_it, mend_it = DRIVE_FAULTS[fault]
    uncovered.wait_for_words("Street", USB)
    break_it(uncovered)
    uncovered.wait_for_words("Street", nowhere(f"drive_{fault}"))
    assert_kept(uncovered, "Street", nowhere(f"drive_{fault}"))
    mend_it(uncovered)
    uncovered.wait_for_words("Street", USB)
    assert_kept(uncovered, "Street", USB)


def test_a_legacy_model_keeps_its_pool_when_the_trial_is_over(uncovered: House) -> None:
    uncovered.wait_for_words("Yard", ("quota", "legacy_model", None))
    assert_kept(uncovered, "Yard", ("quota", "legacy_model", None))


def test_a_plan_that_is_bought_and_ended_moves_the_next_clip_there_and_back(uncovered: House) -> None:
    bought = uncovered.owner.call("POST", "/api/v1/subscriptions", {"plan": "plus", "interval": "month"})
    uncovered.wait_for_words("Street", PLAN)
    assert_kept(uncovered, "Street", PLAN)
    uncovered.owner.call("DELETE", f"/api/v1/subscriptions/{bought['subscription_id']}")
    uncovered.wait_for_words("Street", USB)
    assert_kept(uncovered, "Street", USB)


def test_after_all_that_every_clip_stands_in_one_place(uncovered: House) -> None:
    """Clips whose drive went away while they were recorded waited, and came to it when it was back."""
    rows = assert_whole(uncovered)
    assert {"stored_cloud", "stored_usb", "not_kept"} == {row["phase"] for row in rows}


def test_a_trial_that_ends_in_the_middle_of_a_clip_changes_the_next_one(tmp_path: Path, street: RtspServer) -> None:
    wish = Wish((Camera("Street", street.url),), longest_clip_s=6)
    with open_running_house(tmp_path, wish) as house:
        house.wait_for_words("Street", TRIAL)
        running = house.new_clip("Street", ["recording"])
        house.owner.end_trial()
        house.wait_for_words("Street", USB)  # the promise is 2 s; this waits for ten times as long
        assert house.row(running["clip_id"])["phase"] == "recording"
        row = house.ended(running["clip_id"])
        assert words_of(row) == TRIAL
        assert_in_one_place(house, row)
        assert_kept(house, "Street", USB)
        assert_whole(house)


def test_without_a_lease_and_after_its_grace_clips_are_held_and_then_decided(
    tmp_path: Path, street: RtspServer
) -> None:
    with open_house(tmp_path, Wish((Camera("Street", street.url),))) as house:
        assert house.listener is not None
        house.broker.stop()
        house.cloud.stop()
        house.start_agent()
        first = hold_a_clip(house, NO_LEASE)
        house.broker.start()
        house.start_cloud()
        house.owner.log_in()
        house.camera_id("Street")  # proposed, and in the lease by now or at once
        house.wait_for_words("Street", nowhere("camera_not_confirmed"))
        assert_kept(house, "Street", nowhere("camera_not_confirmed"))
        assert house.row(first)["phase"] == "held"
        house.confirm()
        assert_decided(house, first, TRIAL)

        now = house.lab_now()
        house.cloud.kill()
        house.listener.say("clock", {"now": (now + timedelta(days=9)).isoformat(), "frozen": False, "lease_seq": None})
        second = hold_a_clip(house, GRACE_OVER)
        house.start_cloud()
        assert_decided(house, second, TRIAL)
        assert_whole(house)


def hold_a_clip(house: House, words: Words) -> str:
    """Let a clip be recorded that nobody can decide on yet: it is parked on the drive, and there alone."""
    house.wait_for_words("Street", words)
    row = house.ended(house.new_clip("Street")["clip_id"])
    assert (row["phase"], words_of(row)) == ("held", words)
    wait_until(lambda: house.places(row) == ["drive"], 30, f"the clip is parked; it is at {house.places(row)}")
    return str(row["clip_id"])


def assert_decided(house: House, clip_id: str, words: Words) -> None:
    wait_until(lambda: house.row(clip_id)["phase"] == "stored_cloud", 60, f"the cloud has it: {house.row(clip_id)}")
    row = house.row(clip_id)
    assert words_of(row) == words
    assert_in_one_place(house, row)


OTHER_HOUSES: dict[str, tuple[Wish, Words]] = {
    "legacy_account": (
        Wish((), account={"created_on": date(2020, 4, 15)}),
        ("quota", "legacy_account", None),
    ),
    "module_not_eligible": (Wish((), module_model="sync_module_1"), nowhere("module_not_eligible")),
}


@pytest.mark.parametrize("line", OTHER_HOUSES)
def test_account_and_module_decide_where_an_uncovered_clip_goes(tmp_path: Path, street: RtspServer, line: str) -> None:
    wish, words = OTHER_HOUSES[line]
    with open_running_house(tmp_path, replace(wish, cameras=(Camera("Street", street.url),))) as house:
        if house.owner.call("GET", "/api/v1/plan")["trial"] is not None:
            house.wait_for_words("Street", TRIAL)
            house.owner.end_trial()
        house.wait_for_words("Street", words)
        assert_kept(house, "Street", words)
        assert_whole(house)
