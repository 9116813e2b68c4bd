"""The words of decisions, states and log entries as sentences for a person; every message here is translated."""

from collections.abc import Mapping
from typing import Final

from cloud_stub.web.languages import Language


def N_(message: str) -> str:  # noqa: N802 - the name that extractors of messages know
    """Mark a message for translation where it stands; it is translated where it is said."""
    return message


NEXT_CLIP: Final[Mapping[tuple[str, str, str], str]] = {
    ("cloud", "trial", ""): N_("To the cloud: the free trial covers this camera."),
    ("cloud", "plan", ""): N_("To the cloud: your plan covers this camera."),
    ("cloud", "free_tier", ""): N_("To the cloud: this camera has free cloud storage."),
    ("quota", "legacy_account", ""): N_(
        "To the free cloud storage that your account keeps; when it is full, the oldest clips make room."
    ),
    ("quota", "legacy_model", ""): N_(
        "To the free cloud storage that this camera model keeps; when it is full, the oldest clips make room."
    ),
    ("usb", "local_storage", ""): N_("To the USB drive in the module: no plan covers this camera."),
    ("held", "no_lease", ""): N_(
        "Held on the module: it has not heard from the cloud yet; the cloud's next word decides."
    ),
    ("held", "grace_over", ""): N_(
        "Held on the module: it has not heard from the cloud for too long; the cloud's next word decides."
    ),
    ("none", "not_entitled", ""): N_("Nowhere: no plan covers this camera. Motion alerts and live view still work."),
    ("none", "not_entitled", "drive_absent"): N_(
        "Nowhere: no plan covers this camera, and there is no USB drive in the module. Put one in, or choose a plan."
    ),
    ("none", "not_entitled", "drive_full"): N_(
        "Nowhere: no plan covers this camera, and the USB drive is full. Make room on it, or choose a plan."
    ),
    ("none", "not_entitled", "drive_read_only"): N_(
        "Nowhere: no plan covers this camera, and the USB drive cannot be written. Replace it, or choose a plan."
    ),
    ("none", "not_entitled", "drive_pulled"): N_(
        "Nowhere: no plan covers this camera, and the USB drive was pulled out. Put it back, or choose a plan."
    ),
    ("none", "not_entitled", "drive_ejected"): N_(
        "Nowhere: no plan covers this camera, and the USB drive was ejected. Put it back, or choose a plan."
    ),
    ("none", "not_entitled", "drive_foreign"): N_(
        "Nowhere: no plan covers this camera, and the USB drive is another module's. Replace it, or choose a plan."
    ),
    ("none", "not_entitled", "drive_unsupported"): N_(
        "Nowhere: no plan covers this camera, and the module cannot use this USB drive. Replace it, or choose a plan."
    ),
    ("none", "not_entitled", "model_not_eligible"): N_(
        "Nowhere: no plan covers this camera, and its model cannot use a USB drive. Alerts and live view still work."
    ),
    ("none", "not_entitled", "module_not_eligible"): N_(
        "Nowhere: no plan covers this camera, and its module cannot use a USB drive. Alerts and live view still work."
    ),
    ("none", "not_entitled", "camera_not_confirmed"): N_("Nowhere yet: confirm the camera's model first."),
}

