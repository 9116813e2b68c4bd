"""Programs killed, frozen and restarted while clips are on their way: all resumes, nothing is lost or doubled."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from tests.rtsp.server import RtspServer
from tests.system.agreement import assert_nothing_lost_or_doubled
from tests.system.house import SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine


@pytest.fixture(scope="module")
def covered(tmp_path_factory: pytest.TempPathFactory, street: RtspServer) -> Iterator[House]:
    """Run a house in its trial, with two cameras; its clips are long enough to be killed in the middle of."""
    cameras = (Camera("Street", street.url), Camera("Yard", street.url))
    with open_running_house(tmp_path_factory.mktemp("covered"), Wish(cameras, longest_clip_s=5)) as house:
        yield house


@pytest.fixture
def recording(covered: House) -> House:
    """Let the same house record into the cloud."""
    covered.arm(armed=True)
    for camera in covered.wish.cameras:
        covered.wait_for_words(camera.name, ("cloud", "trial", None))
    return covered


def growing_clip(house: House, name: str = "Street") -> str:
    """Wait for a clip that is being recorded and of which the cloud has a part already; return its id."""

    def part_is_there() -> str | None:
        for row in house.ledger():
            if row["phase"] == "recording" and row["camera"] == name:
                at_cloud = house.at_cloud(row["clip_id"])
                if at_cloud is not None and at_cloud["received_bytes"] > 0:
                    return str(row["clip_id"])
        return None

    return wait_until(part_is_there, SOON_S, "a clip travels while it is recorded") or ""


def kill_the_agent_twice(house: House) -> None:
    for _ in range(2):
        house.agent.kill()
        house.start_agent()


def stop_agent_and_cloud(house: House) -> None:
    assert house.agent.stop() == 0
    assert house.cloud.stop() == 0
    house.start_cloud()
    house.start_agent()


def kill_the_cloud(house: House) -> None:
    house.cloud.kill()
    record_behind_a_fault(house)
    house.start_cloud()


def freeze_the_cloud(house: House) -> None:
    os.kill(house.cloud.pid, signal.SIGSTOP)
    try:
        record_behind_a_fault(house)
    finally:
        os.kill(house.cloud.pid, signal.SIGCONT)


def restart_the_broker(house: House) -> None:
    house.broker.restart()


def kill_the_broker(house: House) -> None:
    house.broker.kill()
    record_behind_a_fault(house)
    house.broker.start()


def kill_agent_and_cloud(house: House) -> None:
    house.cloud.kill()
    house.agent.kill()
    house.start_agent()
    record_behind_a_fault(house)
    house.start_cloud()


FAULTS: tuple[Callable[[House], None], ...] = (
    kill_the_agent_twice,
    stop_agent_and_cloud,
    kill_the_cloud,
    freeze_the_cloud,
    restart_the_broker,
    kill_the_broker,
    kill_agent_and_cloud,
)


def record_behind_a_fault(house: House) -> None:
    """Prove that recording waits for nobody: a clip begins and ends while the others are away."""
    row = house.new_clip("Street")
    what = f"clip {row['clip_id']} ends on the module's own disk; the agent's log:\n{house.agent.log_tail(20)}"
    wait_until(lambda: house.row(row["clip_id"])["phase"] != "recording", SOON_S, what)


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_in_mid_clip_everything_arrives_once(recording: House, fault: Callable[[House], None]) -> None:
    clip_id = growing_clip(recording)
    fault(recording)
    after = recording.new_clip("Street")
    rows = {row["clip_id"]: row for row in assert_nothing_lost_or_doubled(recording)}
    for clip in (clip_id, after["clip_id"]):
        assert (rows[clip]["phase"], rows[clip]["reason"]) == ("stored_cloud", "trial")
        assert rows[clip]["duration_ms"] > 0


def test_each_start_of_the_agent_is_a_new_session_and_the_owner_sees_it_come_back(recording: House) -> None:
    before = recording.status()["broker"]["session"]
    recording.agent.kill()
    [module] = recording.owner.modules()
    wait_until(lambda: not recording.owner.modules()[0]["online"], SOON_S, "the will of a killed agent is heard")
    recording.start_agent()
    wait_until(lambda: recording.owner.modules()[0]["online"], SOON_S, "its birth is heard")
    assert recording.status()["broker"]["session"] == before + 1
    assert recording.owner.modules()[0]["module_id"] == module["module_id"]
