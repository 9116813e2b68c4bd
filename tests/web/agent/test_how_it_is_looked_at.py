"""What the diagnostics say of how a camera's pictures are looked at: when it rests, and in which stream."""

import pytest

from agent.domain.detects_on import DetectsOn
from agent.vision.packet_gate import MOTIONS_TO_TRUST, GateReport
from tests.web.agent.conftest import Client
from tests.web.agent.scene import CAMERAS, Scene

TYPED = str.maketrans("\u202f\xa0\u2019", "  '")
RESTS = GateReport(heard_s=1000.0, asleep_s=612.0, motions=14, missed=1, trusted=True)
LEARNS = GateReport(heard_s=100.0, asleep_s=0.0, motions=30, missed=2, trusted=False)
CANNOT = GateReport(heard_s=100.0, asleep_s=0.0, motions=0, missed=0, trusted=False, possible=False)


@pytest.mark.parametrize(
    ("report", "english", "french"),
    [
        (
            LEARNS,
            "Looks at every picture, until 10 motions show that it may rest (now 9)",
            "Regarde chaque image, jusqu'à ce que 10 mouvements prouvent qu'elle peut se reposer (à présent 9)",
        ),
        (
            CANNOT,
            "Looks at every picture: this video does not allow less",
            "Regarde chaque image : cette vidéo ne permet pas moins",
        ),
        (
            RESTS,
            "Rests while nothing moves: 61 % of the time, proved by 14 motions",
            "Se repose tant que rien ne bouge : 61 % du temps, 14 mouvements à l'appui",
        ),
    ],
    ids=["learns", "cannot", "rests"],
)
async def test_the_status_says_how_much_was_slept_through_and_why_not_more(
    client: Client, scene: Scene, report: GateReport, english: str, french: str
) -> None:
    assert MOTIONS_TO_TRUST == 10
    scene.board.cameras[CAMERAS[0]].gate = lambda: report
    for language, text in (("en", english), ("fr", french)):
        first, second, _ = (await (await client.get(f"/api/v1/status?lang={language}")).json())["cameras"]
        assert first["packet_gate"]["text"].translate(TYPED) == text
        assert first["packet_gate"]["asleep_s"] == report.asleep_s
        assert first["packet_gate"]["missed"] == report.missed
        assert second["packet_gate"] is None
        page = await (await client.get("/", headers={"Accept-Language": language})).text()
        assert first["packet_gate"]["text"] in page


async def test_the_metrics_count_what_was_slept_through_and_what_packets_missed(client: Client, scene: Scene) -> None:
    scene.board.cameras[CAMERAS[0]].gate = lambda: RESTS
    told = (await (await client.get("/metrics")).text()).splitlines()
    of = {line.split("{")[0]: line for line in told if line.startswith("veilleur_camera_")}
    assert of["veilleur_camera_heard_seconds_total"].endswith(" 1000")
    assert of["veilleur_camera_undecoded_seconds_total"].endswith(" 612")
    assert of["veilleur_camera_motions_untold_total"].endswith(" 1")


@pytest.mark.parametrize(
    ("said", "english", "french"),
    [
        (
            (DetectsOn.MAIN, "Wrong password: check it."),
            "Its second stream is not to be had: motion is looked for in the main one, which costs more",
            "Son second flux n'est pas disponible : les mouvements sont cherchés dans le principal, ce qui coûte plus",
        ),
        (
            (DetectsOn.SECOND, ""),
            "Motion is looked for in its small second stream",
            "Les mouvements sont cherchés dans son petit second flux",
        ),
    ],
    ids=["main", "second"],
)
async def test_the_status_says_which_stream_is_looked_at_and_why_it_is_the_main_one(
    client: Client, scene: Scene, said: tuple[DetectsOn, str], english: str, french: str
) -> None:
    scene.board.cameras[CAMERAS[0]].detects_on = said
    for language, text in (("en", english), ("fr", french)):
        first, second, _ = (await (await client.get(f"/api/v1/status?lang={language}")).json())["cameras"]
        assert first["detects_on"]["text"].translate(TYPED) == text
        assert (first["detects_on"]["stream"], first["detects_on"]["why"]) == (said[0].value, said[1])
        assert second["detects_on"] is None