KEPT_BECAUSE: Final[Mapping[str, str]] = {
    "trial": N_("kept by the free trial"),
    "plan": N_("kept by your plan"),
    "free_tier": N_("kept by the free cloud storage of this camera"),
    "legacy_account": N_("kept in the free storage of your account"),
    "legacy_model": N_("kept in the free storage of this camera model"),
}
CLIP_REASON: Final[Mapping[str, str]] = {
    "motion": N_("Motion"),
    "continuous": N_("Continuous recording"),
    "live_view": N_("Live view"),
    "photos": N_("The day's photos"),
}
DRIVE: Final[Mapping[str, str]] = {
    "usable": N_("ready"),
    "absent": N_("none in the module"),
    "full": N_("full"),
    "read_only": N_("cannot be written"),
    "pulled": N_("pulled out without ejecting"),
    "ejected": N_("ejected: it can be taken out"),
    "foreign": N_("belongs to another module"),
    "unsupported": N_("cannot be used"),
}
HEALTH: Final[Mapping[str, str]] = {
    "ok": N_("works"),
    "starting": N_("starting"),
    "lost": N_("does not answer"),
    "refused": N_("refuses the connection"),
}
HEALTH_ADVICE: Final[Mapping[str, str]] = {
    "starting": N_("The camera is starting."),
    "lost": N_("The camera does not answer: check its power and its address."),
    "refused": N_("The camera refuses the module: check its address, its password and its video format."),
}
FEATURE: Final[Mapping[str, str]] = {
    "motion_video_cloud": N_("Motion clips in the cloud"),
    "live_view_recording": N_("Live views can be saved"),
    "video_history": N_("Unlimited number of clips"),
    "local_storage_backup": N_("Daily copy to a USB drive"),
    "rapid_access": N_("Watch a clip while it is being recorded"),
    "video_sharing": N_("Share clips"),
    "photo_capture": N_("A photo every hour"),
    "custom_snooze": N_("Snooze notifications for as long as you like"),
    "extended_live_view": N_("Extended live view"),
    "person_detection": N_("Person detection"),
    "continuous_recording": N_("Continuous recording"),
    "device_discount": N_("Discount on devices"),
    "extended_warranty": N_("Extended warranty"),
    "sms": N_("Text messages"),
    "around": N_("Neighbours are told"),
    "backup_connection": N_("A second connection when the first one fails"),
    "professional_monitoring": N_("Professional monitoring"),
}
NO_TRIAL: Final[Mapping[str, str]] = {
    "not_offered": N_("No free trial starts: there is none for these cameras."),
    "model_starts_none": N_("No free trial starts: this model has none."),
    "trial_runs": N_("No new trial starts: the one that runs covers this camera too."),
    "has_trial_plan": N_("No free trial starts: your plan covers this camera already."),
    "legacy_account": N_("No free trial starts: your account keeps its free cloud storage, which this camera shares."),
    "once_per_account": N_("No free trial starts: your account has had its trial."),
}
LOGGED: Final[Mapping[str, str]] = {
    "account_made": N_("The account was made."),
    "accounts_linked": N_("A store account was linked."),
    "accounts_unlinked": N_("The link to the store account was cut."),
    "plan_moved_behind_trial": N_("The paid time of %(name)s was moved behind the free trial."),
    "devices_ordered": N_("Devices were ordered in the store."),
    "condition_waived": N_("A condition of a benefit was waived."),
    "clip_shared": N_("A clip was shared by a link."),
    "share_revoked": N_("A link to a clip was taken back."),
    "drive_copy_asked": N_("A clip is to be saved on the module's drive before it leaves the cloud."),
    "drive_copy_saved": N_("A clip was saved on the module's drive, and its copy there was verified."),
    "drive_copy_failed": N_("A clip could not be saved on the module's drive."),
    "password_changed": N_("The password was changed."),
    "module_claimed": N_("The module %(name)s was added."),
    "module_renamed": N_("The module is now called %(name)s."),
    "module_removed": N_("A module was removed and cut off."),
    "camera_proposed": N_("The camera %(name)s appeared and waits for its model to be confirmed."),
    "camera_confirmed": N_("The model of %(name)s was confirmed."),
    "camera_renamed": N_("The camera is now called %(name)s."),
    "trial_started": N_("A free trial of %(name)s started."),
    "trial_ended": N_("The free trial of %(name)s ended."),
    "plan_bought": N_("%(name)s was chosen."),
    "plan_started": N_("%(name)s began."),
    "plan_renewed": N_("%(name)s was renewed."),
    "plan_changed": N_("%(name)s takes over from another plan."),
    "plan_cancelled": N_("%(name)s was cancelled."),
    "plan_reactivated": N_("The cancellation of %(name)s was taken back."),
    "plan_paused": N_("%(name)s rests until the accounts are linked again."),
    "plan_resumed": N_("%(name)s goes on."),
    "plan_ended": N_("%(name)s ended."),
    "history_trimmed": N_("Older clips go by the limit of the plan that is left."),
    "invoice_issued": N_("An invoice was issued."),
    "invoice_paid": N_("An invoice was paid."),
    "invoice_voided": N_("An invoice was withdrawn."),
    "invoice_uncollectible": N_("An invoice was not paid and was given up."),
    "payment_declined": N_("A payment was declined."),
    "payment_unanswered": N_("The payment processor did not answer; it is asked again."),
    "payment_unknown": N_("A payment was given up without an answer; if it was taken, it is given back."),
    "payment_method_set": N_("The payment method was set."),
    "payment_method_removed": N_("The payment method was removed."),
    "money_returned": N_("Money comes back to the payment method."),
    "credit_given": N_("A credit was noted for the next invoice."),
    "refund_confirmed": N_("A refund was made."),
    "plan_attached": N_("%(name)s now covers a camera."),
    "plan_detached": N_("%(name)s no longer covers a camera."),
    "auto_delete_set": N_("Auto-delete was set to %(name)s."),
    "clip_gone": N_("A clip left the cloud."),
    "photos_replaced": N_("Photos left the cloud."),
    "notice_written": N_("A message about %(name)s was written to you."),
    "notice_skipped": N_("A message about %(name)s was not sent: it was no longer true."),
    "notice_failed": N_("A message about %(name)s could not be delivered to you."),
    "alert_mailed": N_("You were mailed about what moved in front of %(name)s."),
    "alert_refused": N_("A mail about what moved in front of %(name)s could not be delivered to you."),
}
RULE: Final[Mapping[str, str]] = {
    "owner": N_("You did this."),
    "operator": N_("Whoever runs this cloud did this."),
    "module": N_("The module did this."),
    "trial.new_device": N_("A new camera that can have a trial was confirmed."),
    "trial.days": N_("The days of the trial were over."),
    "trial.cancelled": N_("You ended it early."),
    "trial.purchase_starts": N_("A plan bought during a trial begins when the trial ends."),
    "plans.auto_attach": N_("It was the only plan, so it took the camera that was set up first."),
    "plans.intervals": N_("The next period of the plan began."),
    "regions.no_renewal_in": N_("Plans of this length are not renewed in your province or state."),
    "cancel.terms": N_("The vendor's terms for cancelling."),
    "change": N_("The vendor's terms for a change of plan."),
    "history.on_end": N_("The vendor's rule for clips when a plan ends."),
    "billing.past_due_days": N_("The payment was overdue for too long."),
    "billing.retry_after_days": N_("A declined payment is tried again."),
    "linking.on_unlink": N_("Plans need a linked store account."),
    "linking.refund_when_paused_months": N_("The plan rested for too long."),
    "payment_processor": N_("The payment processor's answer."),
    "reminders.trial_days_left": N_("The days on which the end of a trial is announced."),
    "reminders.renewal_days_before": N_("The days on which the end of a period is announced."),
    "mail_server": N_("The mail server's answer."),
    "auto_delete": N_("The auto-delete time was over."),
    "window_over": N_("The time that its plan keeps clips was over."),
    "quota_evicted": N_("The free cloud storage was full, and it was the oldest clip."),
    "quota_full": N_("The free cloud storage was full, and nothing is deleted for a new clip."),
    "owner_deleted": N_("You deleted it."),
    "upload_expired": N_("Its upload broke off, and nothing of it could be played."),
    "replaced": N_("A clip of the day's photos is there instead."),
    "upload_terminated": N_("The module gave its upload up."),
    "upload_refused": N_("The cloud could not take it, so it kept no part of it."),
    "claim.cut_short": N_("Adding it was cut short, so it was never used."),
}


def say_next_clip(language: Language, sink: str, reason: str, blocked_by: str | None) -> str:
    """Return where the next clip goes and why; an unknown word of a newer module is shown as it came."""
    message = NEXT_CLIP.get((sink, reason, blocked_by or "")) or NEXT_CLIP.get((sink, reason, ""))
    return language.say(message) if message else " · ".join(filter(None, (sink, reason, blocked_by)))


def say_kept(language: Language, clip_reason: str, why: str) -> str:
    """Return why a clip exists and what keeps it, as `Motion, kept by the free trial`."""
    reason = say_word(language, CLIP_REASON, clip_reason)
    kept = KEPT_BECAUSE.get(why)
    return f"{reason}, {language.say(kept)}" if kept else reason


def say_word(language: Language, words: Mapping[str, str], word: str) -> str:
    """Return one word of a table, translated; a word that the table lacks is shown readable."""
    message = words.get(word)
    return language.say(message) if message else word.replace("_", " ")
