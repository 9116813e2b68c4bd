"""DESIGN §5 in the middle of a clip: it ends where it was decided to go, and the next one goes by the new words."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.rtsp.server import RtspServer
from tests.system.agreement import Words, assert_in_one_place, assert_kept, words_of
from tests.system.agreement import assert_nothing_lost_or_doubled as assert_whole
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL: Words = ("cloud", "trial", None)
PLAN: Words = ("cloud", "plan", None)
USB: Words = ("usb", "local_storage", None)
POOL: Words = ("quota", "legacy_model", None)
LONGEST_S = 4.0
YOUNG_S = (0.8, 3.0)
"""A clip of this age, pre-roll included, is far from both of its ends; at some time two cameras have such clips."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, street: RtspServer) -> Iterator[House]:
    """Run a house whose trial is over: one camera may use the drive, one of a legacy model has the pool."""
    cameras = (Camera("Street", street.url), Camera("Yard", street.url, "xt2"))
    wish = Wish(cameras, longest_clip_s=LONGEST_S)
    with open_running_house(tmp_path_factory.mktemp("switching"), wish) as opened:
        for camera in cameras:
            opened.wait_for_words(camera.name, TRIAL)
        opened.owner.end_trial()
        yield opened


def buy_a_plan(house: House) -> None:
    house.owner.call("POST", "/api/v1/subscriptions", {"plan": "plus", "interval": "month"})


def end_the_plan(house: House) -> None:
    for subscription in house.owner.call("GET", "/api/v1/plan")["subscriptions"]:
        if subscription["ended_at"] is None:
            house.owner.call("DELETE", f"/api/v1/subscriptions/{subscription['subscription_id']}")


def in_the_middle(house: House, names: Sequence[str], words: dict[str, Words]) -> dict[str, str]:
    """Wait until each of these cameras records a clip that goes there and is some way from its end."""

    def found() -> dict[str, str]:
        now = datetime.fromisoformat(house.status()["at"])
        young = {
            row["camera"]: str(row["clip_id"])
            for row in house.ledger()
            if row["phase"] == "recording"
            and words_of(row) == words[row["camera"]]
            and YOUNG_S[0] <= (now - datetime.fromisoformat(row["captured_at"])).total_seconds() <= YOUNG_S[1]
        }
        return young if set(names) <= young.keys() else {}

    return wait_until(found, SOON_S, f"{names} are in the middle of a clip")


@dataclass(frozen=True, slots=True)
class Switch:
    """What the owner does, where the clips go before and after, and what becomes of those that run meanwhile."""

    act: Callable[[House], None]
    before: dict[str, Words]
    after: dict[str, Words]
    ends: dict[str, str]


SWITCHES: dict[str, Switch] = {
    "a plan is bought": Switch(
        buy_a_plan,
        {"Street": USB, "Yard": POOL},
        {"Street": PLAN, "Yard": PLAN},
        {"Street": "stored_usb", "Yard": "stored_cloud"},
    ),
    "a plan ends": Switch(
        end_the_plan,
        {"Street": PLAN, "Yard": PLAN},
        {"Street": USB, "Yard": POOL},
        {"Street": "stored_cloud", "Yard": "stored_cloud"},
    ),
}


@pytest.mark.parametrize("what", SWITCHES)
def test_a_running_clip_ends_where_it_was_to_go_and_the_next_one_goes_by_the_new_lease(house: House, what: str) -> None:
    switch = SWITCHES[what]
    for name, words in switch.before.items():
        house.wait_for_words(name, words)
    running = in_the_middle(house, list(switch.before), switch.before)
    switch.act(house)
    assert {house.row(clip_id)["phase"] for clip_id in running.values()} == {"recording"}
    for name, words in switch.after.items():
        house.wait_for_words(name, words)
    for name, clip_id in running.items():
        row = house.ended(clip_id)
        assert (row["phase"], words_of(row)) == (switch.ends[name], switch.before[name])
        assert_in_one_place(house, row)
        assert_told_as_decided(house, row)
    for name, words in switch.after.items():
        assert_kept(house, name, words)


def assert_told_as_decided(house: House, row: dict[str, Any]) -> None:
    """Prove that event and owner's API give a clip the reason it was recorded under, whatever holds by now."""
    assert house.listener is not None
    event = house.listener.wait_for("clip", clip_id=row["clip_id"], change="stored")
    assert (words_of(event), event["grant"]) == (words_of(row), row["grant"])
    if row["phase"] == "stored_cloud":
        clip = house.owner.call("GET", f"/api/v1/clips/{row['clip_id']}")
        assert (clip["sink"], clip["reason"], clip["grant"]) == (row["sink"], row["reason"], row["grant"])


DRIVE_FAULTS: dict[str, tuple[Callable[[House], None], Callable[[House], None]]] = {
    "pulled": (lambda house: house.drive.pull(), lambda house: house.drive.put_back()),
    "full": (lambda house: house.drive.fill(), lambda house: house.drive.empty()),
    "read_only": (
        lambda house: house.drive.make_read_only(),
        lambda house: house.drive.make_read_only(read_only=False),
    ),
}


@pytest.mark.parametrize("fault", DRIVE_FAULTS)
def test_a_clip_whose_drive_fails_in_its_middle_waits_here_and_goes_there_when_it_is_well(
    house: House, fault: str
) -> None:
    break_it, mend_it = DRIVE_FAULTS[fault]
    house.wait_for_words("Street", USB)
    clip_id = in_the_middle(house, ["Street"], {"Street": USB, "Yard": POOL})["Street"]
    break_it(house)
    nowhere: Words = ("none", "not_entitled", f"drive_{fault}")
    try:
        house.wait_for_words("Street", nowhere)
        assert_it_waits_here(house, clip_id)
        assert_kept(house, "Street", nowhere)
    finally:
        mend_it(house)
    wait_until(lambda: house.row(clip_id)["phase"] == "stored_usb", SOON_S, "the clip came to the drive")
    row = house.row(clip_id)
    assert words_of(row) == USB
    assert_in_one_place(house, row)
    assert_told_as_decided(house, row)


def assert_it_waits_here(house: House, clip_id: str) -> None:
    wait_until(lambda: house.row(clip_id)["phase"] not in {"recording", "spooled"}, SOON_S, "the clip is closed")
    row = house.row(clip_id)
    assert (row["phase"], words_of(row)) == ("held", USB)
    wait_until(lambda: house.places(row) == ["spool"], SOON_S, f"{row} is here alone; it is at {house.places(row)}")


def test_after_all_that_every_clip_stands_in_one_place(house: House) -> None:
    rows = assert_whole(house)
    assert {"stored_cloud", "stored_usb", "not_kept"} == {row["phase"] for row in rows}
