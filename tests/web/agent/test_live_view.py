"""Live view on the diagnostics page in a real browser: who may, how it ends, and that real pictures play."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from agent.adapters.live_speaker import LiveSpeaker, open_live_speaker
from agent.flow.live_to_viewer import CameraForLive
from agent.flow.steps_to_live import StepsToLive
from agent.flow.viewer_to_speaker import ViewerToSpeaker
from agent.web.changes import COOKIE
from hardware.speaker import SAMPLE_BYTES, SAMPLES_PER_S
from tests.chromium import FLAGS, PATIENCE_MS
from tests.flow.live_bench import LiveBench
from tests.waiting import wait_until_async
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, KEY, Scene

SOCKET = f"/live/{CAMERAS[0]}/socket"
MICROPHONE = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]


class CountedSpeaker:
    """The emulated speaker, and how much it was given to play so far."""

    def __init__(self, speaker: LiveSpeaker) -> None:
        self._speaker = speaker
        self.played_bytes = 0

    async def play(self, pcm: bytes) -> None:
        self.played_bytes += len(pcm)
        await self._speaker.play(pcm)

    async def close(self) -> None:
        await self._speaker.close()


class Street:
    """A camera that sends its 10 pictures a second in real time, on the scene's board."""

    def __init__(self, scene: Scene, codec: str = "h264") -> None:
        self.bench = LiveBench(codec=codec)
        self.bench.clock = scene.live_clock
        self.steps: StepsToLive = self.bench.steps
        scene.board.cameras[CAMERAS[0]].phase = "idle"
        self.speaker: CountedSpeaker | None = None
        talk = ViewerToSpeaker(self.open_speaker, scene.clock)
        scene.live_cameras[CAMERAS[0]] = CameraForLive(self.steps, True, lambda: None, talk)
        self.scene = scene

    async def open_speaker(self) -> CountedSpeaker:
        self.speaker = CountedSpeaker(
            await open_live_speaker(f"emulated:{self.scene.folder}/said.wav", self.scene.clock.monotonic)
        )
        return self.speaker

    def was_told(self, seconds: float) -> bool:
        return self.speaker is not None and self.speaker.played_bytes >= seconds * SAMPLES_PER_S * SAMPLE_BYTES

    async def run(self) -> None:
        await self.steps.begin(self.bench.stream)
        at = 0
        while True:
            await self.bench.play(at / 10, (at + 1) / 10, moves_clock=False)
            await self.scene.clock.sleep(0.1)
            at += 1


