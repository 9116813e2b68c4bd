"""The claim end to end: a real HTTP server that answers as the wire document says, and a real folder."""

import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from agent.adapters.claim_http import ClaimHttp
from agent.adapters.identity_file import IdentityFile
from agent.domain.identity import ClaimRequest
from agent.errors import BadInput, TryLater
from agent.flow.claim_module import checked_cloud_url, claim_module, tidy_code

CONTRACT = Path(__file__).parents[1] / "contract"
REPLY = json.loads((CONTRACT / "claim_reply_v1.json").read_text())
WANTED = json.loads((CONTRACT / "claim_request_v1.json").read_text())
REQUEST = ClaimRequest(**WANTED)


class Cloud:
    """Answers every claim with what the test put here, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.asked = 201, json.dumps(REPLY), list[object]()
        self.kind = "application/json"
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        return web.Response(status=self.status, text=self.body, content_type=self.kind)

    def refuses(self, status: int, code: str) -> None:
        self.status, self.kind = status, "application/problem+json"
        self.body = json.dumps({"title": "no", "status": status, "code": code, "detail": "no"})


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    cloud = Cloud()
    app = web.Application()
    app.router.add_post("/api/v1/claim", cloud.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    cloud.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield cloud
    await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (404, "claim_code_unknown", "does not know this code"),
        (409, "claim_code_used", "used already"),
        (410, "claim_code_expired", "expired"),
        (429, "too_many_attempts", "wait"),
        (422, "something_new", "refused the claim"),
    ],
)
async def test_each_refusal_says_what_to_do_and_leaves_no_identity(
    cloud: Cloud, tmp_path: Path, status: int, code: str, sentence: str
) -> None:
    cloud.refuses(status, code)
    store = IdentityFile(tmp_path / "state")
    with pytest.raises(BadInput, match=sentence):
        await claim_module(ClaimHttp(), store, cloud.url, REQUEST)
    assert not store.exists()


@pytest.mark.parametrize(
    ("status", "body", "error", "sentence"),
    [
        (500, "oops", TryLater, "trouble"),
        (503, '{"code": "starting"}', TryLater, "trouble"),
        (404, "<html>", BadInput, "not like a Veilleur cloud"),
        (302, "", BadInput, "not like a Veilleur cloud"),
        (201, "{}", BadInput, "different versions"),
        (201, "[" * 100_000, BadInput, "different versions"),
    ],
)
async def test_nonsense_is_named_as_such(
    cloud: Cloud, tmp_path: Path, status: int, body: str, error: type[Exception], sentence: str
) -> None:
    cloud.status, cloud.body = status, body
    with pytest.raises(error, match=sentence):
        await claim_module(ClaimHttp(), IdentityFile(tmp_path / "state"), cloud.url, REQUEST)


async def test_a_cloud_that_is_away_keeps_the_code_good(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TryLater, match="does not answer"):
            await claim_module(ClaimHttp(), IdentityFile(tmp_path / "state"), url, REQUEST)


async def test_a_cloud_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(TryLater, match="does not answer"):
            await claim_module(ClaimHttp(timeout_s=0.2), IdentityFile(tmp_path / "state"), url, REQUEST)


async def test_a_claimed_module_asks_nobody(cloud: Cloud, tmp_path: Path) -> None:
    store = IdentityFile(tmp_path / "state")
    await claim_module(ClaimHttp(), store, cloud.url, REQUEST)
    with pytest.raises(BadInput, match="claimed already"):
        await claim_module(ClaimHttp(), store, cloud.url, REQUEST)
    assert len(cloud.asked) == 1


async def test_a_disk_that_cannot_keep_the_answer_spends_no_code(cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="state folder"):
        await claim_module(ClaimHttp(), IdentityFile(tmp_path / "file" / "state"), cloud.url, REQUEST)
    assert cloud.asked == []


async def test_an_unreadable_authority_is_named(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("not a certificate")
    with pytest.raises(BadInput, match="certificate authority"):
        await ClaimHttp(ca_file=authority).claim("https://127.0.0.1:1", REQUEST)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("cloud.example.org", "looks like"),
        ("ftp://cloud.example.org", "looks like"),
        ("http://cloud.example.org", "unprotected"),
        ("http://127.0.0.1.example.org", "unprotected"),
        ("https://user:word@cloud.example.org", "leave user names"),
        ("https://cloud.example.org/?code=1", "leave user names"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        checked_cloud_url(url)


@pytest.mark.parametrize("code", ["", "  ", "K7QX_4M2P", "x" * 40, "K7QX--4M2P"])
def test_what_is_no_code_is_not_sent(code: str) -> None:
    with pytest.raises(BadInput, match="looks like"):
        tidy_code(code)


async def test_a_code_typed_in_small_letters_makes_an_identity(cloud: Cloud, tmp_path: Path) -> None:
    typed = ClaimRequest(f" {REQUEST.code.lower()} ", REQUEST.module_model, REQUEST.name, REQUEST.software)
    identity = await claim_module(ClaimHttp(), IdentityFile(tmp_path / "state"), f"{cloud.url}/", typed)
    assert cloud.asked == [WANTED]
    assert IdentityFile(tmp_path / "state").load() == identity
    assert (identity.module_id, identity.cloud_url) == (REPLY["module_id"], cloud.url)
    assert identity.bearer == f"{REPLY['module_id']}.{REPLY['secret']}"
