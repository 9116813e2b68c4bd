"""A day of photos end to end: at an event, and after 24 hours without one, they become one clip in their place."""

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import av
import pytest

from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

PERIOD_S = 2.0

QUIET = "emulated:quiet?width=320&height=180&fps=5"
BUSY = Camera("Hall", "emulated:busy?width=320&height=180&fps=5", "outdoor_gen3")


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    wish = Wish((Camera("Hall", QUIET, "outdoor_gen3"),), photo_period_s=PERIOD_S)
    with open_running_house(tmp_path_factory.mktemp("album"), wish) as opened:
        opened.wait_for_words("Hall", ("cloud", "trial", None))
        yield opened


def photos(house: House) -> list[dict[str, Any]]:
    return [
        photo for photo in house.owner.call("GET", "/api/v1/photos?limit=100")["photos"] if photo["phase"] == "held"
    ]


def photo_clips(house: House) -> list[dict[str, Any]]:
    return [clip for clip in house.owner.clips() if (clip["phase"], clip["clip_reason"]) == ("held", "photos")]


def photos_of_a_while(house: House) -> list[dict[str, Any]]:
    """Let some photos arrive, then no more."""
    house.arm(armed=True)
    wait_until(lambda: len(photos(house)) >= 3, SOON_S, "the photos")
    house.arm(armed=False)
    wait_until(lambda: all(row["phase"] == "stored_cloud" for row in house.ledger()), SOON_S, "all of them are there")
    return photos(house)


def assert_one_clip_in_their_place(house: House, old: list[dict[str, Any]], known: list[dict[str, Any]]) -> None:
    """One picture for each photo, from the first one's time on, and none of them is left."""
    log = house.agent.log_tail(20)
    clip = wait_until(lambda: [clip for clip in photo_clips(house) if clip not in known], SOON_S, f"a clip\n{log}")[0]
    media = house.owner.fetch("GET", f"/api/v1/clips/{clip['clip_id']}/media")
    with av.open(io.BytesIO(media), mode="r") as file:
        assert len(list(file.decode(video=0))) == len(old)
    assert clip["captured_at"][:19] == old[-1]["captured_at"][:19]
    old_ids = {photo["clip_id"] for photo in old}
    wait_until(lambda: not old_ids & {photo["clip_id"] for photo in photos(house)}, SOON_S, f"the photos went\n{log}")
    assert house.ended(clip["clip_id"])["phase"] == "stored_cloud"
    assert [row for row in house.ledger() if row["phase"] == "lost"] == []


def test_a_day_and_then_an_event_each_make_one_clip_of_the_photos_before_them(house: House) -> None:
    old = photos_of_a_while(house)
    assert photo_clips(house) == []
    house.advance(timedelta(hours=24))
    assert_one_clip_in_their_place(house, old, [])

    known, old = photo_clips(house), photos_of_a_while(house)
    assert photo_clips(house) == known
    house.restart_agent([BUSY])
    house.arm(armed=True)
    assert_one_clip_in_their_place(house, old, known)
    assert any(clip["clip_reason"] == "motion" for clip in house.owner.clips())
