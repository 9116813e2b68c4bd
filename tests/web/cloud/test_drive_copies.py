"""Clips on their way to the module's own drive: refusals first, the wait, the hash, the erasure."""

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cloud_stub.domain.records import Clip, DriveCopy
from cloud_stub.flow.history_to_drive import arguments_of, outcome_of
from tests.adapters.cloud_media.media import make_clip
from tests.domain.cloud_media.clips import a_clip
from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import ACCOUNT, ClaimedModule

CLIP = make_clip(seconds=3)
SHA256 = hashlib.sha256(CLIP).hexdigest()
PATH = "/api/v1/clips/drive-copies"
CONTRACT = Path(__file__).parents[2] / "contract"


class Doomed:
    """An owner whose clip is 29 days old in a window of 30."""

    def __init__(self, street: Street, owner: Caller, module: ClaimedModule, clip_id: str) -> None:
        self.street, self.owner, self.module, self.clip_id = street, owner, module, clip_id

    async def with_drive(self, state: str = "usable") -> None:
        await self.street.site.goes_online(self.module, await self.street.site.state(self.module, {}, state))

    async def ask(self) -> list[dict[str, object]]:
        status, said = await self.owner.call("POST", PATH, {"clip_ids": [self.clip_id]})
        assert status == 200, said
        return list(said)

    async def clip(self) -> Clip:
        async with self.street.site.records.reading() as records:
            found = await records.clips.find(ACCOUNT, self.clip_id)
        assert found is not None
        return found


@pytest.fixture
async def doomed(tmp_path: Path) -> AsyncIterator[Doomed]:
    async with open_street(tmp_path) as street:
        owner = await street.owner()
        module = await street.module()
        camera_id = await street.site.camera(module, 1, "Door", "mini")
        clip_id = await street.site.upload(module, camera_id, CLIP, await street.now())
        await street.advance(days=29)
        yield Doomed(street, owner, module, clip_id)


@pytest.mark.parametrize("state", ["absent", "full", "read_only", "foreign"])
async def test_without_a_drive_that_can_be_used_it_is_refused_and_nothing_waits(doomed: Doomed, state: str) -> None:
    await doomed.with_drive(state)
    assert await doomed.owner.refusal("POST", PATH, {"clip_ids": [doomed.clip_id]}) == (409, "no_drive")
    assert (await doomed.clip()).kept_until is None


async def test_a_clip_that_is_not_there_or_of_another_account_is_refused(doomed: Doomed) -> None:
    assert await doomed.owner.refusal("POST", PATH, {"clip_ids": ["nothing"]}) == (404, "clip_unknown")
    assert await doomed.owner.refusal("POST", PATH, {"clip_ids": []}) == (422, "bad_body")


async def test_the_erasure_waits_24_hours_for_the_module_and_not_longer(doomed: Doomed) -> None:
    await doomed.with_drive()
    (said,) = await doomed.ask()
    asked_at = await doomed.street.now()
    assert said["drive_copy"] == "asked"
    assert (await doomed.clip()).kept_until == asked_at + timedelta(hours=24)
    await doomed.street.advance(hours=1)
    await doomed.ask()
    assert (await doomed.clip()).kept_until == asked_at + timedelta(hours=24), "asking again prolongs nothing"
    async with doomed.street.site.records.writing() as records:
        await records.clips.update(replace(await doomed.clip(), keep_for_days=2))
    await doomed.street.advance(hours=22)
    assert (await doomed.owner.call("GET", f"/api/v1/clips/{doomed.clip_id}"))[0] == 200
    await doomed.street.advance(hours=1)
    assert (await doomed.owner.call("GET", f"/api/v1/clips/{doomed.clip_id}"))[0] == 410


async def test_a_clip_is_saved_only_with_its_own_hash_and_then_leaves_when_it_is_due(doomed: Doomed) -> None:
    await doomed.with_drive()
    await doomed.ask()
    site = doomed.street.site
    async with site.answering(doomed.module, ok=True, code="done", sha256="0" * 64) as heard:
        await site.history.pass_once()
    assert (heard[0]["name"], heard[0]["arguments"]["sha256"]) == ("save_clip", SHA256)
    assert (await doomed.clip()).drive_copy is DriveCopy.ASKED
    async with site.answering(doomed.module, ok=True, code="done", sha256=SHA256):
        await site.history.pass_once()
    clip = await doomed.clip()
    assert (clip.drive_copy, clip.kept_until) == (DriveCopy.SAVED, None)
    await doomed.street.advance(days=1)
    assert (await doomed.owner.call("GET", f"/api/v1/clips/{doomed.clip_id}"))[0] == 410


async def test_a_module_that_cannot_ends_the_wait(doomed: Doomed) -> None:
    await doomed.with_drive()
    await doomed.ask()
    async with doomed.street.site.answering(doomed.module, ok=False, code="unknown_command"):
        await doomed.street.site.history.pass_once()
    clip = await doomed.clip()
    assert (clip.drive_copy, clip.kept_until) == (DriveCopy.FAILED, None)


async def test_a_module_fetches_its_own_clips_with_their_digest_and_no_others(doomed: Doomed) -> None:
    site = doomed.street.site
    path = f"/api/v1/module/clips/{doomed.clip_id}/media"
    async with site.client(doomed.module.bearer) as client, client.get(path, headers={"Range": "bytes=10-"}) as answer:
        assert (answer.status, await answer.read()) == (206, CLIP[10:])
        assert "Repr-Digest" in answer.headers
    other = await site.claim()
    async with site.client(other.bearer) as client, client.get(path) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, "clip_unknown")
    async with site.client() as client, client.get(path) as answer:
        assert answer.status == 401


def test_the_wire_documents_are_what_is_sent_and_what_is_believed() -> None:
    command = json.loads((CONTRACT / "command_save_clip_v1.json").read_text())
    result = json.loads((CONTRACT / "command_save_clip_result_v1.json").read_text())
    clip = replace(a_clip(1), sha256=command["arguments"]["sha256"])
    assert set(arguments_of(clip)) == set(command["arguments"])
    assert outcome_of(clip, result) is DriveCopy.SAVED
    assert outcome_of(clip, {**result, "sha256": None}) is DriveCopy.ASKED
    assert outcome_of(clip, {**result, "ok": False, "code": "failed"}) is DriveCopy.ASKED
    for word in ("no_drive", "drive_full", "bad_arguments", "unknown_command"):
        assert outcome_of(clip, {**result, "ok": False, "code": word}) is DriveCopy.FAILED
