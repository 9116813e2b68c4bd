"""The drive's clips on the diagnostics: gone drives, stale lists and locked deletes first; then lists and ranges."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientPayloadError
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, expect

from agent.adapters.camera_feed_pyav.replay_file import ThreadReplayer
from agent.adapters.drive_lane_thread import DriveLaneThread
from agent.adapters.drive_store_files import BACKUP_BASE, DriveFiles, OwnDrive
from agent.adapters.module_state_files import ModuleStateFiles
from agent.composition.drive_acts import drive_acts
from agent.composition.own_drive import KeptDrive
from agent.domain.clip import ClipRow, RowPhase
from agent.domain.drive_pace import DrivePace
from agent.flow.clip_moves import ClipMoves
from agent.flow.drive_clips import DriveClips
from agent.settings import DriveSettings
from hardware.drives.emulated import EmulatedDrive, EmulatedDriveControl
from tests.chromium import PATIENCE_MS
from tests.small_video import quiet_then_walker
from tests.web.agent.conftest import Client
from tests.web.agent.scene import KEY, Scene

US = "us"
OWNER = {"Authorization": f"Bearer {KEY}"}


class DriveScene:
    """A scene whose module has an emulated drive with one clip in each of its two stores."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.control = EmulatedDriveControl(folder / "usb")
        self.own = OwnDrive(EmulatedDrive(folder / "usb", reserve_bytes=0), US)
        self.lane = DriveLaneThread(scene.clock)
        self.stores = [
            DriveFiles(self.own.look, US, lambda _: "Front door", self.lane, base) for base in ("veilleur", BACKUP_BASE)
        ]
        moves = ClipMoves(ledger=scene.ledger, files=scene.files, clock=scene.clock, board=scene.board)
        scene.drive_clips = DriveClips(self.stores[0], self.stores[1], scene.ledger, moves)
        settings = DriveSettings(emulated=folder / "usb")
        kept = KeptDrive(self.own, settings, "E0E0-0001", ModuleStateFiles(folder / "state"))
        scene.drive_acts = drive_acts(kept, scene.drive_clips, scene.board, self.lane)
        self.source = folder / "clip.mp4"

    def see(self) -> None:
        self.scene.board.drive = self.own.look()

    async def fill(self, content: bytes) -> None:
        self.see()
        self.source.write_bytes(content)
        for number, store in enumerate(self.stores):
            row = await self.scene.keep(number, RowPhase.STORED_USB)
            row = replace(row, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            copy = await store.put(row, self.source, "clips")
            await self.scene.ledger.update(replace(row, usb_path=copy.usb_path))
        self.see()

    async def row(self, clip_id: str) -> ClipRow:
        found = await self.scene.ledger.get(clip_id)
        assert found is not None
        return found


CONTENT = bytes(range(256)) * 2000
CLIP = "d1d2d3d4-1111-4222-8333-000000000000"
MEDIA = f"/media/drive/clips/{CLIP}"


@pytest.fixture
async def drive(scene: Scene, tmp_path: Path) -> DriveScene:
    made = DriveScene(scene, tmp_path)
    await made.fill(CONTENT)
    return made


@pytest.fixture
async def client(drive: DriveScene) -> AsyncIterator[Client]:
    async with TestClient(TestServer(drive.scene.app())) as made:
        yield made


async def test_a_module_without_a_drive_says_so(scene: Scene) -> None:
    async with TestClient(TestServer(scene.app())) as client:
        for path in ("/api/v1/drive/clips", MEDIA):
            answer = await client.get(path)
            assert (answer.status, (await answer.json())["code"]) == (404, "no_drive")


async def test_a_pulled_hanging_or_changed_drive_is_a_sentence(client: Client, drive: DriveScene) -> None:
    stale = await client.get("/api/v1/drive/clips", params={"manifest_id": "0" * 16})
    assert (stale.status, (await stale.json())["code"]) == (409, "list_changed")
    drive.scene.board.drive_pace = DrivePace.HUNG
    for path in ("/api/v1/drive/clips", MEDIA):
        answer = await client.get(path)
        assert (answer.status, (await answer.json())["code"]) == (503, "drive_gone")
        assert "pull it out" in (await answer.json())["detail"]
    drive.scene.board.drive_pace = DrivePace.OK
    drive.control.pull()
    answer = await client.get(MEDIA)
    assert (answer.status, (await answer.json())["code"]) == (503, "drive_gone")
    drive.see()
    listed = await (await client.get("/api/v1/drive/clips")).json()
    assert (listed["state"], listed["clips"], listed["detail"] != "") == ("pulled", [], True)


async def test_a_drive_that_is_pulled_while_it_is_played_ends_the_answer_short(
    client: Client, drive: DriveScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = drive.stores[0].read_clip
    monkeypatch.setattr("agent.web.drive.BLOCK", 1000)

    async def pull_after_the_third(clip: object, offset: int, length: int) -> bytes:
        if offset >= 3000:
            drive.control.pull()
        return await real(clip, offset, length)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(drive.stores[0], "read_clip", pull_after_the_third)
    answer = await client.get(MEDIA)
    assert answer.status == 200
    with pytest.raises(ClientPayloadError):
        await answer.read()


@pytest.mark.parametrize("asked", ["bytes=512000-", "bytes=5-4", "bytes=-0", "bytes=x", "bytes=0-1,4-5"])
async def test_a_range_that_is_not_there_is_refused(client: Client, asked: str) -> None:
    answer = await client.get(MEDIA, headers={"Range": asked})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */512000")


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, 511_999),
        ("bytes=10-19", 10, 19),
        ("bytes=-5", 511_995, 511_999),
        ("bytes=7-9999999", 7, 511_999),
    ],
)
async def test_a_range_is_answered_to_the_byte(client: Client, asked: str, first: int, last: int) -> None:
    answer = await client.get(MEDIA, headers={"Range": asked})
    assert (answer.status, answer.content_type) == (206, "video/mp4")
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/512000"
    assert await answer.read() == CONTENT[first : last + 1]


