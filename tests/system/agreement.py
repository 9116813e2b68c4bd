"""What must agree about a clip: ledger, API, event and page name one reason, and its bytes stand in one place."""

import json
import subprocess
from collections.abc import Mapping
from html import unescape
from typing import Any

from demo.house import python_module
from tests.system.house import House
from tests.waiting import wait_until

Words = tuple[str, str, str | None]
"""Sink, reason, blocked_by."""

PLACE = {"stored_cloud": ["cloud"], "stored_usb": ["drive"], "not_kept": []}
"""Where the bytes of a clip stand that has ended well."""


def words_of(said: Mapping[str, Any]) -> Words:
    """Return the words of a row, an event or an answer."""
    return said["sink"], said["reason"], said["blocked_by"]


def assert_kept(house: House, camera: str, words: Words) -> dict[str, Any]:
    """Let a clip be recorded and prove that it went where `words` say, once, and that everybody says so."""
    row = house.new_clip(camera)
    row = house.ended(row["clip_id"])
    assert words_of(row) == words
    assert_in_one_place(house, row)
    assert_everybody_says(house, row)
    return row


def assert_in_one_place(house: House, row: Mapping[str, Any]) -> None:
    """Prove that the clip's bytes stand where its phase says, and nowhere else; a delete may still be on its way."""
    place = PLACE[row["phase"]]
    if row["phase"] == "not_kept":
        assert (row["sha256"], row["size_bytes"]) == (None, None)
        assert not [path for path in house.folder.rglob(f"*{row['clip_id']}*") if path.is_file()]
    else:
        wait_until(lambda: house.places(row) == place, 20, f"{place} holds {row}; found in {house.places(row)}")
    at_cloud = house.at_cloud(row["clip_id"])
    if row["phase"] == "stored_cloud":
        assert at_cloud is not None
        held = (at_cloud["disposition"], at_cloud["size"], at_cloud["sha256"])
        assert held == ("held", row["size_bytes"], row["sha256"])
    else:
        assert at_cloud is None, f"the cloud knows a clip that went to {row['sink']}: {at_cloud}"


def assert_everybody_says(house: House, row: Mapping[str, Any]) -> None:
    """Prove that event, agent's page, agent's API and owner's API give the reason that the ledger has."""
    words, clip_id = words_of(row), row["clip_id"]
    assert house.listener is not None
    change = "not_kept" if row["phase"] == "not_kept" else "stored"
    event = house.listener.wait_for("clip", clip_id=clip_id, change=change)
    assert words_of(event) == words
    assert (event["sha256"], event["size_bytes"], event["grant"]) == (row["sha256"], row["size_bytes"], row["grant"])
    motion = house.listener.wait_for("motion", camera_id=row["camera_id"], clip_id=clip_id, phase="started")
    assert (motion["recording"], motion["reason"], motion["blocked_by"]) == words
    assert house.words(row["camera"]) == words
    assert row["choice_text"] in unescape(house.page())
    assert_owner_reads(house, row, words)


def assert_owner_reads(house: House, row: Mapping[str, Any], words: Words) -> None:
    """Prove that the owner's API says the same of the camera's next clip, and of this one if the cloud has it."""

    def next_clip() -> Words:
        camera = house.owner.call("GET", f"/api/v1/cameras/{row['camera_id']}")
        return words_of(camera["next_clip"])

    wait_until(lambda: next_clip() == words, 20, f"the owner reads {words}, not {next_clip()}")
    if row["phase"] == "stored_cloud":
        clip = house.owner.call("GET", f"/api/v1/clips/{row['clip_id']}")
        assert (clip["sink"], clip["reason"], clip["grant"]) == (row["sink"], row["reason"], row["grant"])
        assert (clip["phase"], clip["sha256"], clip["size_bytes"]) == ("held", row["sha256"], row["size_bytes"])


def assert_nothing_lost_or_doubled(house: House) -> list[dict[str, Any]]:
    """Disarm, let everything arrive, and prove it of every clip of the house; return the ledger, newest first."""
    rows = house.settle()
    for row in rows:
        assert row["phase"] in PLACE, f"{row['phase']} because of {row['lost_because']}: {row}"
        assert_in_one_place(house, row)
    at_cloud = [clip["clip_id"] for clip in all_clips(house)]
    assert sorted(at_cloud) == sorted(row["clip_id"] for row in rows if row["phase"] == "stored_cloud")
    agreed = wait_until(lambda: clean_check(house), 60, "ledger and disk agree (a delete may be under way)")
    assert agreed == "The ledger and the disk agree."
    return rows


def clean_check(house: House) -> str:
    """Return what `ledger --check` says when it finds nothing, else an empty string."""
    check = agent_command(house, "ledger", "--check")
    return check.stdout.strip() if check.returncode == 0 else ""


def all_clips(house: House) -> list[dict[str, Any]]:
    """Return every clip that the owner's API lists, page by page."""
    clips: list[dict[str, Any]] = []
    before = ""
    while True:
        page = json.loads(house.owner.fetch("GET", f"/api/v1/clips?limit=100{before}"))
        clips += page["clips"]
        if page["next"] is None:
            return clips
        before = f"&before={page['next']}"


def agent_command(house: House, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run one of the agent's commands with the house's configuration to its end."""
    command = [*python_module("agent"), *arguments, "--config", str(house.agent_config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
