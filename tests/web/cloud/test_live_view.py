"""Live view through the cloud, with the device's own flow at the other end: refusals, ends, and real pictures."""

import asyncio
import json
import wave
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from agent.adapters.cloud_http import CloudHttp
from agent.adapters.live_lines_ws import CloudLines
from agent.adapters.live_speaker import open_live_speaker
from agent.flow.live_to_viewer import CameraForLive
from agent.flow.viewer_to_live import attend
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from cloud_stub.domain.live_pieces import LiveQueue
from cloud_stub.flow.live_relay import MOST_VIEWS
from cloud_stub.web.live_routes import LOOK_EVERY_S
from tests.chromium import BROWSER_MARKS, PATIENCE_MS
from tests.flow.live_bench import LiveBench
from tests.flow.test_motion_to_clip import CAMERA
from tests.waiting import wait_until_async
from tests.web.cloud.site import ClaimedModule, Site
from tests.web.cloud.test_browser import browser, log_in, page  # noqa: F401 - fixtures

PATIENCE_S = 20.0


@dataclass
class Device:
    """A module that does what it is told: it dials, and sends its camera's pictures for as long as it is asked."""

    site: Site
    claimed: ClaimedModule
    camera_id: str
    heard: list[dict[str, object]]
    bench: LiveBench
    served: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> None:
        http = CloudHttp(self.site.url, f"{self.claimed.module_id}.{self.claimed.secret}")
        try:
            seen = 0
            await self.bench.steps.begin(self.bench.stream)
            tick = 0
            while True:
                while seen < len(self.heard):
                    asked = self.heard[seen]["arguments"]
                    assert isinstance(asked, dict)
                    seen += 1
                    view = self.bench.views.open(CAMERA, extended=asked["extended"], save=asked["save"])
                    line = await CloudLines(http.connect).dial(str(asked["view_id"]))
                    self.served.append(asyncio.create_task(attend(view, line)))
                await self.bench.play(tick / 10, (tick + 1) / 10, moves_clock=False)
                tick += 1
                await asyncio.sleep(0.05)  # noqa: TID251 - the camera's own pace, twice as fast as real
        finally:
            for task in self.served:
                task.cancel()
            await asyncio.gather(*self.served, return_exceptions=True)
            await http.close()

    async def idle(self) -> bool:
        return self.bench.views.views == []


@pytest_asyncio.fixture
async def device(site: Site) -> AsyncIterator[Device]:
    claimed = await site.claim()
    camera_id = await site.camera(claimed, 1, "Front door", "mini")
    async with site.answering(claimed, ok=True, code="done", message="") as heard:
        made = Device(site, claimed, camera_id, heard, LiveBench())
        running = asyncio.ensure_future(made.run())
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def path(camera_id: str) -> str:
    return f"/cameras/{camera_id}/live/socket"


async def until_end(socket: aiohttp.ClientWebSocketResponse) -> dict[str, object]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT and json.loads(message.data)["type"] == "end":
            return dict(json.loads(message.data))
    raise AssertionError("the line closed without a word")


async def refused(client: aiohttp.ClientSession, where: str, **headers: str) -> int:
    try:
        async with client.ws_connect(where, headers=headers):
            return 101
    except aiohttp.WSServerHandshakeError as error:
        return error.status


async def test_nobody_watches_without_a_log_in_or_from_another_site(site: Site, device: Device) -> None:
    async with site.client() as client:
        assert await refused(client, path(device.camera_id), Origin=site.url) == 401
        await site.log_in(client)
        assert await refused(client, path(device.camera_id), Origin="https://evil.example.org") == 403
        assert await refused(client, path(device.camera_id)) == 403
    assert device.heard == []


async def test_another_owners_camera_and_an_offline_module_are_refused(site: Site) -> None:
    claimed = await site.claim()
    camera_id = await site.camera(claimed, 1, "Front door", "mini")
    async with site.client({"Origin": site.url}) as client:
        await site.log_in(client)
        async with client.ws_connect(path(str(uuid4()))) as socket:
            assert (await until_end(socket))["reason"] == "camera_unknown"
        async with client.ws_connect(path(camera_id)) as socket:
            assert (await until_end(socket))["reason"] == "module_offline"


async def test_a_module_brings_only_what_was_asked_of_it(site: Site, device: Device) -> None:
    stranger = await site.claim("Another")
    where = f"/api/v1/module/live/{uuid4()}"
    async with site.client() as client:
        assert await refused(client, where) == 401
        assert await refused(client, where, **stranger.bearer) == 404
        async with client.get(where, headers=stranger.bearer) as answer:
            assert (answer.status, (await answer.json())["code"]) == (426, "websocket_only")


async def test_what_the_module_refuses_is_told(site: Site) -> None:
    claimed = await site.claim()
    camera_id = await site.camera(claimed, 1, "Front door", "mini")
    async with (
        site.answering(claimed, ok=False, code="failed", message="4 live views are open on this module."),
        site.client({"Origin": site.url}) as client,
    ):
        await site.log_in(client)
        async with client.ws_connect(path(camera_id)) as socket:
            end = await until_end(socket)
            assert (end["reason"], end["detail"]) == ("live_view_refused", "4 live views are open on this module.")


