"""Every word that a decision, the log or a module can say has a sentence of its own."""

import pytest

from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import Disposition
from cloud_stub.domain.retention import GoneBecause
from cloud_stub.domain.trial import NoTrial
from cloud_stub.flow.clips_to_retention import CLIP_GONE
from cloud_stub.web.event_words import BECAUSE, HAPPENED, say_event, say_event_rule
from cloud_stub.web.languages import Languages
from cloud_stub.web.words import DRIVE, KEPT_BECAUSE, LOGGED, NEXT_CLIP, NO_TRIAL, RULE, say_kept, say_next_clip

ENGLISH = Languages().get("en")
DRIVES = {"absent", "full", "read_only", "pulled", "ejected", "foreign", "unsupported"}
NOT_MODEL = {"model_not_eligible", "module_not_eligible", "camera_not_confirmed"}


def test_every_decision_of_the_wire_document_has_a_sentence() -> None:
    decided = {("cloud", why, "") for why in ("trial", "plan", "free_tier")}
    decided |= {("quota", why, "") for why in ("legacy_account", "legacy_model")}
    decided |= {("usb", "local_storage", ""), ("held", "no_lease", ""), ("held", "grace_over", "")}
    blocked = {f"drive_{state}" for state in DRIVES} | NOT_MODEL
    decided |= {("none", "not_entitled", word) for word in {"", *blocked}}
    assert set(NEXT_CLIP) == decided
    assert set(DRIVE) == DRIVES | {"usable"}
    assert len(set(NEXT_CLIP.values())) == len(NEXT_CLIP), "two reasons that read the same"


def test_everything_that_is_logged_has_a_sentence_and_its_rule() -> None:
    assert {what.value for what in What} | {CLIP_GONE} <= set(LOGGED)
    assert {rule.value for rule in Rule} | {rule.value for rule in GoneBecause} <= set(RULE)


def test_every_reason_for_no_trial_has_a_sentence_unless_the_camera_was_set_up_before() -> None:
    assert {reason.value for reason in NoTrial} - {NoTrial.SET_UP_BEFORE.value} == set(NO_TRIAL)


@pytest.mark.parametrize("why", sorted(KEPT_BECAUSE))
def test_a_clip_says_what_keeps_it(why: str) -> None:
    assert say_kept(ENGLISH, "motion", why).startswith("Motion, kept ")


def test_words_of_a_newer_module_are_shown_as_they_came() -> None:
    assert say_next_clip(ENGLISH, "moon", "new_reason", None) == "moon · new_reason"
    assert say_next_clip(ENGLISH, "none", "not_entitled", "drive_melted") == NEXT_CLIP["none", "not_entitled", ""]
    assert say_kept(ENGLISH, "doorbell_pressed", "new") == "doorbell pressed"


STATES = {"ok", "over_budget", "below_reserve", "disk_full", "disk_failed", "not_storable", *DRIVES, "usable"} | {
    "backed_up"
}
CAMERA_ALERTS = {"camera_lost", "camera_refused", "camera_blind"}
LOST = {"spool_budget", "disk_reserve", "disk_full", "disk_failed", "not_storable"} | {
    "overwritten",
    "deleted_on_drive",
}
LOST |= {"no_whole_fragment", "never_written", "file_missing", "unreadable", "not_on_drive", "window_over"}
REFUSALS = {"bad_signature", "wrong_audience", "unknown_key", "bad_algorithm", "malformed", "unsupported", "older"}


def test_every_event_of_the_wire_document_has_a_sentence_in_the_log() -> None:
    told = {"motion_started", "clip_stored", "clip_lost", "clip_not_kept", "alert_upload_differs"}
    told |= {f"storage_{state}" for state in STATES}
    told |= {f"alert_{code}{over}" for code in {*CAMERA_ALERTS, "lease_over"} for over in ("", "_over")}
    assert set(HAPPENED) == told
    assert set(BECAUSE) == LOST | {f"lease_{why}" for why in REFUSALS}
    for why in REFUSALS:
        assert say_event(ENGLISH, f"alert_lease_{why}", "") == "The module refused a lease of the cloud."
        assert say_event(ENGLISH, f"alert_lease_{why}_over", "") == "The module takes the cloud's leases again."


@pytest.mark.parametrize(
    ("what", "rule", "sentence"),
    [
        ("motion_started", "usb local_storage", "To the USB drive in the module: no plan covers this camera."),
        ("clip_not_kept", "none not_entitled drive_full", NEXT_CLIP["none", "not_entitled", "drive_full"]),
        ("clip_lost", "disk_full", "The module's own disk was full."),
        ("storage_full", "", ""),
        ("alert_camera_lost", "camera_lost", ""),
        ("alert_lease_older", "lease_older", "It is older than the one in force."),
        ("trial_ended", "trial.days", None),
    ],
)
def test_an_event_says_why(what: str, rule: str, sentence: str | None) -> None:
    assert say_event_rule(ENGLISH, what, rule) == sentence


def test_dispositions_are_those_that_pages_know() -> None:
    assert {d.value for d in Disposition} == {"held", "evicted", "deleted", "expired", "partial"}
