"""The diagnostics over real HTTP: who may ask, what is answered, and that the answers are what the document says."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are not among the dependencies
import pytest
from aiohttp import ClientTimeout, hdrs

from agent.domain.clip import BlockedBy, MediaKind, RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.continuous import ContinuousState
from agent.domain.lease import LeaseState
from agent.web.languages import choose_language, language
from agent.web.live import MOST_VIEWERS
from agent.web.words import choice_sentence, continuous_sentence
from hardware.camera import CameraLost
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, Scene

ALL = (
    "/",
    "/healthz",
    "/metrics",
    "/api/v1/status",
    "/api/v1/ledger",
    "/api/v1/openapi.json",
    f"/snapshot/{CAMERAS[0]}.jpg",
)


@pytest.mark.parametrize(
    "host",
    ["evil.example.org", "127.0.0.1.example.org", "192.0.2.7:8401", "localhost.example.org", "[::2]", "", "[", "a b"],
)
async def test_a_foreign_host_name_gets_nothing(client: Client, host: str) -> None:
    for path in ALL:
        answer = await client.get(path, headers={hdrs.HOST: host})
        assert answer.status == 421
        assert "Garage" not in await answer.text()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8401", "LOCALHOST", "[::1]:8401"])
async def test_the_names_of_this_machine_are_answered(client: Client, host: str) -> None:
    assert (await client.get("/api/v1/status", headers={hdrs.HOST: host})).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_what_is_read_cannot_be_written(client: Client, method: str) -> None:
    for path in ALL:
        answer = await client.request(method, path)
        assert (answer.status, (await answer.json())["code"]) == (405, "method_not_allowed")


async def test_every_answer_has_the_security_headers_and_no_cors(client: Client) -> None:
    for path in (*ALL, "/static/diagnostics.js", "/absent"):
        headers = (await client.get(path, headers={"Origin": "https://evil.example.org"})).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert not [name for name in headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/absent", 404, "not_found"),
        ("/static/../app.py", 404, "not_found"),
        ("/static/%2e%2e%2fapp.py", 404, "not_found"),
        ("/snapshot/unknown.jpg", 404, "camera_unknown"),
        ("/live/unknown.mjpeg", 404, "camera_unknown"),
        (f"/snapshot/{CAMERAS[0]}.jpg?width=9999", 400, "bad_width"),
        (f"/snapshot/{CAMERAS[0]}.jpg?width=-1", 400, "bad_width"),
        ("/media/unknown", 404, "clip_unknown"),
        ("/api/v1/ledger?limit=0", 400, "bad_limit"),
        ("/api/v1/ledger?limit=1001", 400, "bad_limit"),
        ("/api/v1/ledger?limit=many", 400, "bad_limit"),
    ],
)
async def test_a_wrong_question_is_a_problem_document(client: Client, path: str, status: int, code: str) -> None:
    answer = await client.get(path)
    assert (answer.status, answer.content_type) == (status, "application/problem+json")
    assert (await answer.json())["code"] == code


async def test_a_fault_inside_is_a_problem_without_details(
    client: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(limit: int) -> None:
        raise ZeroDivisionError("secret path")

    monkeypatch.setattr(scene.ledger, "newest", broken)
    answer = await client.get("/api/v1/ledger")
    assert (answer.status, (await answer.json())["code"]) == (500, "internal")
    assert "secret path" not in await answer.text()


async def test_a_camera_without_frames_makes_health_503_with_the_reason(client: Client, scene: Scene) -> None:
    scene.lose(1)
    answer = await client.get("/healthz")
    document = await answer.json()
    assert (answer.status, document["ok"]) == (503, False)
    assert [(found["code"], found["subject"]) for found in document["failures"]] == [("camera_no_frame", "Garden shed")]
    assert document["last_frame_age_s"][CAMERAS[1]] >= 95


async def test_a_cloud_that_is_away_is_a_warning_and_health_stays_200(client: Client, scene: Scene) -> None:
    scene.board.link.connected, scene.board.link.lease_state = False, LeaseState.IN_GRACE
    answer = await client.get("/healthz?lang=fr")
    document = await answer.json()
    assert answer.status == 200
    assert {found["code"] for found in document["warnings"]} == {"broker_away", "lease_in_grace"}
    assert "Pas de connexion au broker." in {found["text"] for found in document["warnings"]}


async def test_the_same_word_reaches_status_and_ledger(client: Client, scene: Scene) -> None:
    await scene.keep(2, RowPhase.NOT_KEPT)
    status = await (await client.get("/api/v1/status")).json()
    (row,) = (await (await client.get("/api/v1/ledger")).json())["clips"]
    camera = status["cameras"][2]
    words = ("none", "not_entitled", "drive_absent")
    assert (camera["sink"], camera["reason"], camera["blocked_by"]) == words
    assert (row["sink"], row["reason"], row["blocked_by"]) == words
    assert camera["choice_text"] == row["choice_text"]


async def test_an_upload_address_never_leaves_the_ledger(client: Client, scene: Scene) -> None:
    await scene.keep(0, RowPhase.SPOOLED, upload_url="https://cloud.example.org/files/capability")
    for path in ("/", "/api/v1/status", "/api/v1/ledger"):
        assert "capability" not in await (await client.get(path)).text()


async def test_the_ledger_is_newest_first_and_limited(client: Client, scene: Scene) -> None:
    await scene.keep_all()
    clips = (await (await client.get("/api/v1/ledger?limit=3")).json())["clips"]
    assert [clip["phase"] for clip in clips] == ["recording", "spooled", "not_kept"]


async def test_answers_are_what_the_openapi_document_says_and_it_names_every_route(
    client: Client, scene: Scene
) -> None:
    await scene.keep_all()
    document: dict[str, Any] = await (await client.get("/api/v1/openapi.json")).json()
    assert client.app is not None
    routes = {route.resource.canonical for route in client.app.router.routes() if route.resource is not None}
    assert routes - {"/static/{name}"} == set(document["paths"])
    for path in ("/healthz", "/api/v1/status", "/api/v1/ledger"):
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        schema = {**content["schema"], "components": document["components"]}
        jsonschema.validate(await (await client.get(path)).json(), schema)


async def test_metrics_are_prometheus_text_with_hostile_names_escaped(client: Client, scene: Scene) -> None:
    scene.board.cameras[CAMERAS[0]].name = 'Do"or\\\n'
    answer = await client.get("/metrics")
    text = await answer.text()
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert f'veilleur_camera_frames_total{{camera="{CAMERAS[0]}",name="Do\\"or\\\\\\n"}} 1234\n' in text
    assert 'veilleur_lease_state{state="in_force"} 1\n' in text
    assert 'veilleur_drive_state{state="usable"} 1\n' in text
    for line in text.splitlines():
        assert line.startswith(("# HELP veilleur_", "# TYPE veilleur_", "veilleur_"))


async def test_an_empty_module_is_shown_too(client: Client, scene: Scene) -> None:
    scene.board.cameras.clear()
    scene.board.drive = scene.board.link.lease = None
    scene.board.link.lease_state = LeaseState.NONE
    assert (await client.get("/")).status == 200
    assert (await client.get("/metrics")).status == 200
    assert (await (await client.get("/healthz")).json())["failures"][0]["code"] == "no_camera"


async def test_a_hostile_camera_name_is_only_text(client: Client, scene: Scene) -> None:
    scene.board.cameras[CAMERAS[0]].name = "<script>alert(1)</script>"
    scene.board.cameras[CAMERAS[0]].detail = '"><img src=x>'
    page = await (await client.get("/")).text()
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


async def test_no_picture_yet_is_said(client: Client, scene: Scene) -> None:
    scene.no_picture.add(CAMERAS[0])
    answer = await client.get(f"/snapshot/{CAMERAS[0]}.jpg")
    assert (answer.status, (await answer.json())["code"]) == (503, "no_picture")


async def test_a_snapshot_is_a_jpeg_of_the_asked_width(client: Client) -> None:
    small = await (await client.get(f"/snapshot/{CAMERAS[0]}.jpg?width=160")).read()
    large = await (await client.get(f"/snapshot/{CAMERAS[0]}.jpg?width=640")).read()
    assert small.startswith(b"\xff\xd8")
    assert len(large) > len(small)


async def test_the_live_picture_moves_and_viewers_are_bounded(client: Client) -> None:
    path = f"/live/{CAMERAS[0]}.mjpeg"
    viewers = [await client.get(path, timeout=ClientTimeout(total=30)) for _ in range(MOST_VIEWERS)]
    refused = await client.get(path)
    assert (refused.status, (await refused.json())["code"]) == (503, "too_many_viewers")
    pictures = []
    for _ in range(2):
        head = await viewers[0].content.readuntil(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        pictures.append(await viewers[0].content.readexactly(length + 2))
    assert pictures[0].startswith(b"\xff\xd8")
    assert pictures[0] != pictures[1]
    for viewer in viewers:
        viewer.close()


async def test_a_viewer_that_leaves_makes_room(client: Client) -> None:
    path = f"/live/{CAMERAS[0]}.mjpeg"
    for _ in range(MOST_VIEWERS):
        viewer = await client.get(path)
        await viewer.content.readuntil(b"\r\n\r\n")
        viewer.close()
    async with asyncio.timeout(20):
        while (again := await client.get(path)).status != 200:
            pass
    again.close()


async def test_a_camera_that_breaks_while_it_is_watched_ends_only_this_stream(
    client: Client, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = await client.get(f"/live/{CAMERAS[0]}.mjpeg")

    async def lost(camera_id: str, max_width: int) -> bytes | None:
        raise CameraLost("gone")

    monkeypatch.setattr(scene, "latest_jpeg", lost)
    assert (await client.get("/api/v1/status")).status == 200
    viewer.close()


async def test_a_clip_that_was_delivered_is_gone_here(client: Client, scene: Scene) -> None:
    row = await scene.keep(0, RowPhase.STORED_CLOUD)
    broken = await scene.keep(1, RowPhase.SPOOLED, path="clips/absent.mp4")
    for clip_id in (row.clip_id, broken.clip_id):
        answer = await client.get(f"/media/{clip_id}")
        assert (answer.status, (await answer.json())["code"]) == (410, "clip_gone")


async def test_a_clip_in_the_spool_is_served_with_ranges(client: Client, scene: Scene) -> None:
    path = scene.files.locate("clips/whole.mp4")
    await asyncio.to_thread(path.write_bytes, bytes(range(200)))
    row = await scene.keep(0, RowPhase.SPOOLED, path="clips/whole.mp4")
    whole = await client.get(f"/media/{row.clip_id}")
    part = await client.get(f"/media/{row.clip_id}", headers={"Range": "bytes=100-109"})
    assert (whole.content_type, await whole.read()) == ("video/mp4", bytes(range(200)))
    assert (part.status, await part.read()) == (206, bytes(range(100, 110)))
    assert whole.headers["Cache-Control"] == "no-store"


async def test_a_photo_in_the_spool_is_a_jpeg(client: Client, scene: Scene) -> None:
    path, _ = await scene.files.save_photo("photo-1", b"\xff\xd8photo")
    row = await scene.keep(0, RowPhase.SPOOLED, path=path, kind=MediaKind.PHOTO)
    assert (await client.get(f"/media/{row.clip_id}")).content_type == "image/jpeg"


async def test_a_growing_clip_is_followed_to_its_end_even_when_it_is_unlinked(client: Client, scene: Scene) -> None:
    path = scene.files.locate("clips/growing.mp4")
    await asyncio.to_thread(path.write_bytes, b"first")
    row = await scene.keep(0, RowPhase.RECORDING, path="clips/growing.mp4")
    answer = await client.get(f"/media/{row.clip_id}")
    assert await answer.content.readexactly(5) == b"first"
    with path.open("ab") as file:
        file.write(b"second")
    await asyncio.to_thread(path.unlink)
    await scene.ledger.update(replace(row, phase=RowPhase.STORED_CLOUD, path=None))
    assert await answer.read() == b"second"


@pytest.mark.parametrize(
    ("asked", "header", "expected"),
    [
        (None, "", "en"),
        (None, "fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        (None, "de, en;q=0.5, fr;q=0.4", "en"),
        (None, "de", "en"),
        (None, "fr;q=nonsense", "en"),
        ("fr", "en", "fr"),
        ("xx", "fr", "fr"),
    ],
)
def test_the_language_is_the_asked_one_or_the_browsers(asked: str | None, header: str, expected: str) -> None:
    assert choose_language(asked, header).code == expected


def test_every_decision_that_can_be_made_has_its_own_sentence_in_both_languages() -> None:
    blocked = [SinkChoice(Sink.NONE, SinkReason.NOT_ENTITLED, by, None, 7) for by in BlockedBy]
    choices = [*blocked, *(SinkChoice(Sink.CLOUD, reason, None, None, 7) for reason in SinkReason)]
    for code in ("en", "fr"):
        assert len({choice_sentence(choice, language(code)) for choice in choices}) == len(choices)
    english, french = (choice_sentence(choices[0], language(code)) for code in ("en", "fr"))
    assert english != french


@pytest.mark.parametrize("code", ["en", "fr"])
def test_every_state_of_continuous_recording_has_its_own_sentence_and_off_has_none(code: str) -> None:
    said = {state: continuous_sentence(state, language(code)) for state in ContinuousState}
    assert said.pop(ContinuousState.OFF) == ""
    assert all(said.values())
    assert len(set(said.values())) == len(said)


async def test_a_camera_that_should_record_continuously_says_on_its_page_why_it_does_not(
    client: Client, scene: Scene
) -> None:
    scene.board.cameras[CAMERAS[0]].continuous = ContinuousState.NOT_ENTITLED
    shown = (await (await client.get("/api/v1/status")).json())["cameras"][0]
    assert shown["continuous"] == "not_entitled"
    assert "no plan with that service" in shown["continuous_text"]
    assert "aucun forfait avec ce service" in await (await client.get("/?lang=fr")).text()


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0, "0 seconds", "0 seconde"),
        (1, "1 second", "1 seconde"),
        (119, "119 seconds", "119 secondes"),
        (7199, "119 minutes", "119 minutes"),
        (7200, "2 hours", "2 heures"),
        (200_000, "2 days", "2 jours"),
    ],
)
def test_spans_are_said_in_the_largest_unit_of_which_there_are_two(seconds: int, english: str, french: str) -> None:
    assert (language("en").span(seconds), language("fr").span(seconds)) == (english, french)


@pytest.mark.parametrize(
    ("count", "english", "french"),
    [
        (0, "0 bytes", "0 octets"),
        (999, "999 bytes", "999 octets"),
        (1500, "1.5 kB", "1,5 ko"),
        (32 * 10**9, "32.0 GB", "32,0 Go"),
    ],
)
def test_sizes_are_decimal_and_written_as_the_language_does(count: int, english: str, french: str) -> None:
    assert (language("en").size(count), language("fr").size(count)) == (english, french)


async def test_a_lease_sequence_number_keeps_all_its_digits(client: Client, scene: Scene) -> None:
    """A number above 2^53 would be rounded by the page's script."""
    assert scene.board.link.lease is not None
    scene.board.link.lease = replace(scene.board.link.lease, seq=2**60 + 1)
    assert json.loads(await (await client.get("/api/v1/status")).text())["lease"]["seq"] == str(2**60 + 1)
