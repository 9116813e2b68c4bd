"""Person detection end to end: real footage of somebody who walks, two cameras, one of which may use it."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

FOOTAGE = Path(os.environ.get("VEILLEUR_FOOTAGE", Path(__file__).parents[3] / "shared" / "video" / "dev"))
WALKER = FOOTAGE / "home_room.mp4"
TRIAL = ("cloud", "trial", None)

pytestmark = [
    pytest.mark.system,
    pytest.mark.footage,
    pytest.mark.timeout(300),  # many programs on a busy machine
    pytest.mark.skipif(
        not WALKER.exists(), reason="real footage is not in a clone: set VEILLEUR_FOOTAGE to its folder"
    ),
    pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="needs: make person"),
]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Run a house in Canada, where one model has person detection and the other has not, both in their trial."""
    cameras = (Camera("Hall", str(WALKER), "outdoor_4"), Camera("Desk", str(WALKER), "mini"))
    wish = Wish(cameras, account={"region": "CA"}, longest_clip_s=6.0)
    with open_running_house(tmp_path_factory.mktemp("persons"), wish) as opened:
        opened.wait_for_words("Desk", TRIAL)
        opened.listen()
        yield opened


def test_r100_the_camera_that_may_tells_of_persons_and_the_other_one_never_looks(house: House) -> None:
    """R100, R076: plan, region and model decide; the same pictures, the same module."""
    listener = house.listener
    assert listener is not None
    hall, desk = house.camera_id("Hall"), house.camera_id("Desk")
    told = listener.wait_for("motion", SOON_S, phase="person", camera_id=hall)
    (first, *_) = told["persons"]
    assert first["label"] == "person"
    assert first["score"] >= 0.5
    x, y, wide, high = first["box"]
    assert 0 <= x < x + wide <= 1.0001
    assert 0 <= y < y + high <= 1.0001
    ended = listener.wait_for("motion", SOON_S, phase="ended", camera_id=hall, clip_id=told["clip_id"])
    assert ended["persons"][0]["score"] >= first["score"], "the end has the surest look"
    seen = wait_until(
        lambda: listener.events("motion", phase="ended", camera_id=desk), SOON_S, "the other one records too"
    )
    assert {str(event["persons"]) for event in seen} == {"None"}
    assert listener.events("motion", phase="person", camera_id=desk) == []
    assert house.status()["person"]["state"] == "ready"
