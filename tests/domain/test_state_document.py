"""The state document is the golden one for the golden module, and always whole."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.domain.arming import Arming, ArmingReason
from agent.domain.clip import RowPhase, Sink, SinkChoice, SinkReason
from agent.domain.continuous import ContinuousState
from agent.domain.lease import Lease, LeaseState
from agent.domain.person import PersonState
from agent.domain.schedule import Due, Schedule, Step
from agent.domain.state_document import (
    NO_DRIVE,
    CameraWords,
    DriveWords,
    ModuleWords,
    SensitivityWords,
    ZonesWords,
    same_words,
    state_document,
)

GOLDEN = json.loads((Path(__file__).parents[1] / "contract" / "state_v1.json").read_text(encoding="utf-8"))
CAMERA = "c0a80101-7b1e-4a55-8d5e-11aa22bb33c1"
CHOICE = SinkChoice(Sink.CLOUD, SinkReason.TRIAL, None, "trial:1", 1772323200000)
WORDS = ModuleWords(
    session=7,
    at="2026-03-01T00:10:00.000Z",
    clock_trusted=True,
    software="veilleur-agent 0.1.0",
    armed=True,
    arming=Arming(True, ArmingReason.SCHEDULE, Due(datetime(2026, 3, 1, 6, 15, tzinfo=UTC), armed=False)),
    schedule=Schedule("Europe/Paris", (Step(6, 0, armed=True), Step(6, 435, armed=False))),
    lease=Lease(1772323200000, 1772323200, 1772323200, 1772409600, 1773014400, "a", 60, {}, "token"),
    lease_state=LeaseState.IN_FORCE,
    drive=DriveWords("usable", "", "1234-ABCD", "exfat", 32000000000, 31000000000),
    spool_used_bytes=1048576,
    spool_budget_bytes=2147483648,
    counts={RowPhase.RECORDING: 1, RowPhase.STORED_CLOUD: 812},
    person=PersonState.NOT_INSTALLED,
    person_detail="Person detection is not installed: run `make person` (or `pip install 'veilleur[person]'`).",
    cameras={
        CAMERA: CameraWords(
            *("Front door", "mini", "emulated", "recording", "ok", "", 1280, 720, 15.0, "h264", CHOICE),
            snoozed_until="2026-03-01T01:10:00Z",
            continuous=ContinuousState.NOT_ENTITLED,
            zones=ZonesWords(version=3, activity=2, privacy=1),
            sensitivity=SensitivityWords(7, "owner"),
        )
    },
)


def test_the_golden_module_gives_the_golden_document() -> None:
    assert json.loads(json.dumps(state_document(WORDS))) == GOLDEN


def test_what_is_not_known_yet_is_null_and_no_key_is_ever_missing() -> None:
    camera = replace(WORDS.cameras[CAMERA], width=None, height=None, fps=None, codec=None, choice=None)
    document = state_document(
        replace(WORDS, lease=None, lease_state=LeaseState.NONE, drive=NO_DRIVE, counts={}, cameras={CAMERA: camera})
    )
    assert document["lease"] == {"state": "none", "seq": None, "exp": None}
    assert keys(json.loads(json.dumps(document))) == keys(GOLDEN)


def test_a_later_document_with_the_same_words_is_no_change() -> None:
    one = state_document(WORDS)
    assert not same_words(None, one)
    assert same_words(one, state_document(replace(WORDS, at="2026-03-01T00:11:00.000Z")))
    assert not same_words(one, state_document(replace(WORDS, armed=False)))


def keys(document: object) -> object:
    return {key: keys(value) for key, value in document.items()} if isinstance(document, dict) else None
