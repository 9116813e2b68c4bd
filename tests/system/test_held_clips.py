"""DESIGN §5, first line: clips that no lease decides are held, on the drive or here, and the next lease decides."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.rtsp.server import RtspServer
from tests.system.agreement import Words, assert_in_one_place, assert_kept, words_of
from tests.system.agreement import assert_nothing_lost_or_doubled as assert_whole
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL: Words = ("cloud", "trial", None)
USB: Words = ("usb", "local_storage", None)
ABSENT: Words = ("none", "not_entitled", "drive_pulled")
HELD: Words = ("held", "grace_over", None)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, street: RtspServer) -> Iterator[House]:
    """Run a house in its trial; its cloud falls silent in each test."""
    with open_running_house(tmp_path_factory.mktemp("held"), Wish((Camera("Street", street.url),))) as opened:
        opened.wait_for_words("Street", TRIAL)
        yield opened


def nothing(_house: House) -> None:
    """Leave the house as it is."""


def put_back(house: House) -> None:
    house.wait_for_words("Street", ABSENT)  # the lease is there, and the drive is not
    house.drive.put_back()


@dataclass(frozen=True, slots=True)
class Silence:
    """The drive and the cover while the cloud is silent, where a clip waits, and what decides it then."""

    covered: bool
    drive: bool
    waits: str
    then: Callable[[House], None]
    decided: Words
    phase: str


SILENCES = {
    "covered, without a drive": Silence(True, False, "spool", nothing, TRIAL, "stored_cloud"),
    "covered, with a drive": Silence(True, True, "drive", nothing, TRIAL, "stored_cloud"),
    "uncovered, with a drive": Silence(False, True, "drive", nothing, USB, "stored_usb"),
    "uncovered, without a drive": Silence(False, False, "spool", put_back, USB, "stored_usb"),
}


@pytest.mark.parametrize("silence", SILENCES)
def test_a_clip_of_a_silent_cloud_waits_in_one_place_and_the_next_lease_decides(house: House, silence: str) -> None:
    row = SILENCES[silence]
    prepare(house, row)
    try:
        clip_id = record_in_silence(house, row.waits)
    finally:
        house.start_cloud()
    row.then(house)
    wait_until(lambda: house.row(clip_id)["phase"] == row.phase, 60, f"it is {row.phase}: {house.row(clip_id)}")
    decided = house.row(clip_id)
    assert words_of(decided) == row.decided
    assert_in_one_place(house, decided)
    assert house.listener is not None
    event = house.listener.wait_for("clip", clip_id=clip_id, change="stored")
    assert (words_of(event), event["sha256"]) == (row.decided, decided["sha256"])
    if house.status()["drive"]["state"] != "usable":
        house.drive.put_back()
    assert_kept(house, "Street", row.decided)


def prepare(house: House, row: Silence) -> None:
    """Bring cover and drive to where the row wants them."""
    if not row.covered and house.owner.call("GET", "/api/v1/plan")["trial"] is not None:
        house.owner.end_trial()
    house.wait_for_words("Street", TRIAL if row.covered else USB)
    if not row.drive:
        house.drive.pull()


def record_in_silence(house: House, waits: str) -> str:
    """Let the cloud be silent for longer than the grace, and a clip be recorded; prove that it waits in one place."""
    assert house.listener is not None
    now = house.lab_now()
    house.cloud.kill()
    later = {"now": (now + timedelta(days=9)).isoformat(), "frozen": False, "lease_seq": None}
    house.listener.say("clock", later)
    house.wait_for_words("Street", HELD)
    row = house.ended(house.new_clip("Street")["clip_id"])
    assert (row["phase"], words_of(row)) == ("held", HELD)
    wait_until(lambda: house.places(row) == [waits], SOON_S, f"the clip waits; it is at {house.places(row)}")
    event = house.listener.wait_for("clip", clip_id=row["clip_id"], change="closed")
    assert (event["sink"], event["reason"]) == HELD[:2]
    return str(row["clip_id"])


def test_after_all_that_every_clip_stands_in_one_place(house: House) -> None:
    assert {"stored_cloud", "stored_usb"} <= {row["phase"] for row in assert_whole(house)}
