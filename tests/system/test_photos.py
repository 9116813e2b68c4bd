"""Photos end to end: one picture a period where the lease has the feature and the module is armed, else none."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from demo.owner import ApiRefusal
from tests.system.agreement import assert_in_one_place
from tests.system.house import SOON_S, Camera, House, Wish, get, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL = ("cloud", "trial", None)
PERIOD_S = 1.0
QUIET = "emulated:quiet?width=320&height=180&fps=5"
JPEG = b"\xff\xd8\xff"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run two quiet cameras in their trial; only the model of the first has photos in this region."""
    cameras = (Camera("Hall", QUIET, "outdoor_gen3"), Camera("Desk", QUIET, "mini"))
    wish = Wish(cameras, photo_period_s=PERIOD_S)
    with open_running_house(tmp_path_factory.mktemp("photos"), wish) as opened:
        for camera in cameras:
            opened.wait_for_words(camera.name, TRIAL)
        yield opened


def photos(house: House) -> list[dict[str, Any]]:
    """Return the owner's photos that have arrived whole, oldest first."""
    shown = house.owner.call("GET", "/api/v1/photos?limit=100")["photos"]
    return [photo for photo in shown[::-1] if photo["phase"] == "held"]


def taken(house: House) -> set[str]:
    """Return every photo that the agent ever took."""
    return {row["clip_id"] for row in house.ledger() if row["kind"] == "photo"}


def wait_for_more(house: House, more: int) -> list[dict[str, Any]]:
    """Wait until so many more photos are with the owner."""
    wanted = len(photos(house)) + more
    what = f"{wanted} photos are there; the agent's log:\n{house.agent.log_tail(20)}"
    wait_until(lambda: len(photos(house)) >= wanted, SOON_S, what)
    return photos(house)


def let_periods_pass(house: House, count: int) -> None:
    """Wait until the agent has lived through so many periods."""
    ends = datetime.fromisoformat(house.status()["at"]) + timedelta(seconds=count * PERIOD_S)
    wait_until(lambda: datetime.fromisoformat(house.status()["at"]) >= ends, SOON_S, f"{count} periods passed")


def assert_none_is_taken(house: House) -> None:
    before = taken(house)
    let_periods_pass(house, 3)
    assert taken(house) == before


def test_one_photo_a_period_reaches_the_owners_page_of_the_camera_that_may_take_them(house: House) -> None:
    arrived = wait_for_more(house, 3)
    for photo in arrived:
        assert (photo["camera_id"], photo["kind"], photo["clip_reason"]) == (house.camera_id("Hall"), "photo", "photos")
        media = house.owner.fetch("GET", f"/api/v1/photos/{photo['clip_id']}/media")
        assert media.startswith(JPEG)
        assert hashlib.sha256(media).hexdigest() == photo["sha256"]
        assert f"/api/v1/photos/{photo['clip_id']}/media" in house.owner.fetch("GET", "/photos").decode()
        row = house.ended(photo["clip_id"])
        assert (row["phase"], row["sink"], row["reason"]) == ("stored_cloud", *TRIAL[:2])
        assert (row["sha256"], row["grant"]) == (photo["sha256"], photo["grant"])
        assert_in_one_place(house, row)
    assert house.owner.clips() == []
    assert_at_most_one_a_period(arrived)


def assert_at_most_one_a_period(arrived: list[dict[str, Any]]) -> None:
    times = [datetime.fromisoformat(photo["captured_at"]) for photo in arrived]
    gaps_s = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert all(gap_s >= PERIOD_S / 2 for gap_s in gaps_s), gaps_s


def photo_now(house: House, name: str) -> dict[str, Any]:
    wish = {"name": "photo", "arguments": {"camera_id": house.camera_id(name)}}
    return dict(house.owner.call("POST", f"/api/v1/modules/{house.module_id}/commands", wish))


def test_a_photo_on_demand_needs_the_feature_too_and_its_refusal_names_what_fails(house: House) -> None:
    assert photo_now(house, "Hall")["code"] == "done"
    refused = photo_now(house, "Desk")
    assert (refused["code"], "this model" in refused["message"]) == ("not_entitled", True), refused


def test_no_photo_alerts_an_owner_who_wants_mail_of_everything_that_moves(house: House) -> None:
    wish = {"mail": "motion", "every_minutes": 5}
    house.owner.call("PUT", f"/api/v1/cameras/{house.camera_id('Hall')}/alerts", wish)
    wait_for_more(house, 2)
    assert house.owner.call("GET", "/api/v1/alerts") == []


def disarm(house: House) -> None:
    house.arm(armed=False)
    house.settle()


def arm(house: House) -> None:
    house.arm(armed=True)


def switch_motion(house: House, *, on: bool) -> None:
    wish = {"name": "motion", "arguments": {"camera_id": house.camera_id("Hall"), "on": on}}
    assert house.owner.call("POST", f"/api/v1/modules/{house.module_id}/commands", wish)["code"] == "done"


def switch_off(house: House) -> None:
    switch_motion(house, on=False)


def switch_on(house: House) -> None:
    switch_motion(house, on=True)


def end_the_trial(house: House) -> None:
    house.owner.end_trial()
    house.wait_for_words("Hall", ("usb", "local_storage", None))
    refused = photo_now(house, "Hall")
    assert (refused["code"], "on the drive" in refused["message"]) == ("not_entitled", True), refused


def buy_a_plan(house: House) -> None:
    house.owner.call("POST", "/api/v1/subscriptions", {"plan": "plus", "interval": "month"})
    house.wait_for_words("Hall", ("cloud", "plan", None))


@pytest.mark.parametrize(("stop", "go_on"), [(disarm, arm), (switch_off, switch_on), (end_the_trial, buy_a_plan)])
def test_none_is_taken_while_disarmed_switched_off_or_without_the_feature_and_then_they_come_again(
    house: House, stop: Callable[[House], None], go_on: Callable[[House], None]
) -> None:
    wait_for_more(house, 1)
    stop(house)
    let_periods_pass(house, 1)  # one may have been on its way
    assert_none_is_taken(house)
    go_on(house)
    wait_for_more(house, 1)


def test_on_the_lab_clock_photos_leave_when_their_time_is_over_and_new_ones_carry_the_new_date(house: House) -> None:
    old = wait_for_more(house, 1)[0]
    house.arm(armed=False)
    house.settle()
    days = int(house.owner.call("GET", "/api/v1/account")["auto_delete_days"])
    now = house.advance(timedelta(days=days))
    with pytest.raises(ApiRefusal) as refused:
        house.owner.fetch("GET", f"/api/v1/photos/{old['clip_id']}/media")
    assert (refused.value.status, refused.value.code) == (410, "clip_deleted")
    assert photos(house) == []
    house.arm(armed=True)
    [fresh, *_] = wait_for_more(house, 1)
    assert now <= datetime.fromisoformat(fresh["captured_at"]) < now + timedelta(hours=1)
    status, _ = get(f"{house.owner.url}/api/v1/photos")
    assert status == 401
