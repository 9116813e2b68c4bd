"""A clip takes the place of the photos it was made of: refusals first, then they go, once, and it is told."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cloud_stub.domain.retention import GoneBecause
from tests.adapters.cloud_media.media import make_clip, make_photo
from tests.rules.street import Caller, Street, open_street
from tests.web.cloud.site import ACCOUNT, ClaimedModule

CLIP = make_clip(seconds=3)
CONTRACT = Path(__file__).parents[2] / "contract" / "photos_replaced_v1.json"
UNKNOWN = str(UUID(int=7))


class Day:
    """A module with two cameras, two photos of the first and the clip made of them."""

    def __init__(self, street: Street, owner: Caller, module: ClaimedModule, cameras: Sequence[str]) -> None:
        self.street, self.owner, self.module, self.cameras = street, owner, module, cameras
        self.photos: list[str] = []
        self.clip_id = ""

    async def upload(self, media: bytes, camera: int = 0, **how: Any) -> str:  # noqa: ANN401 - what the site takes
        site = self.street.site
        return await site.upload(self.module, self.cameras[camera], media, await self.street.now(), **how)

    async def replaces(
        self, photo_ids: Sequence[object], clip_id: str = "", module: ClaimedModule | None = None
    ) -> tuple[int, dict[str, Any]]:
        body = json.loads(CONTRACT.read_text(encoding="utf-8"))
        body["photo_ids"] = list(photo_ids)
        path = f"/api/v1/module/clips/{clip_id or self.clip_id}/replaces"
        async with (
            self.street.site.client((module or self.module).bearer) as client,
            client.post(path, json=body) as answer,
        ):
            return answer.status, await answer.json()

    async def held(self) -> set[str]:
        _, page = await self.owner.call("GET", "/api/v1/photos")
        return {photo["clip_id"] for photo in page["photos"]}


@pytest.fixture
async def day(tmp_path: Path) -> AsyncIterator[Day]:
    async with open_street(tmp_path) as street:
        owner = await street.owner()
        module = await street.module()
        cameras = [await street.site.camera(module, n, f"Camera {n}", "video_doorbell") for n in (1, 2)]
        made = Day(street, owner, module, cameras)
        made.photos = [await made.upload(make_photo(), kind="photo") for _ in range(2)]
        made.clip_id = await made.upload(CLIP, reason="photos")
        yield made


@pytest.mark.parametrize(
    ("case", "status", "code"),
    [
        ("unknown clip", 404, "clip_unknown"),
        ("another module", 404, "clip_unknown"),
        ("a motion clip", 422, "not_a_photo_clip"),
        ("a photo", 422, "not_a_photo_clip"),
        ("a growing clip", 409, "clip_not_whole"),
        ("a deleted clip", 410, "clip_deleted"),
        ("a photo of another camera", 422, "not_its_photo"),
        ("a clip as photo", 422, "not_its_photo"),
        ("no photos", 422, "bad_body"),
        ("no ids", 422, "bad_body"),
        ("too many", 422, "bad_body"),
    ],
)
async def test_a_refusal_names_what_is_wrong_and_no_photo_goes(day: Day, case: str, status: int, code: str) -> None:
    ids: list[object] = [*day.photos]
    clip_id, module = day.clip_id, day.module
    if case == "unknown clip":
        clip_id = UNKNOWN
    elif case == "another module":
        module = await day.street.module()
    elif case == "a motion clip":
        clip_id = await day.upload(CLIP)
    elif case == "a photo":
        clip_id = day.photos[0]
    elif case == "a growing clip":
        clip_id = await day.upload(CLIP, reason="photos", whole=False)
    elif case == "a deleted clip":
        await day.owner.call("DELETE", f"/api/v1/clips/{clip_id}")
    elif case == "a photo of another camera":
        ids.append(await day.upload(make_photo(), 1, kind="photo"))
    elif case == "a clip as photo":
        ids.append(await day.upload(CLIP))
    else:
        ids = list({"no photos": [], "no ids": ["first"], "too many": [UNKNOWN] * 101}[case])
    before = await day.held()
    found, problem = await day.replaces(ids, clip_id, module)
    assert (found, problem["code"]) == (status, code)
    assert await day.held() == before


async def test_the_photos_go_at_once_with_their_reason_and_asking_again_changes_nothing(day: Day) -> None:
    other = await day.upload(make_photo(), kind="photo")
    assert await day.replaces([*day.photos, UNKNOWN, day.photos[0]]) == (200, {"removed": 2})
    assert await day.held() == {other}
    async with day.street.site.records.reading() as records:
        gone = await records.clips.find(ACCOUNT, day.photos[0])
        entries = await records.leases.entries(ACCOUNT, 100)
    assert gone is not None
    assert gone.gone_because == GoneBecause.REPLACED
    told = [(entry.what, entry.subject) for entry in entries if entry.rule == "replaced"]
    assert told == [("photos_replaced", day.clip_id)], "one entry for all of them"
    path = f"/api/v1/module/clips/{day.photos[0]}"
    async with day.street.site.client(day.module.bearer) as client, client.get(path) as answer:
        assert (await answer.json())["disposition"] == "deleted", "the module is told that the cloud had it whole"
    assert await day.replaces(day.photos) == (200, {"removed": 0})
    status, clip = await day.owner.call("GET", f"/api/v1/clips/{day.clip_id}")
    assert (status, clip["clip_reason"]) == (200, "photos")
