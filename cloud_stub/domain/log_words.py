"""The words of the log of what happened to an account, and of the rules by which it did."""

from enum import StrEnum


class What(StrEnum):
    """What happened; `LogEntry.subject` is the id of the module, camera, trial or subscription."""

    MODULE_CLAIMED = "module_claimed"
    MODULE_RENAMED = "module_renamed"
    MODULE_REMOVED = "module_removed"
    CAMERA_PROPOSED = "camera_proposed"
    CAMERA_CONFIRMED = "camera_confirmed"
    CAMERA_RENAMED = "camera_renamed"
    TRIAL_STARTED = "trial_started"
    TRIAL_ENDED = "trial_ended"
    PLAN_BOUGHT = "plan_bought"
    PLAN_STARTED = "plan_started"
    PLAN_ENDED = "plan_ended"
    PLAN_ATTACHED = "plan_attached"
    PLAN_DETACHED = "plan_detached"
    AUTO_DELETE_SET = "auto_delete_set"


class Rule(StrEnum):
    """The rule that made it happen: a key of the catalog, or the owner's or the module's own act."""

    OWNER = "owner"
    MODULE = "module"
    CLAIM_CUT_SHORT = "claim.cut_short"
    TRIAL_NEW_DEVICE = "trial.new_device"
    TRIAL_DAYS = "trial.days"
    TRIAL_CANCELLED = "trial.cancelled"
    TRIAL_PURCHASE_STARTS = "trial.purchase_starts"
    AUTO_ATTACH = "plans.auto_attach"
    AUTO_DELETE = "auto_delete"
