"""Every word that a decision, the log or a module can say has a sentence of its own."""

import pytest

from cloud_stub.domain.log_words import Rule, What
from cloud_stub.domain.records import Disposition
from cloud_stub.domain.retention import GoneBecause
from cloud_stub.domain.trial import NoTrial
from cloud_stub.flow.clips_to_retention import CLIP_GONE
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


def test_dispositions_are_those_that_pages_know() -> None:
    assert {d.value for d in Disposition} == {"held", "evicted", "deleted", "expired", "partial"}
