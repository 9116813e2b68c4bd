"""Live view of a real agent: on its own page and through a real cloud, every picture decoded, a saved one delivered."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise

import aiohttp
import av
import pytest

from tests.hardware.decoded import frame_mark
from tests.system.house import EMAIL, PASSWORD, SOON_S, Camera, House, Wish, open_running_house
from tests.waiting import wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

GARDEN = "emulated:quiet?width=320&height=180&fps=10&sound=yes"
TRIAL = ("cloud", "trial", None)
FRAMES = 50
FIRST_WITHIN_S = 10.0
"""On a busy machine; alone it takes less than a second."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    camera = Camera("Hall", GARDEN, "mini")
    with open_running_house(tmp_path_factory.mktemp("live"), Wish((camera,))) as opened:
        opened.wait_for_words("Hall", TRIAL)
        wait_until(lambda: opened.status()["cameras"][0]["health"] == "ok", SOON_S, "the camera is seen")
        wait_until(lambda: opened.status()["broker"]["connected"], SOON_S, "the module is connected")
        yield opened


@dataclass
class Watched:
    """What a viewer got."""

    documents: list[Mapping[str, object]] = field(default_factory=list)
    video: bytearray = field(default_factory=bytearray)
    first_s: float = 0.0

    def counters(self) -> list[int]:
        with av.open(BytesIO(bytes(self.video)), "r") as opened:
            assert len(opened.streams.audio) == 1
            found = [frame_mark(frame) for frame in opened.decode(video=0)]
        return [mark.counter for mark in found if mark is not None]


async def watch(client: aiohttp.ClientSession, path: str, origin: str) -> Watched:
    """Watch until there are about five seconds of fragments."""
    loop = asyncio.get_running_loop()
    seen, began_s, pieces = Watched(), loop.time(), 0
    async with client.ws_connect(path, headers={"Origin": origin}) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                seen.documents.append(json.loads(message.data))
                continue
            if message.data[0] == 1 and not seen.first_s:
                seen.first_s = loop.time() - began_s
            seen.video += message.data[1:]
            pieces += 1
            if pieces > FRAMES // 5:
                return seen
    raise AssertionError(f"the line ended: {seen.documents}")


def assert_every_picture(seen: Watched) -> None:
    counters = seen.counters()
    assert len(counters) >= FRAMES // 2
    assert all(after == before + 1 for before, after in pairwise(counters))
    assert [each["type"] for each in seen.documents] == ["grant", "head"]
    assert "mp4a.40.2" in str(seen.documents[1]["mime"])


def test_the_modules_own_page_shows_every_picture_from_the_newest_keyframe_on(house: House) -> None:
    key = (house.folder / "agent" / "diagnostics.key").read_text().strip()
    path = f"/live/{house.camera_id('Hall')}/socket"

    async def look() -> Watched:
        async with aiohttp.ClientSession(house.agent_url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.post("/api/v1/session", json={"key": key}) as answer:
                assert answer.status == 201
            return await watch(client, path, house.agent_url)

    seen = asyncio.run(look())
    assert_every_picture(seen)
    assert seen.first_s < FIRST_WITHIN_S


def test_a_saved_view_through_the_cloud_shows_every_picture_and_is_delivered(house: House) -> None:
    url = house.owner.url
    path = f"/cameras/{house.camera_id('Hall')}/live/socket?save=1"

    async def look() -> Watched:
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            async with client.post("/api/v1/session", json={"email": EMAIL, "password": PASSWORD}) as answer:
                assert answer.status == 201
            return await watch(client, path, url)

    seen = asyncio.run(look())
    assert_every_picture(seen)
    assert (seen.documents[0]["kind"], seen.documents[0]["saving"]) == ("normal", "allowed")
    assert seen.first_s < FIRST_WITHIN_S

    def delivered() -> list[object]:
        return [clip for clip in house.owner.clips() if clip["clip_reason"] == "live_view" and clip["phase"] == "held"]

    wait_until(delivered, SOON_S, f"the saved view is with the owner; the agent's log:\n{house.agent.log_tail(20)}")
    (row,) = [row for row in house.ledger() if row["clip_reason"] == "live_view"]
    stored = house.ended(row["clip_id"])
    assert (stored["phase"], stored["sink"], stored["reason"]) == ("stored_cloud", *TRIAL[:2])