async def test_the_whole_clip_and_the_list_of_both_stores(client: Client) -> None:
    answer = await client.get(MEDIA)
    assert (answer.status, await answer.read()) == (200, CONTENT)
    assert (await client.get("/media/drive/clips/nothing")).status == 404
    listed = await (await client.get("/api/v1/drive/clips")).json()
    assert [(clip["store"], clip["size_bytes"]) for clip in listed["clips"]] == [
        ("clips", 512_000),
        ("backup", 512_000),
    ]
    again = await client.get("/api/v1/drive/clips", params={"manifest_id": listed["manifest_id"]})
    assert again.status == 200
    assert (await client.get("/api/v1/drive/clips", params={"offset": "x"})).status == 400


async def test_a_clip_is_deleted_only_while_unlocked(client: Client, drive: DriveScene) -> None:
    path, body = "/api/v1/commands/delete_drive_clip", {"store": "clips", "clip_id": CLIP}
    assert (await client.post(path, json=body)).status == 401
    assert (await client.get(MEDIA)).status == 200
    assert (await client.post(path, json=body, headers=OWNER)).status == 200
    assert (await client.get(MEDIA)).status == 404
    assert (await drive.row(CLIP)).lost_because == "deleted_on_drive"
    assert (await client.post(path, json=body, headers=OWNER)).status == 422
    made = await client.post("/api/v1/commands/rebuild_drive", json={}, headers=OWNER)
    assert (await made.json())["clips"] == 1
    listed = await (await client.post("/api/v1/commands/list_drive", json={}, headers=OWNER)).json()
    assert [clip["store"] for clip in listed["clips"]] == ["backup"]


async def test_another_drive_is_adopted_by_its_uuid_alone_and_kept(client: Client, drive: DriveScene) -> None:
    drive.control.swap("F0F0-0002")
    drive.see()
    path = "/api/v1/commands/adopt_drive"
    assert (await client.post(path, json={"uuid": "F0F0-0002"})).status == 401
    assert (await client.post(path, json={"uuid": "AAAA-0009"}, headers=OWNER)).status == 422
    assert (await client.post(path, json={"uuid": "F0F0-0002"}, headers=OWNER)).status == 200
    listed = await (await client.get("/api/v1/drive/clips")).json()
    assert (listed["state"], listed["total"]) == ("usable", 0)
    drive.see()
    assert drive.scene.board.drive is not None
    assert drive.scene.board.drive.uuid == "F0F0-0002"


@pytest.mark.browser
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
async def test_in_a_browser_clips_are_listed_and_deleted_and_the_drive_is_ejected(
    browser: Browser, client: Client, drive: DriveScene, locale: str
) -> None:
    context = await browser.new_context(viewport={"width": 390, "height": 900}, locale=locale)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.on("dialog", lambda dialog: dialog.accept())
    await page.goto(str(client.make_url("/")))
    section = page.locator(".drive")
    await section.locator("[data-drive-list]").click()
    await expect(section.locator("li")).to_have_count(2)
    await expect(section.locator("[data-delete]").first).to_be_disabled()
    await section.locator("[data-play]").first.click()
    await expect(section.locator("[data-drive-said]")).not_to_be_empty()  # these bytes are no video
    await page.locator("input[name=key]").fill(KEY)
    await page.locator("input[name=key]").press("Enter")
    await section.locator("[data-delete]").first.click()
    await expect(section.locator("li")).to_have_count(1)
    await section.locator("[data-drive-eject]").click()
    await expect(section.locator("li")).to_have_count(0)
    assert drive.own.look().state == "ejected"
    await context.close()


async def test_a_clip_on_the_drive_is_replayed_from_a_copy_that_goes_afterwards(
    drive: DriveScene, tmp_path: Path
) -> None:
    stream, packets = quiet_then_walker()
    path, file = await drive.scene.files.create("walker", stream)
    await file.write(packets)
    closed = await file.close()
    row = await drive.scene.keep(8, RowPhase.STORED_USB, duration_ms=12_000)
    row = replace(row, size_bytes=closed.size_bytes, sha256=closed.sha256)
    copy = await drive.stores[0].put(row, drive.scene.files.locate(path), "clips")
    await drive.scene.ledger.update(replace(row, usb_path=copy.usb_path))
    replays = drive.scene.with_replayer(ThreadReplayer(drive.scene.clock.monotonic), drive.stores[0])
    async with TestClient(TestServer(drive.scene.app())) as client:
        url = f"/api/v1/clips/{row.clip_id}/replay?sensitivity=5"
        assert (await client.post(url, headers=OWNER)).status == 202
        await replays.ended()
        answer = await (await client.get("/api/v1/replay")).json()
        assert (answer["phase"], len(answer["answer"]["events"])) == ("done", 1)
        assert names(tmp_path / "replayed") == []
        drive.control.pull()
        assert (await client.post(url, headers=OWNER)).status == 202
        await replays.ended()
        assert (await (await client.get("/api/v1/replay")).json())["phase"] == "failed"
        drive.scene.board.drive_pace = DrivePace.HUNG
        assert (await client.post(url, headers=OWNER)).status == 410


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]
