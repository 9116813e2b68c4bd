"""Why a clip was made, and would it have fired: what is refused first, then the answers, then the page itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, expect

from agent.adapters.camera_feed_pyav.picture_analysis import PictureAnalysis
from agent.domain.clip import ClipRow, RowPhase
from agent.domain.zones import CameraZones, Zone, ZoneKind
from agent.ports.why import Replayed, ReplayStopped
from agent.vision.motion import MotionReading
from agent.vision.zones import WatchedParts
from tests.chromium import PATIENCE_MS
from tests.small_video import quiet_then_walker
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, KEY, Scene

OWNER = {"Authorization": f"Bearer {KEY}"}
EVENT = str(UUID(int=7))
EVERYWHERE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

WORDS = {
    "en-GB": (
        "Something moved",
        "With sensitivity 5 it would have fired once.",
        "With sensitivity 1 it would not have fired.",
    ),
    "fr-FR": (
        "Quelque chose a bougé",
        "Avec la sensibilité 5, elle se serait déclenchée une fois.",
        "Avec la sensibilité 1, elle ne se serait pas déclenchée.",
    ),
}


def decision() -> MotionReading:
    """Return the reading at which the detector decided on the walker, with its picture."""
    stream, packets = quiet_then_walker()
    analysis = PictureAnalysis(stream)
    return next(reading for packet in packets if (reading := analysis.see(packet)) and reading.picture)


def after(row: ClipRow, seconds: float) -> str:
    return (datetime.fromisoformat(row.captured_at) + timedelta(seconds=seconds)).isoformat()


class WhyScene:
    """A scene with one clip of a walker in its spool, the record of why, and replays through the real detector."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.whys = scene.whys

    async def fill(self) -> ClipRow:
        scene = self.scene
        row = await scene.keep(0, RowPhase.HELD, path=await self.walker(), duration_ms=12_000)
        decided = await asyncio.to_thread(decision)
        scene.board.cameras[CAMERAS[0]].reading = decided
        told: dict[str, object] = {
            "event_id": EVENT, "camera_id": CAMERAS[0], "clip_id": row.clip_id, "phase": "started",
            "at": after(row, decided.at_s), "area": 0.021, "box": [0.1, 0.3, 0.12, 0.4], "score": 7.0,
            "threshold": 1.0, "light_change": False, "trigger": "picture",
        }  # fmt: skip
        self.whys.hear("event/motion", told)
        ended = {**told, "phase": "ended", "at": after(row, 7.0), "score": 14.2, "area": 0.043}
        self.whys.hear("event/motion", ended)
        await self.whys.finish()
        return row

    async def walker(self) -> str:
        stream, packets = quiet_then_walker()
        path, file = await self.scene.files.create(f"{UUID(int=1)}", stream)
        await file.write(packets)
        await file.close()
        return path


class HungReplayer:
    """Runs until it is stopped."""

    async def replay(
        self,
        path: Path,
        minimum_area: float,
        watched: WatchedParts,
        on_progress: Callable[[float], None],
        stopped: Callable[[], bool],
    ) -> Replayed:
        on_progress(0.5)
        for _ in range(100_000):
            await asyncio.to_thread(lambda: None)
            if stopped():
                raise ReplayStopped("")
        raise ReplayStopped("nobody stopped it")


@pytest.fixture
async def why(scene: Scene) -> WhyScene:
    return WhyScene(scene)


@pytest.fixture
async def row(why: WhyScene) -> ClipRow:
    return await why.fill()


@pytest.fixture
async def client(row: ClipRow, why: WhyScene) -> AsyncIterator[Client]:
    assert row.path
    async with TestClient(TestServer(why.scene.app())) as made:
        yield made


async def replayed(client: Client, row: ClipRow, sensitivity: int) -> dict[str, object]:
    begun = await client.post(f"/api/v1/clips/{row.clip_id}/replay?sensitivity={sensitivity}", headers=OWNER)
    assert begun.status == 202, await begun.text()
    while True:
        answer: dict[str, object] = await (await client.get("/api/v1/replay")).json()
        if answer["phase"] != "running":
            return answer


