"""What modules report, as sentences of the activity log; every message here is translated."""

from collections.abc import Mapping
from typing import Final

from cloud_stub.web.languages import Language
from cloud_stub.web.words import N_, say_next_clip

HAPPENED: Final[Mapping[str, str]] = {
    "motion_started": N_("Something moved in front of %(name)s."),
    "clip_stored": N_("A clip was stored."),
    "clip_lost": N_("A clip was lost."),
    "clip_not_kept": N_("A clip was not kept."),
    "storage_usable": N_("The USB drive is ready."),
    "storage_absent": N_("There is no USB drive in the module."),
    "storage_full": N_("The USB drive is full."),
    "storage_read_only": N_("The USB drive cannot be written."),
    "storage_pulled": N_("The USB drive was pulled out without ejecting."),
    "storage_ejected": N_("The USB drive was ejected: it can be taken out."),
    "storage_foreign": N_(
        "Another USB drive is in the module: put the right one in, or adopt it on the module's page."
    ),
    "storage_unsupported": N_("The module cannot use this USB drive."),
    "storage_backed_up": N_("The clips of the day were copied to the USB drive."),
    "storage_ok": N_("The module has room for new clips again."),
    "storage_over_budget": N_("Too many clips wait on the module: the oldest make room."),
    "storage_below_reserve": N_("The module's own disk is nearly full: nothing is recorded."),
    "storage_disk_full": N_("The module's own disk is full."),
    "storage_disk_failed": N_("The module's own disk fails."),
    "storage_not_storable": N_("The module cannot store what a camera sends."),
    "alert_camera_lost": N_("%(name)s does not answer."),
    "alert_camera_lost_over": N_("%(name)s answers again."),
    "alert_camera_refused": N_("%(name)s refuses the connection."),
    "alert_camera_refused_over": N_("%(name)s accepts the connection again."),
    "alert_camera_blind": N_("%(name)s sends nothing that can be shown."),
    "alert_camera_blind_over": N_("The pictures of %(name)s can be shown again."),
    "alert_lease_over": N_("The module has not heard from the cloud for too long."),
    "alert_lease_over_over": N_("The module hears from the cloud again."),
    "alert_upload_differs": N_("The cloud holds another version of a clip than the module."),
}
LEASE_REFUSED: Final = N_("The module refused a lease of the cloud.")
LEASE_TAKEN: Final = N_("The module takes the cloud's leases again.")
BECAUSE: Final[Mapping[str, str]] = {
    "lease_bad_signature": N_("Its signature is wrong."),
    "lease_wrong_audience": N_("It was made for another module."),
    "lease_unknown_key": N_("The module does not know the key that signed it."),
    "lease_bad_algorithm": N_("It was signed in a way that is not allowed."),
    "lease_malformed": N_("It cannot be read."),
    "lease_unsupported": N_("It has words that the module's software does not know: update it."),
    "lease_older": N_("It is older than the one in force."),
    "spool_budget": N_("Too many clips waited on the module."),
    "disk_reserve": N_("The module's own disk was nearly full."),
    "disk_full": N_("The module's own disk was full."),
    "disk_failed": N_("The module's own disk failed."),
    "not_storable": N_("What the camera sent cannot be stored."),
    "no_whole_fragment": N_("It broke off before its first second was whole."),
    "never_written": N_("Nothing of it was written."),
    "file_missing": N_("Its file was gone."),
    "unreadable": N_("Its file could not be read."),
    "window_over": N_("It was older than its camera keeps recordings."),
    "overwritten": N_("The USB drive was full, and newer clips took its place."),
    "deleted_on_drive": N_("It was deleted on the module."),
    "not_on_drive": N_("It was no longer on the USB drive."),
}
WITH_PLACE: Final = frozenset({"motion_started", "clip_stored", "clip_not_kept"})
"""Events whose rule is a decision: sink, reason and what blocked it."""


def say_event(language: Language, what: str, name: str) -> str | None:
    """Return the sentence of an event of a module; `None` for a word that is none."""
    message = HAPPENED.get(what)
    if message is None and what.startswith("alert_lease_"):
        message = LEASE_TAKEN if what.endswith("_over") else LEASE_REFUSED
    return None if message is None else language.say(message, name=name or language.say("something that was removed"))


def say_event_rule(language: Language, what: str, rule: str) -> str | None:
    """Return why a module's event came to be, empty when its sentence says it; `None` when it is no such event."""
    if what in WITH_PLACE and rule:
        sink, _, rest = rule.partition(" ")
        reason, _, blocked_by = rest.partition(" ")
        return say_next_clip(language, sink, reason, blocked_by or None)
    if rule in BECAUSE:
        return language.say(BECAUSE[rule])
    return "" if what.startswith(("storage_", "alert_")) else None
