"""The lease keeper over the real verifier and the real state files, on a clock that a test moves."""

import asyncio
import errno
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.adapters.lease_verifier_jwt import JwtLeaseVerifier
from agent.adapters.module_state_files import ModuleStateFiles
from agent.domain.lease import Lease, LeaseState
from agent.errors import TryLater
from agent.flow.lease_to_policy import LeaseAnswer, LeaseKeeper
from agent.flow.status_board import StatusBoard
from tests.manual_clock import ManualClock
from tests.waiting import wait_until_async

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "lease_v1.json").read_text())
CLAIMS: dict[str, object] = GOLDEN["claims"]
SEQ, IAT, EXP, GRACE = (int(GOLDEN["claims"][name]) for name in ("seq", "iat", "exp", "grace_until"))
SIGNER = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(GOLDEN["private_key_seed_hex"]))
HOUR = 3600


def signed(changes: Mapping[str, object], key: Ed25519PrivateKey = SIGNER) -> str:
    return jwt.encode({**CLAIMS, **changes}, key, algorithm="EdDSA", headers={"kid": "lease-2026-a"})


class Home:
    """One module's keeper with everything around it; what it asks and says stands in lists."""

    def __init__(self, folder: Path) -> None:
        self.state = ModuleStateFiles(folder)
        self.clock = ManualClock(datetime.fromtimestamp(IAT, UTC))
        self.alerts: list[tuple[str, bool]] = []
        self.disk_is_full = False
        self.asked: list[str] = []
        self.floors: list[float] = []
        self.told: list[tuple[int | None, LeaseState]] = []
        self.fetched = 0
        self.cloud_token: str | None = None
        self.restart()

    def restart(self) -> None:
        self.board = StatusBoard()
        keys = {key["kid"]: key["public_key"] for key in GOLDEN["keys"]}
        self.keeper = LeaseKeeper(
            verifier=JwtLeaseVerifier(keys, issuer="veilleur-cloud", module_id=str(CLAIMS["aud"])),
            state=self.state,
            clock=self.clock,
            board=self.board,
            raise_clock_floor=self.floors.append,
            request_lease=self.request,
            fetch_lease=self.fetch,
            emit_alert=self.alert,
        )
        self.keeper.listeners.append(self.listen)

    def listen(self, lease: Lease | None, state: LeaseState) -> None:
        self.told.append((lease.seq if lease else None, state))

    async def request(self, reason: str) -> None:
        self.asked.append(reason)

    async def fetch(self) -> str:
        self.fetched += 1
        if self.cloud_token is None:
            raise TryLater("away")
        return self.cloud_token

    async def alert(self, code: str, detail: str, *, cleared: bool) -> None:
        assert detail.endswith(".")
        if self.disk_is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.alerts.append((code, cleared))


@pytest.fixture
async def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "state")


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Home]:
    task = asyncio.create_task(home.keeper.run())
    await home.clock.settle()
    yield home
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"seq": SEQ - 1}, "lease_older", id="an older one"),
        pytest.param({"jti": "twin"}, "lease_older", id="another with the same sequence number"),
        pytest.param({"seq": SEQ + 1, "aud": "another"}, "lease_wrong_audience", id="for another module"),
        pytest.param({"seq": SEQ + 1, "cameras": {"c": {}}}, "lease_malformed", id="without a camera's storage"),
    ],
)
async def test_a_refused_lease_leaves_the_last_good_one_and_is_reported_once(
    home: Home, changes: Mapping[str, object], code: str
) -> None:
    await home.keeper.take(GOLDEN["token"])
    token = signed(changes)
    assert [await home.keeper.take(token) for _ in range(3)] == [LeaseAnswer.REFUSED] * 3
    assert home.alerts == [(code, False)]
    assert (home.board.link.refused_lease, home.board.link.lease_state) == (code, LeaseState.IN_FORCE)
    assert home.board.link.lease is not None
    assert home.board.link.lease.seq == SEQ
    assert await home.state.load_lease_token() == GOLDEN["token"]


async def test_a_lease_signed_by_somebody_else_never_gets_in(home: Home) -> None:
    assert await home.keeper.take(signed({}, Ed25519PrivateKey.generate())) is LeaseAnswer.REFUSED
    assert home.alerts == [("lease_bad_signature", False)]
    assert (home.board.link.lease, home.floors) == (None, [])


async def test_an_unknown_word_keeps_the_last_good_lease_and_says_unsupported(home: Home) -> None:
    await home.keeper.take(GOLDEN["token"])
    cameras = json.loads(json.dumps(CLAIMS["cameras"]))
    next(iter(cameras.values()))["why"] = "lottery"
    await home.keeper.take(signed({"seq": SEQ + 1, "cameras": cameras}))
    assert home.alerts == [("lease_unsupported", False)]
    assert home.board.link.lease_state is LeaseState.IN_FORCE


async def test_after_a_refusal_the_next_good_lease_clears_the_board(home: Home) -> None:
    await home.keeper.take(GOLDEN["token"])
    await home.keeper.take(signed({"seq": 1}))
    assert await home.keeper.take(signed({"seq": SEQ + 1})) is LeaseAnswer.TAKEN
    assert home.board.link.refused_lease == ""