async def test_a_locked_page_may_look_but_neither_replay_nor_stop(client: Client, row: ClipRow) -> None:
    assert (await client.get(f"/api/v1/clips/{row.clip_id}/why")).status == 200
    assert (await client.post(f"/api/v1/clips/{row.clip_id}/replay?sensitivity=3")).status == 401
    assert (await client.delete("/api/v1/replay")).status == 401
    assert (await client.get("/api/v1/replay")).status == 404


@pytest.mark.parametrize("asked", ["", "0", "10", "5.5", "five", "-1", "²"])
async def test_a_sensitivity_that_is_none_is_refused(client: Client, row: ClipRow, asked: str) -> None:
    url = f"/api/v1/clips/{row.clip_id}/replay"
    answer = await client.post(url, params={"sensitivity": asked}, headers=OWNER)
    assert (answer.status, (await answer.json())["code"]) == (400, "bad_sensitivity")


async def test_what_is_not_there_or_still_grows_is_not_replayed(client: Client, why: WhyScene) -> None:
    gone = await why.scene.keep(1, RowPhase.STORED_CLOUD)
    growing = await why.scene.keep(2, RowPhase.RECORDING)
    for clip_id, code in ((gone.clip_id, "clip_gone"), (growing.clip_id, "still_recording"), ("x", "clip_unknown")):
        answer = await client.post(f"/api/v1/clips/{clip_id}/replay?sensitivity=3", headers=OWNER)
        assert (await answer.json())["code"] == code
    assert (await client.get("/api/v1/clips/x/why")).status == 404
    assert (await client.get("/why/..%2f..%2fetc%2fpasswd.jpg")).status == 404


async def test_a_clip_without_a_record_says_nothing_and_a_damaged_one_cannot_be_tried(
    client: Client, why: WhyScene, row: ClipRow
) -> None:
    other = await why.scene.keep(3, RowPhase.STORED_CLOUD)
    document = await (await client.get(f"/api/v1/clips/{other.clip_id}/why")).json()
    assert (document["events"], document["replayable"]) == ([], False)
    assert row.path
    await asyncio.to_thread(why.scene.files.locate(row.path).write_bytes, b"no video" * 99)
    answer = await replayed(client, row, 5)
    assert answer["phase"] == "failed"
    assert answer["detail"]


async def test_one_replay_at_a_time_and_it_can_be_stopped(client: Client, why: WhyScene, row: ClipRow) -> None:
    why.scene.with_replayer(HungReplayer())
    async with TestClient(TestServer(why.scene.app())) as other:
        url = f"/api/v1/clips/{row.clip_id}/replay?sensitivity=3"
        assert (await other.post(url, headers=OWNER)).status == 202
        busy = await other.post(url, headers=OWNER)
        assert (busy.status, (await busy.json())["code"]) == (409, "replay_busy")
        assert (await other.delete("/api/v1/replay", headers=OWNER)).status == 204
        assert (await (await other.get("/api/v1/replay")).json())["phase"] == "stopped"
        assert (await other.post(url, headers=OWNER)).status == 202  # and the application's end stops this one


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Something moved", "2.1% of the picture", "on the left")),
        ("fr", ("bougé", "2,1 %", "à gauche")),
    ],
)
async def test_the_reasons_are_words_numbers_and_a_picture(
    client: Client, row: ClipRow, language: str, words: tuple[str, ...]
) -> None:
    document = await (await client.get(f"/api/v1/clips/{row.clip_id}/why?lang={language}")).json()
    (event,) = document["events"]
    for word in words:
        assert any(word in sentence for sentence in event["sentences"]), event["sentences"]
    assert (event["stage"], event["score"], event["threshold"], event["sensitivity"]) == ("object", 7.0, 1.0, 5)
    assert (event["area"], event["peak_area"], event["box"]) == (0.021, 0.043, [0.1, 0.3, 0.12, 0.4])
    assert 0 < event["decided_after_s"] < 1
    assert 4 <= event["start_s"] < event["decided_s"] < event["end_s"] <= 7
    picture = await client.get(event["picture_url"])
    assert picture.content_type == "image/jpeg"
    assert (await picture.read()).startswith(b"\xff\xd8")