@pytest.fixture
async def street(scene: Scene) -> AsyncIterator[Street]:
    made = Street(scene)
    running = asyncio.ensure_future(made.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def page(browser: Browser, client: Client) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    made = await context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    yield made
    await context.close()
    assert complaints == []


async def opened(page: Page, client: Client) -> None:
    await page.goto(f"{client.make_url('/')}#unlock={KEY}")
    await page.locator(f'[data-camera="{CAMERAS[0]}"] .go-live').click()


async def plays(page: Page) -> None:
    """Wait until the picture moves: time passes and frames are decoded."""
    await page.wait_for_function(
        """() => { const v = document.querySelector('.live-view video');
                   return v.currentTime > 1 && v.getVideoPlaybackQuality().totalVideoFrames > 10; }"""
    )


async def test_nobody_watches_without_the_key_from_elsewhere_or_an_unknown_camera(
    client: Client, street: Street
) -> None:
    origin = f"http://127.0.0.1:{client.port}"

    async def status(path: str = SOCKET, **headers: str) -> int:
        try:
            async with client.ws_connect(path, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as error:
            return error.status

    assert await status(Origin=origin) == 401
    assert await status(Origin=origin, Authorization=f"Bearer {KEY}") == 401
    client.session.cookie_jar.update_cookies({COOKIE: "guessed"})
    assert await status(Origin=origin) == 401
    assert (await client.post("/api/v1/session", json={"key": KEY})).status == 201
    for foreign in ("https://evil.example.org", "null"):
        assert await status(Origin=foreign) == 403
    assert await status() == 403
    assert await status("/live/nobody/socket", Origin=origin) == 404
    assert (await client.get(SOCKET, headers={"Origin": origin})).status == 426
    assert await status(Origin=origin) == 101
    assert await wait_until_async(_gone(street), 10.0, "the view to end")


def _gone(street: Street) -> Callable[[], Awaitable[bool]]:
    async def gone() -> bool:
        return street.steps.viewers == 0 and street.scene.views.views == []

    return gone


async def test_a_broken_message_of_a_viewer_changes_nothing(client: Client, street: Street) -> None:
    await client.post("/api/v1/session", json={"key": KEY})
    async with client.ws_connect(SOCKET, headers={"Origin": f"http://127.0.0.1:{client.port}"}) as socket:
        assert (await socket.receive_json())["type"] == "grant"
        for text in ("no", "[]", '{"type": 7}', "[" * 60_000):
            await socket.send_str(text)
        for binary in (b"", b"\x10", b"\x10odd", b"\x07what"):
            await socket.send_bytes(binary)
        kinds = [(await socket.receive()).type for _ in range(4)]
    assert aiohttp.WSMsgType.BINARY in kinds
    assert await wait_until_async(_gone(street), 10.0, "the view to end")


@pytest.mark.browser
async def test_a_live_view_plays_asks_goes_on_and_ends_at_its_limit(
    page: Page, client: Client, scene: Scene, street: Street
) -> None:
    await opened(page, client)
    await plays(page)
    await scene.live_clock.advance(30.0)
    question = page.locator('[data-live-part="question"]')
    await expect(question).to_contain_text("Do you want to go on watching?")
    await page.locator('[data-live-part="go-on"]').click()
    await expect(question).to_be_hidden()

    async def answered() -> bool:
        clock = scene.views.views[0]._clock
        return clock is not None and clock.asked_s is None

    for _ in range(8):
        assert await wait_until_async(answered, 10.0, "the answer")
        await scene.live_clock.advance(30.0)
        await page.locator('[data-live-part="go-on"]').click()
    assert await wait_until_async(answered, 10.0, "the answer")
    await scene.live_clock.advance(30.0)
    await expect(page.locator('[data-live-part="state"]')).to_have_text("The live view has reached its limit.")
    assert await wait_until_async(_gone(street), 10.0, "the view to end")
    await page.locator('[data-live-part="again"]').click()
    await plays(page)
    await page.keyboard.press("Escape")
    assert await wait_until_async(_gone(street), 10.0, "the view to end")


@pytest.mark.browser
async def test_a_saved_view_becomes_a_clip_and_a_refused_wish_is_said(
    page: Page, client: Client, scene: Scene, street: Street
) -> None:
    assert scene.board.link.lease is not None
    features = scene.board.link.lease.cameras[CAMERAS[0]].features
    assert "live_view_recording" in features
    await opened(page, client)
    await page.locator('[data-live-part="save"]').check()

    async def saved() -> bool:
        return bool(scene.live_intake.clips) and len(scene.live_intake.clips[-1].packets) > 10

    await wait_until_async(saved, 20.0, "a second of the view is saved")
    await plays(page)
    await page.keyboard.press("Escape")
    assert await wait_until_async(_gone(street), 10.0, "the view to end")
    assert scene.live_intake.clips[-1].closed
    scene.board.link.lease = None
    await page.locator(f'[data-camera="{CAMERAS[0]}"] .go-live').click()
    await expect(page.locator('[data-live-part="notes"]')).to_have_text("Not saved: this module has no lease yet.")


@pytest.mark.browser
async def test_h265_falls_back_to_pictures(page: Page, client: Client, scene: Scene) -> None:
    street = Street(scene, "hevc")
    running = asyncio.ensure_future(street.run())
    try:
        await opened(page, client)
        picture = page.locator('[data-live-part="picture"]')
        await expect(picture).to_have_attribute("src", re.compile(r"/live/.*\.mjpeg"))
        await page.wait_for_function("e => e.naturalWidth > 0", arg=await picture.element_handle())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.browser
@pytest.mark.parametrize("browser_flags", [[*FLAGS, *MICROPHONE]])
async def test_what_is_said_into_the_browser_comes_out_of_the_speaker(
    page: Page, client: Client, scene: Scene, street: Street
) -> None:
    """The fake microphone of the browser beeps; the emulated speaker writes a WAV file."""
    await opened(page, client)
    await plays(page)
    button = page.locator('[data-live-part="talk"]')
    await button.hover()
    await page.mouse.down()
    await expect(button).to_have_attribute("aria-pressed", "true")

    async def heard() -> bool:
        return street.was_told(seconds=1)

    await wait_until_async(heard, 30.0, "a second of what is said has come to the speaker")
    await page.mouse.up()
    await page.keyboard.press("Escape")
    assert await wait_until_async(_gone(street), 10.0, "the view to end")

    async def written() -> bytes:
        file = scene.folder / "said.wav"
        return file.read_bytes() if file.exists() and file.stat().st_size > SAMPLES_PER_S * SAMPLE_BYTES else b""

    said = await wait_until_async(written, 10.0, "what was said is written")
    assert any(said[44:])


@pytest.mark.browser
async def test_a_page_that_is_not_secure_says_why_nobody_can_talk(page: Page, client: Client, street: Street) -> None:
    await page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    await opened(page, client)
    await expect(page.locator('[data-live-part="no-talk"]')).to_be_visible()
    await expect(page.locator('[data-live-part="talk"]')).to_be_hidden()
