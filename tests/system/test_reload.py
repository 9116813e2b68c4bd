"""A configuration that changes while the agent runs: checked as a whole, taken camera by camera, the rest record on."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from agent.domain.motion_why import minimum_area_at
from agent.vision.detector import MINIMUM_AREA
from tests.system.agreement import assert_nothing_lost_or_doubled
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

BUSY = "emulated:busy?width=320&height=180&fps=10&keyframe_s=1"
GATE = f'[[camera]]\nname = "Gate"\naddress = "{BUSY}&seed=3"\nmodel = "mini"\n'


def cameras(house: House) -> dict[str, dict[str, Any]]:
    return {camera["name"]: camera for camera in house.status()["cameras"]}


def recorded(house: House) -> set[str]:
    """Return the names of the cameras that have a clip."""
    named = {camera["camera_id"]: name for name, camera in cameras(house).items()}
    return {named.get(row["camera_id"], "") for row in house.ledger()}


def reload(house: House) -> None:
    """Tell the agent to read its file again, as `systemctl reload` does."""
    os.kill(house.agent.pid, signal.SIGHUP)


def test_a_camera_comes_and_another_goes_while_a_third_records_on(tmp_path: Path) -> None:
    wish = Wish((Camera("Street", BUSY), Camera("Shed", BUSY + "&seed=2")), longest_clip_s=4.0)
    with open_running_house(tmp_path, wish, ["Street", "Shed"]) as house:
        wait_until(lambda: all(each["health"] == "ok" for each in cameras(house).values()), SOON_S, "both cameras run")
        frames, text = cameras(house)["Street"]["frames"], house.agent_config.read_text(encoding="utf-8")
        head, street, _shed = text.split("[[camera]]")
        house.agent_config.write_text(f"{head}[[camera]]{street}{GATE}", encoding="utf-8")
        reload(house)
        wait_until(lambda: set(cameras(house)) == {"Street", "Gate"}, SOON_S, "the cameras are those of the file")
        wait_until(lambda: "Gate" in recorded(house), SOON_S, "the new camera records")
        wait_until(lambda: {each["name"] for each in house.owner.cameras()} >= {"Gate"}, SOON_S, "the cloud knows it")
        street_now = cameras(house)["Street"]
        assert street_now["frames"] > frames, "the camera that stays was not started anew"
        assert street_now["losses"] == 0
        assert_nothing_lost_or_doubled(house)


def test_another_sensitivity_counts_at_once_and_the_camera_records_on(tmp_path: Path) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", BUSY),)), ["Street"]) as house:
        wait_until(lambda: cameras(house)["Street"]["health"] == "ok", SOON_S, "the camera runs")
        wait_until(lambda: cameras(house)["Street"]["motion"]["moving"], SOON_S, "something moves")
        before, text = cameras(house)["Street"], house.agent_config.read_text(encoding="utf-8")
        house.agent_config.write_text(f"{text.rstrip()}\nsensitivity = 2\n", encoding="utf-8")
        reload(house)
        wait_until(lambda: cameras(house)["Street"]["sensitivity"]["level"] == 2, SOON_S, "the file's is in force")

        def share_for_one() -> float:
            motion = cameras(house)["Street"]["motion"]
            return float(motion["area"] / motion["score"]) if motion["score"] > 1 else 0.0

        wait_until(
            lambda: share_for_one() == pytest.approx(minimum_area_at(2, MINIMUM_AREA), rel=0.01),
            SOON_S,
            "the detector asks for more",
        )
        now = cameras(house)["Street"]
        assert now["frames"] > before["frames"]
        assert now["losses"] == before["losses"] == 0
        assert_nothing_lost_or_doubled(house)


def test_a_file_with_a_mistake_changes_nothing_and_the_log_names_its_line(tmp_path: Path) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", BUSY),)), ["Street"]) as house:
        wait_until(lambda: cameras(house)["Street"]["health"] == "ok", SOON_S, "the camera runs")
        text = house.agent_config.read_text(encoding="utf-8")
        line = len(text.splitlines()) + 5
        house.agent_config.write_text(f"{text}{GATE}colour = 7\n", encoding="utf-8")
        reload(house)
        sentence = f"line {line}: there is no setting `camera.[2].colour`"
        wait_until(lambda: sentence in house.agent.log_tail(200), SOON_S, "the mistake is named")
        assert set(cameras(house)) == {"Street"}
        assert cameras(house)["Street"]["health"] == "ok"