async def test_another_sensitivity_gives_another_answer(client: Client, row: ClipRow) -> None:
    as_live, least = await replayed(client, row, 5), await replayed(client, row, 1)
    assert as_live["phase"] == least["phase"] == "done"
    assert isinstance(as_live["answer"], dict)
    assert isinstance(least["answer"], dict)
    assert len(as_live["answer"]["events"]) == 1
    assert len(least["answer"]["events"]) == 0
    assert len(as_live["answer"]["trace"]) > 10


async def test_the_cameras_zones_of_now_count(client: Client, why: WhyScene, row: ClipRow) -> None:
    why.scene.board.zones.cameras = {row.camera_id: CameraZones(1, (Zone(ZoneKind.ACTIVITY, EVERYWHERE),))}
    answer = (await replayed(client, row, 5))["answer"]
    assert isinstance(answer, dict)
    assert answer["events"] == []


async def test_a_motion_that_the_clock_put_elsewhere_has_no_place_in_the_clip(why: WhyScene, row: ClipRow) -> None:
    await why.scene.ledger.update(replace(row, captured_at="1970-01-01T00:00:00Z"))
    async with TestClient(TestServer(why.scene.app())) as client:
        (event,) = (await (await client.get(f"/api/v1/clips/{row.clip_id}/why")).json())["events"]
        assert event["start_s"] is None


@pytest.mark.parametrize(
    ("language", "size"),
    [("en-GB", (1280, 900)), ("fr-FR", (390, 844))],
    ids=["desk", "phone"],
)
@pytest.mark.browser
@pytest.mark.filterwarnings("ignore:unclosed transport:ResourceWarning")
async def test_a_person_sees_why_and_another_sensitivity_gives_another_answer(
    client: Client, why: WhyScene, row: ClipRow, browser: Browser, tmp_path: Path, language: str, size: tuple[int, int]
) -> None:
    said = WORDS[language]
    context = await browser.new_context(locale=language, viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(str(client.make_url("/")))
    await page.locator(f'[data-key="{row.clip_id}"] .ask-why').click()
    dialog = page.locator("dialog.why")
    await expect(dialog.locator(".why-events li li").first).to_contain_text(said[0])
    await expect(dialog.locator(".why-events img")).to_have_js_property("naturalWidth", 320)
    await expect(dialog.locator("[data-why=begin]")).to_be_hidden()  # locked: a replay costs the module some work
    assert await dialog.evaluate("shown => shown.scrollWidth <= shown.clientWidth")
    await dialog.screenshot(path=tmp_path / f"why-{language}-locked.png")

    await page.goto(str(client.make_url(f"/#unlock={KEY}")))
    await page.reload()
    await page.locator(f'[data-key="{row.clip_id}"] .ask-why').click()
    for sensitivity, answer, motions in (("5", said[1], 1), ("1", said[2], 0)):
        await dialog.locator("input[type=range]").fill(sensitivity)
        await dialog.locator("[data-why=begin]").click()
        await expect(dialog.locator("[data-why=said]")).to_have_text(answer)
        await expect(dialog.locator("[data-why=answer] .motion")).to_have_count(motions)
        await expect(dialog.locator("[data-why=gave] .motion")).to_have_count(1)
        await dialog.screenshot(path=tmp_path / f"why-{language}-{sensitivity}.png")
        await expect(dialog.locator("[data-why=use]")).to_be_visible(visible=sensitivity != "5")
    await dialog.locator("[data-why=use]").click()
    await expect(dialog.locator("[data-why=use]")).to_be_hidden()
    assert why.scene.board.sensitivity.of(row.camera_id).level == 1
    await dialog.screenshot(path=tmp_path / f"why-{language}-used.png")
    assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert await dialog.evaluate("shown => shown.scrollWidth <= shown.clientWidth")
    await page.keyboard.press("Escape")
    await page.screenshot(path=tmp_path / f"page-{language}.png", full_page=True)
    assert errors == []
    await context.close()
