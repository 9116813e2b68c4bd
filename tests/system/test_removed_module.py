"""A module that its owner removes while it runs: cut off at once, told so, and it loses nothing until it is back."""

import hashlib
import ssl
import threading
from html import unescape
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from demo.accounts import claim
from tests.rtsp.server import RtspServer
from tests.system.agreement import agent_command, assert_kept
from tests.system.house import SOON_S, Camera, House, Wish, get, open_running_house
from tests.system.module_uploads import Offer, begin_upload, module_bearer, problem_code
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

TRIAL = ("cloud", "trial", None)
REMOVED = (401, "module_revoked")
TOLD = "look at the owner's page whether it was removed"


def growing(house: House) -> str:
    """Wait for a clip that is being recorded and of which the cloud has a part."""

    def found() -> str:
        for row in house.ledger():
            part = house.at_cloud(row["clip_id"]) if row["phase"] == "recording" else None
            if part is not None and part["received_bytes"]:
                return str(row["clip_id"])
        return ""

    return wait_until(found, SOON_S, "a clip travels while it is recorded")


def test_a_removed_module_is_cut_off_says_so_keeps_its_clips_and_brings_them_when_it_is_claimed_again(
    tmp_path: Path, street: RtspServer
) -> None:
    with open_running_house(tmp_path, Wish((Camera("Street", street.url),), longest_clip_s=3)) as house:
        house.wait_for_words("Street", TRIAL)
        delivered = assert_kept(house, "Street", TRIAL)
        cut_off = growing(house)
        removed = house.module_id
        house.owner.call("DELETE", f"/api/v1/modules/{removed}")
        assert house.owner.modules() == []
        assert_cut_off_at_once(house)
        assert_it_is_told(house, delivered["camera_id"])
        following = assert_it_keeps_recording(house, cut_off)

        claim_again(house)
        assert house.module_id != removed
        assert house.camera_id("Street") == delivered["camera_id"]
        house.wait_for_words("Street", TRIAL, SOON_S)
        assert_kept(house, "Street", TRIAL)
        house.arm(armed=False)
        assert_with_the_owner(house, delivered["clip_id"])
        assert_with_the_owner(house, following)
        assert_with_the_owner(house, cut_off)
        assert not [row for row in house.ledger() if row["phase"] == "lost"]


def assert_cut_off_at_once(house: House) -> None:
    """Prove that the broker ended the session and lets the secret in no more, and that the cloud refuses it too."""
    wait_until(lambda: not house.status()["broker"]["connected"], 10, "the broker ended the module's session")
    assert broker_answer(house) == "Not authorized"
    bearer = module_bearer(house)
    assert problem_code(get(f"{house.owner.url}/api/v1/module/lease", bearer)) == REMOVED
    assert problem_code(get(f"{house.owner.url}/api/v1/module/clips/{house.module_id}", bearer)) == REMOVED


def broker_answer(house: House) -> str:
    """Log in at the broker with the module's own words, and return what it says to that."""
    said: list[str] = []
    answered = threading.Event()

    def on_connect(_client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
        said.append(str(reason))
        answered.set()

    client = mqtt.Client(  # type: ignore[misc] # the stubs describe paho 1
        CallbackAPIVersion.VERSION2,  # type: ignore[arg-type] # as above
        client_id=f"veilleur-{house.module_id}",
        protocol=MQTTProtocolVersion.MQTTv5,
    )
    client.username_pw_set(house.module_id, house.identity["secret"])
    client.tls_set_context(ssl.create_default_context(cadata=house.broker.ca_pem))
    client.on_connect = on_connect
    client.connect(house.broker.host, house.broker.port)
    client.loop_start()
    try:
        assert answered.wait(SOON_S)
    finally:
        client.disconnect()
        client.loop_stop()
    return said[0]


def assert_it_is_told(house: House, camera_id: str) -> None:
    """Prove that an upload is refused with its word, and that health, page, log and doctor say what happened."""
    offer = Offer(camera_id, int(house.status()["lease"]["seq"]), house.lab_now())
    assert problem_code(begin_upload(house, offer)) == REMOVED
    wait_until(lambda: TOLD in house.status()["uploads"]["last_error"], SOON_S, "the agent says that it was removed")
    said = wait_until(lambda: house.status()["broker"]["last_error"], SOON_S, "the agent says what the broker said")
    wait_until(lambda: "Not authorized" in house.status()["broker"]["last_error"], SOON_S, f"not only: {said}")
    health = house.status()["health"]
    assert "broker_away" in {finding["code"] for finding in health["warnings"]}
    assert health["ok"]  # it records: a cloud that will have none of it is no failure of the module
    assert TOLD in unescape(house.page())
    log = house.agent.log.read_text(encoding="utf-8")
    assert "Not authorized" in log
    assert TOLD in log
    doctor = agent_command(house, "doctor")
    assert doctor.returncode == 1
    assert "claim it again" in " ".join(doctor.stdout.split())


def assert_it_keeps_recording(house: House, cut_off: str) -> str:
    """Prove that the clip it was sending, and the next one, wait on the module's own disk; return the next one."""
    following = str(house.new_clip("Street")["clip_id"])
    for clip_id in (cut_off, following):
        wait_for_phase(house, clip_id, "spooled")
        assert house.places(house.row(clip_id)) == ["spool"]
    return following


def assert_with_the_owner(house: House, clip_id: str) -> None:
    """Prove that the owner has the whole clip and that nobody else has; no matter under which claim it came."""
    wait_for_phase(house, clip_id, "stored_cloud")
    row = house.row(clip_id)
    media = house.owner.fetch("GET", f"/api/v1/clips/{clip_id}/media")
    assert hashlib.sha256(media).hexdigest() == row["sha256"]
    wait_until(lambda: house.places(row) == ["cloud"], SOON_S, f"{row} stands in the cloud alone")


def wait_for_phase(house: House, clip_id: str, phase: str) -> None:
    wait_until(lambda: house.row(clip_id)["phase"] == phase, SOON_S, f"{clip_id} is {phase}")


def claim_again(house: House) -> None:
    """Do what the agent's own sentence says: delete the identity and claim with a new code."""
    house.agent.stop()
    refused = agent_command(house, "claim", "--cloud", house.owner.url, "--code", house.owner.claim_code())
    assert refused.returncode == 2
    assert "To claim it anew, remove it on the owner's page and delete" in " ".join(refused.stderr.split())
    (house.folder / "agent" / "identity.json").unlink()
    claim(house.folder, house.owner.url, house.owner.claim_code())
    house.listen()
    house.start_agent()