async def test_a_view_too_many_is_refused_and_a_viewer_who_leaves_ends_the_modules_work(
    site: Site, device: Device
) -> None:
    async with site.client({"Origin": site.url}) as client:
        await site.log_in(client)
        sockets = [await client.ws_connect(path(device.camera_id)) for _ in range(MOST_VIEWS)]
        for socket in sockets:
            assert (await socket.receive_json())["type"] == "grant"
        async with client.ws_connect(path(device.camera_id)) as fifth:
            assert (await until_end(fifth))["reason"] == "too_many_views"
        for socket in sockets:
            await socket.close()
    assert await wait_until_async(device.idle, PATIENCE_S, "the module to stop")
    assert device.bench.steps.viewers == 0


async def test_what_an_owner_says_comes_out_of_the_cameras_speaker_and_other_bytes_do_not(
    site: Site, device: Device
) -> None:
    said = site.records_file.parent / "said.wav"
    talk = ViewerToSpeaker(
        lambda: open_live_speaker(f"emulated:{said}", device.bench.clock.monotonic), device.bench.clock
    )
    device.bench.views.camera_of = {CAMERA: CameraForLive(device.bench.steps, True, lambda: None, talk)}.get
    sound = bytes(range(200)) * 4
    async with site.client({"Origin": site.url}) as client:
        await site.log_in(client)
        async with client.ws_connect(path(device.camera_id)) as socket:
            assert (await socket.receive_json())["talk"] is True
            assert (await socket.receive_json())["type"] == "head"
            for message in (b"", b"\x00head", b"\x01" + sound, b"\x10" + sound):
                await socket.send_bytes(message)

            async def heard() -> bool:
                return talk._talker is not None

            assert await wait_until_async(heard, PATIENCE_S, "the module to hear it")
    assert await wait_until_async(device.idle, PATIENCE_S, "the module to stop")

    async def written() -> bool:
        return said.exists() and said.stat().st_size >= 44 + len(sound)

    assert await wait_until_async(written, PATIENCE_S, "the sound to be written")
    with wave.open(str(said), "rb") as file:
        assert file.readframes(10_000) == sound


@pytest.mark.parametrize("how", ["log out", "remove"])
async def test_a_log_out_and_a_removed_module_end_the_view(site: Site, device: Device, how: str) -> None:
    async with site.client({"Origin": site.url}) as client:
        token = await site.log_in(client)
        async with client.ws_connect(path(device.camera_id)) as socket:
            assert (await socket.receive_json())["type"] == "grant"
            where = "/api/v1/session" if how == "log out" else f"/api/v1/modules/{device.claimed.module_id}"
            async with client.delete(where, headers={"X-CSRF-Token": token}) as answer:
                assert answer.status == 204
            ending = asyncio.ensure_future(until_end(socket))
            while not ending.done():
                await site.clock.advance(LOOK_EVERY_S)
                await asyncio.sleep(0.02)  # noqa: TID251 - lets the records answer
            assert (await ending)["reason"] == ("logged_out" if how == "log out" else "revoked")
    assert await wait_until_async(device.idle, PATIENCE_S, "the module to stop")


def test_what_waits_for_a_slow_viewer_is_bounded_and_begins_again_with_a_keyframe() -> None:
    queue = LiveQueue(most_bytes=100)
    queue.put(b"\x00head")
    for number in range(1000):
        queue.put(bytes([1 if number % 10 == 0 else 2]) + bytes(30))
        queue.put('{"type": "continue"}')
        assert queue.held_bytes <= 105
    taken = []
    while (message := queue.get()) is not None:
        taken.append(message)
    kinds = [message[0] for message in taken if isinstance(message, bytes)]
    assert kinds == [0]
    assert sum(isinstance(message, str) for message in taken) == 100
    for kind in (2, 1, 2):
        queue.put(bytes([kind]) + bytes(30))
    assert [message[0] for message in iter(queue.get, None) if isinstance(message, bytes)] == [1, 2]


class TestInABrowser:
    """The owner's page."""

    pytestmark = BROWSER_MARKS

    async def test_the_owner_watches_is_asked_goes_on_and_talks_to_the_module(
        self,
        page: Page,  # noqa: F811 - the fixture
        site: Site,
        device: Device,
    ) -> None:
        said = site.records_file.parent / "said.wav"
        talk = ViewerToSpeaker(
            lambda: open_live_speaker(f"emulated:{said}", device.bench.clock.monotonic), device.bench.clock
        )
        with_speaker = CameraForLive(device.bench.steps, True, lambda: None, talk)
        device.bench.views.camera_of = {CAMERA: with_speaker}.get
        await log_in(page)
        await page.goto("/modules")
        await page.get_by_role("link", name="Live").click()
        await page.wait_for_function(
            """() => { const v = document.querySelector('#video');
                       return v.currentTime > 1 && v.getVideoPlaybackQuality().totalVideoFrames > 10; }"""
        )
        await expect(page.locator('[data-live-part="talk"]')).to_be_visible()
        await device.bench.clock.advance(30.0)
        question = page.locator('[data-live-part="question"]')
        await expect(question).to_be_visible(timeout=PATIENCE_MS)
        await page.locator('[data-live-part="go-on"]').click()
        await expect(question).to_be_hidden()
        await device.bench.clock.advance(30.0)
        await expect(question).to_be_visible(timeout=PATIENCE_MS)
        await device.bench.clock.advance(10.0)
        state = page.locator('[data-live-part="state"]')
        await expect(state).to_have_text("Nobody asked to go on: the live view has ended.", timeout=PATIENCE_MS)
        assert await wait_until_async(device.idle, PATIENCE_S, "the module to stop")


__all__ = ["Browser"]
