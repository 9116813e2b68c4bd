"""A clip of the drive on its way to its owner: refusals, cuts and pulled drives first, then every byte in its order."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from agent.domain.clip import MediaKind
from agent.errors import BadInput, Refused, TryLater
from agent.flow.drive_clips import DriveClips, ListedClip
from agent.flow.drive_to_cloud import AGAIN_AFTER_S, PIECE_BYTES, DriveToCloud
from agent.ports import DriveClip
from hardware.drive import DriveGone
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

CONTENT = bytes(range(256)) * 3000
CLIP = DriveClip(
    "d1", "veilleur/clips/x.mp4", "clips", len(CONTENT), "0" * 64, "yard", "2026-03-01T00:09:55Z", MediaKind.CLIP
)
CONTRACT = Path(__file__).parents[1] / "contract"
WISH = {"loan_id": "loan", "store": "clips", "clip_id": "d1"}


class OneClip(DriveClips):
    """A drive with one clip, that fails as often as it is told."""

    def __init__(self) -> None:
        self.gone = 0
        self.content = CONTENT
        self.clip = CLIP

    async def find(self, store: str, clip_id: str) -> ListedClip | None:
        self._fail()
        return ListedClip(store, self.clip) if (store, clip_id) == ("clips", self.clip.clip_id) else None

    async def read(self, _listed: ListedClip, offset: int, length: int) -> bytes:
        self._fail()
        return self.content[offset : offset + length]

    def _fail(self) -> None:
        if self.gone:
            self.gone -= 1
            raise DriveGone("The drive was pulled out; put it in again.")


@dataclass
class Loans:
    """The ClipLoans port in memory: it refuses, or is away for a number of calls."""

    away: int = 0
    refused: bool = False
    content: bytearray = field(default_factory=bytearray)
    given_up: list[str] = field(default_factory=list)

    async def append(self, loan_id: str, offset: int, piece: bytes) -> None:
        assert loan_id == "loan"
        if self.refused:
            raise Refused("loan_unknown", "Nobody waits for this clip.")
        if self.away:
            self.away -= 1
            raise TryLater("The cloud is away.")
        assert len(piece) <= PIECE_BYTES
        del self.content[offset:]
        self.content += piece

    async def give_up(self, loan_id: str) -> None:
        self.given_up.append(loan_id)


class Bench:
    def __init__(self) -> None:
        self.drive, self.loans, self.clock = OneClip(), Loans(), ManualClock()
        self.lender = DriveToCloud(self.drive, self.loans, self.clock)

    async def send(self) -> None:
        """Lend the clip and let time pass until it is sent or given up."""
        running = asyncio.ensure_future(self.lender.run())

        async def settled() -> bool:
            await self.clock.advance(1)
            return bool(self.loans.given_up) or bytes(self.loans.content) == CONTENT

        try:
            await wait_until_async(settled, 20, "the clip is sent or given up")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("changes", "kind"), [({"clip_id": "other"}, BadInput), ({"store": "x"}, BadInput)])
async def test_a_clip_that_is_not_there_is_refused(
    bench: Bench, changes: dict[str, str], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await bench.lender.begin({**WISH, **changes})


async def test_a_drive_that_is_out_and_a_second_clip_at_a_time_are_asked_for_later(bench: Bench) -> None:
    bench.drive.gone = 1
    with pytest.raises(TryLater, match="pulled out"):
        await bench.lender.begin(WISH)
    await bench.lender.begin(WISH)
    with pytest.raises(TryLater, match="Another clip"):
        await bench.lender.begin({**WISH, "loan_id": "second"})
    assert (await bench.lender.begin(WISH))["sha256"] == CLIP.sha256


@pytest.mark.parametrize("fault", ["pulled", "away", "refused", "shorter"])
async def test_what_cannot_be_sent_is_given_up_and_the_next_clip_can_be_lent(bench: Bench, fault: str) -> None:
    await bench.lender.begin(WISH)
    bench.drive.gone = 1000 if fault == "pulled" else 0
    bench.loans.away = 1000 if fault == "away" else 0
    bench.loans.refused = fault == "refused"
    bench.drive.content = CONTENT[:-1] if fault == "shorter" else CONTENT
    await bench.send()
    assert bench.loans.given_up == ["loan"]
    bench.drive.gone = 0
    await bench.lender.begin({**WISH, "loan_id": "next"})


async def test_cuts_and_a_busy_drive_cost_time_and_no_byte(bench: Bench) -> None:
    await bench.lender.begin(WISH)
    bench.drive.gone, bench.loans.away = 2, len(AGAIN_AFTER_S) - 2
    await bench.send()
    assert bytes(bench.loans.content) == CONTENT
    assert bench.loans.given_up == []


async def test_the_command_and_its_result_are_as_on_the_wire(bench: Bench) -> None:
    asked = json.loads((CONTRACT / "command_lend_drive_clip_v1.json").read_text())
    told = json.loads((CONTRACT / "command_lend_drive_clip_result_v1.json").read_text())
    bench.drive.clip = replace(
        CLIP, clip_id=told["clip_id"], camera_slug=told["camera"], size_bytes=told["size_bytes"], sha256=told["sha256"]
    )
    said = await bench.lender.begin(asked["arguments"])
    assert {"id": asked["id"], "name": asked["name"], "ok": True, "code": "done", "message": "", **said} == told