async def test_the_same_token_again_is_no_news(home: Home) -> None:
    await home.keeper.take(GOLDEN["token"])
    told = list(home.told)
    assert await home.keeper.take(GOLDEN["token"]) is LeaseAnswer.KNOWN
    assert (home.told, home.alerts) == (told, [])


async def test_a_valid_lease_is_kept_raises_the_clock_and_tells_the_listeners(home: Home) -> None:
    assert await home.keeper.take(GOLDEN["token"]) is LeaseAnswer.TAKEN
    assert home.floors == [IAT]
    assert home.told == [(SEQ, LeaseState.IN_FORCE)]
    home.restart()
    await home.keeper.load()
    assert home.board.link.lease_state is LeaseState.IN_FORCE


@pytest.mark.parametrize(
    ("after_s", "state"),
    [(0, LeaseState.IN_FORCE), (EXP - IAT, LeaseState.IN_GRACE), (GRACE - IAT, LeaseState.OVER)],
)
async def test_a_lease_loaded_at_start_is_worth_what_its_age_says(home: Home, after_s: int, state: LeaseState) -> None:
    await home.state.save_lease_token(GOLDEN["token"])
    await home.clock.advance(after_s)
    await home.keeper.load()
    assert home.board.link.lease_state is state


async def test_a_kept_lease_that_no_longer_verifies_is_reported_and_replaced_by_the_next(home: Home) -> None:
    await home.state.save_lease_token(signed({}, Ed25519PrivateKey.generate()))
    await home.keeper.load()
    assert (home.board.link.lease, home.alerts) == (None, [("lease_bad_signature", False)])
    assert await home.keeper.take(GOLDEN["token"]) is LeaseAnswer.TAKEN


async def test_a_full_disk_does_not_cost_the_lease(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(token: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(home.state, "save_lease_token", full)
        assert await home.keeper.take(GOLDEN["token"]) is LeaseAnswer.TAKEN
    assert home.board.link.lease_state is LeaseState.IN_FORCE
    saved = asyncio.Event()

    async def save(token: str) -> None:
        saved.set()

    monkeypatch.setattr(home.state, "save_lease_token", save)
    task = asyncio.create_task(home.keeper.run())
    await asyncio.wait_for(saved.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_full_disk_that_takes_no_alert_ends_nothing_and_the_alert_comes_later(running: Home) -> None:
    running.disk_is_full = True
    await running.keeper.take(GOLDEN["token"])
    assert await running.keeper.take(signed({"jti": "twin"})) is LeaseAnswer.REFUSED
    await running.clock.advance(GRACE - IAT + 60)
    assert running.board.link.lease_state is LeaseState.OVER
    assert running.alerts == []
    running.disk_is_full = False
    await running.clock.advance(60)
    assert running.alerts == [("lease_over", False)]


async def test_silence_ages_the_lease_and_the_end_of_grace_is_an_alert_that_clears(running: Home) -> None:
    await running.keeper.take(GOLDEN["token"])
    await running.clock.advance(EXP - IAT)
    await running.clock.settle()
    assert running.told[-1] == (SEQ, LeaseState.IN_GRACE)
    await running.clock.advance(GRACE - EXP)
    await running.clock.settle()
    assert running.told[-1] == (SEQ, LeaseState.OVER)
    assert running.alerts == [("lease_over", False)]
    now = int(running.clock.now().timestamp())
    await running.keeper.take(signed({"seq": SEQ + 1, "iat": now, "exp": now + 9, "grace_until": now + 99}))
    await running.clock.settle()
    assert running.alerts[-1] == ("lease_over", True)


async def test_a_clock_that_jumped_is_seen_at_once_by_recheck(home: Home) -> None:
    await home.keeper.take(GOLDEN["token"])
    home.clock.civil = datetime.fromtimestamp(GRACE, UTC)
    assert home.keeper.recheck() is LeaseState.OVER
    assert home.told[-1] == (SEQ, LeaseState.OVER)


async def test_without_a_lease_the_keeper_asks_while_connected_and_not_in_a_loop(running: Home) -> None:
    running.board.link.connected = True
    await running.clock.advance(20)
    assert running.asked == ["start"]
    await running.clock.advance(320)
    assert running.asked == ["start", "start"]


async def test_a_new_lease_is_asked_for_at_half_life_and_not_before(running: Home) -> None:
    running.board.link.connected = True
    await running.keeper.take(GOLDEN["token"])
    await running.clock.advance(12 * HOUR - 30)
    assert running.asked == []
    await running.clock.advance(60)
    assert running.asked == ["half_life"]
    await running.clock.advance(12 * HOUR)
    assert running.asked[-1] == "expired"


async def test_a_broker_that_is_away_for_long_is_gone_round_over_http(running: Home) -> None:
    await running.clock.advance(200)
    assert running.fetched == 0
    await running.clock.advance(200)
    assert running.fetched == 1
    running.cloud_token = GOLDEN["token"]
    await running.clock.advance(310)

    async def in_force() -> bool:
        await running.clock.settle()
        return running.board.link.lease_state is LeaseState.IN_FORCE

    assert await wait_until_async(in_force, 10, "the lease from HTTP in force")
    assert running.asked == []
