"""A module's drive on the owner's pages: offline, busy, foreign and late modules first, then a clip that is watched."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from aiohttp import ClientSession

from cloud_stub.domain.drive_loan import KEPT_FOR, MOST_FOR_AN_ACCOUNT, SILENT_FOR
from cloud_stub.flow.drive_to_owner import DriveToOwner
from tests.web.cloud.site import ClaimedModule, Site

CONTENT = bytes(range(256)) * 40
CONTRACT = Path(__file__).parents[2] / "contract"
CLIP_ID = "d1d2d3d4-1111-4222-8333-444455556666"
LINE = {
    "clip_id": CLIP_ID,
    "store": "clips",
    "kind": "clip",
    "camera": "hinterhof-10",
    "captured_at": "2026-03-01T00:09:55Z",
    "size_bytes": len(CONTENT),
    "sha256": hashlib.sha256(CONTENT).hexdigest(),
}
LIST = {"manifest_id": "4f1d", "clips": [LINE], "total": 51, "next_offset": 50}
DONE = {"ok": True, "code": "done", "message": ""}


class Owner:
    """An owner who is logged in, and one module whose drive has a clip."""

    def __init__(self, site: Site, client: ClientSession, module: ClaimedModule, lent: DriveToOwner, csrf: str) -> None:
        self.site, self.client, self.module, self.lent, self.csrf = site, client, module, lent, csrf
        self.list = f"/modules/{module.module_id}/drive"

    async def text(self, path: str, status: int = 200) -> str:
        async with self.client.get(path) as answer:
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def ask(self) -> str:
        """Ask for the clip and return the page that shows it."""
        form = {"csrf_token": self.csrf, "store": "clips", "clip_id": CLIP_ID}
        async with self.client.post(self.list, data=form, allow_redirects=False) as answer:
            assert answer.status == 303, await answer.text()
            return answer.headers["Location"]

    async def send(self, page: str, offset: int, piece: bytes, module: ClaimedModule | None = None) -> int:
        headers = {**(module or self.module).bearer, "Upload-Offset": str(offset)}
        url = f"/api/v1/module/drive-loans/{page.rpartition('/')[2]}"
        async with self.site.client() as client, client.patch(url, headers=headers, data=piece) as answer:
            return answer.status


@pytest_asyncio.fixture
async def owner(site: Site, tmp_path: Path) -> AsyncIterator[Owner]:
    module = await site.claim()
    async with site.client() as client:
        csrf = await site.log_in(client)
        yield Owner(site, client, module, site.lent, csrf)


async def test_an_offline_module_is_said_to_be_offline(owner: Owner) -> None:
    assert "The module is offline" in await owner.text(owner.list, 409)
    assert "hors ligne" in await owner.text(f"{owner.list}?lang=fr", 409)


async def test_a_module_that_refuses_is_quoted_and_one_that_talks_nonsense_is_named(owner: Owner) -> None:
    said = {"ok": False, "code": "failed", "message": "The drive was pulled out; put it in again."}
    async with owner.site.answering(owner.module, **said):
        assert "The drive was pulled out" in await owner.text(owner.list, 409)
    async with owner.site.answering(owner.module, **DONE, clips="none"):
        assert "cannot be understood" in await owner.text(owner.list, 502)


async def test_nobody_sees_the_drive_of_another_account_or_takes_its_clips(owner: Owner) -> None:
    await owner.site.add_account("another", "another@example.org")
    async with owner.site.answering(owner.module, **DONE, **LINE):
        page = await owner.ask()
    assert await owner.send(page, 0, CONTENT) == 204
    async with owner.site.client() as stranger:
        await owner.site.log_in(stranger, "another@example.org")
        for path in (owner.list, page, f"{page}/part", f"{page}/media"):
            async with stranger.get(path) as answer:
                assert answer.status == 404
    async with owner.site.client() as nobody, nobody.get(f"{page}/media", allow_redirects=False) as answer:
        assert answer.status == 303


async def test_only_the_module_that_was_asked_sends_and_only_what_it_named(owner: Owner) -> None:
    other = await owner.site.claim()
    async with owner.site.answering(owner.module, **DONE, **LINE):
        page = await owner.ask()
    assert await owner.send(page, 0, CONTENT, other) == 404
    assert await owner.send(page, 5, CONTENT[5:]) == 409
    assert await owner.send(page, 0, CONTENT + b"x") == 413
    assert await owner.send(page, 0, bytes(len(CONTENT))) == 204
    assert "could not send this clip" in await owner.text(page)
    assert "a pas pu envoyer ce clip" in await owner.text(f"{page}?lang=fr")
    async with owner.client.get(f"{page}/media") as answer:
        assert answer.status == 425


async def test_a_module_that_falls_silent_or_gives_up_is_said(owner: Owner) -> None:
    async with owner.site.answering(owner.module, **DONE, **LINE):
        first, second = await owner.ask(), await owner.ask()
    url = f"/api/v1/module/drive-loans/{first.rpartition('/')[2]}"
    async with owner.site.client(owner.module.bearer) as client, client.delete(url) as answer:
        assert answer.status == 204
    assert "could not send this clip" in await owner.text(first)
    assert "0 % are here" in await owner.text(second)
    await owner.site.clock.advance(SILENT_FOR.total_seconds())
    assert "could not send this clip" in await owner.text(second)


async def test_a_clip_is_listed_comes_in_pieces_is_watched_and_is_gone_after_an_hour(owner: Owner) -> None:
    async with owner.site.answering(owner.module, **DONE, **LIST) as heard:
        listed = await owner.text(owner.list)
        assert "hinterhof-10" in listed
        assert "offset=50&amp;manifest=4f1d" in listed
        await owner.text(f"{owner.list}?offset=50&manifest=4f1d")
        assert heard[-1]["arguments"] == {"offset": 50, "manifest_id": "4f1d"}
    async with owner.site.answering(owner.module, **DONE, **LINE) as heard:
        page = await owner.ask()
    assert heard[-1]["name"] == "lend_drive_clip"
    assert await owner.send(page, 0, CONTENT[:6000]) == 204
    assert f"{100 * 6000 // len(CONTENT)} % are here" in await owner.text(page)
    assert await owner.send(page, 4000, CONTENT[4000:]) == 204, "a piece whose answer was lost comes again"
    assert "/media" in await owner.text(f"{page}/part")
    async with owner.client.get(f"{page}/media", headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status, await answer.read()) == (206, CONTENT[10:20])
    async with owner.client.get(f"{page}/media") as answer:
        assert (answer.headers["Cache-Control"], await answer.read()) == ("private, no-store", CONTENT)
    async with owner.site.records.reading() as records:
        assert await records.clips.get(owner.module.module_id, CLIP_ID) is None, "it counts in no plan and no quota"
    await owner.site.clock.advance((KEPT_FOR - timedelta(seconds=1)).total_seconds())
    await owner.text(page)
    await owner.site.clock.advance(1)
    await owner.text(page, 404)
    assert await owner.lent.staging.ids() != []
    await owner.lent.sweep()
    assert await owner.lent.staging.ids() == []


async def test_a_clip_of_the_drive_bears_its_cameras_name_and_can_be_downloaded(owner: Owner) -> None:
    await owner.site.camera(owner.module, 1, "Hinterhof 10", "mini")
    async with owner.site.answering(owner.module, **DONE, **LIST):
        assert "<h3>Hinterhof 10</h3>" in await owner.text(owner.list)
    async with owner.site.answering(owner.module, **DONE, **LINE):
        page = await owner.ask()
    assert await owner.send(page, 0, CONTENT) == 204
    assert 'download="20260301T000955Z_hinterhof-10.mp4"' in await owner.text(page)
    await owner.site.camera(owner.module, 2, "Hinterhof-10", "mini")
    assert "<strong>hinterhof-10</strong>" in await owner.text(page), "two cameras may have made it"


async def test_only_so_many_clips_are_here_for_one_owner_and_a_new_start_forgets_them(owner: Owner) -> None:
    async with owner.site.answering(owner.module, **DONE, **LINE):
        pages = [await owner.ask() for _ in range(MOST_FOR_AN_ACCOUNT + 1)]
    assert await owner.send(pages[0], 0, CONTENT) == 404
    assert await owner.send(pages[-1], 0, CONTENT) == 204
    await owner.lent.clear()
    assert await owner.lent.staging.ids() == []


async def test_the_command_and_its_result_are_as_on_the_wire(owner: Owner) -> None:
    asked = json.loads((CONTRACT / "command_lend_drive_clip_v1.json").read_text())
    told = json.loads((CONTRACT / "command_lend_drive_clip_result_v1.json").read_text())
    listed = json.loads((CONTRACT / "drive_clips_v1.json").read_text())
    said = {name: value for name, value in told.items() if name not in {"id", "name"}}
    async with owner.site.answering(owner.module, **said) as heard:
        page = await owner.ask()
    assert heard[0]["arguments"].keys() == asked["arguments"].keys()
    assert heard[0]["name"] == asked["name"]
    assert told["camera"] in await owner.text(page)
    async with owner.site.answering(owner.module, **DONE, **listed):
        assert listed["clips"][0]["camera"] in await owner.text(owner.list)
