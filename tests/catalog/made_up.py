"""Vendors that nobody knows, as TOML: what the engine does with them it does from this text alone."""

SMALL = """
vendor = "small"
name = "Small"
effective_from = 2022-12-09
storage_order = ["free_tier", "cloud", "none"]
floor_plan = "free"

[plans.free]
name = "Free"
coverage = "floor"
cloud_clips = true
cloud_window_days = 2
cloud_window_days_by_model = { spot = 1 }

[plans.recording]
name = "Recording"
coverage = "service_cameras"
intervals = ["month"]
keep_for_days_choices = [7, 30]
priced_per_camera = true
stackable = true
cameras_max = 10
cloud_clips = true

[models.spot]
name = "Spot"
plans = ["free", "recording"]

[module_models.hub]
name = "Hub"
local_storage = false

[features.motion_notifications]
standard = true

[regions.EU]
name = "Europe"
countries = ["FR"]
currency = "EUR"
cloud_window_days = 7
models = ["spot"]
auto_delete_days = [7]
auto_delete_default_days = 7

[regions.EU.prices.recording.by_keep_for_days]
7 = { month = 500 }
30 = { month = 900 }

[auto_delete]
needs = ["free_tier"]

[clips]
longest_s = 60

[limits]
cameras_per_module = 4

[purchase]
channels = ["browser"]
basket = false
needs_terms = false
auto_attach = "never"
one_level_per_camera = false

[cancel]
accepts_channels = ["browser"]
needs_confirmation = false
can_reactivate = true

[cancel.terms]
modes = ["now"]
default = "now"
choice = "never"
unused_time = { now = "nothing" }

[change]
upgrade = { effective = "now", unused_time = "credit" }
downgrade = { effective = "now", unused_time = "credit" }
interval = { effective = "now", unused_time = "credit" }

[history]
on_end = "not_stated"
operator_on_end = "trim_to_new_limit"
clip_rights = "current"

[billing]
past_due_days = 3
retry_after_days = 1
method_change_needs_paid_plan = false

[reminders]
"""

LANTERN = """
# A vendor that combines what none of the others does: a trial for each device, plans by the week, a free pool that
# stops when it is full, and cancelling at the end of the period or, with a credit, at once.

vendor = "lantern"
name = "Lantern"
effective_from = 2020-01-01
storage_order = ["cloud", "quota", "local", "none"]

[plans.glow]
name = "Glow"
coverage = "device"
rank = 1
intervals = ["week", "year"]
stackable = true
cloud_clips = true
cloud_window_days = 5

[plans.blaze]
name = "Blaze"
coverage = "account"
rank = 2
intervals = ["week", "month", "year"]
cameras_max = 2
cloud_clips = true

[trial]
days = 3
plan = "glow"
scope = "device"
repeat = "new_device"
purchase_starts = "now"

[quota]
limit_s = 20
when_full = "stop"

[auto_delete]
needs = ["trial", "plan", "legacy_model"]

[clips]
longest_s = 30

[limits]
cameras_per_module = 4

[purchase]
channels = ["counter", "browser"]
refused_channels = ["kiosk"]
basket = true
needs_terms = true
auto_attach = "only_plan"
one_level_per_camera = false
diagnosis_order = ["no_device"]

[cancel]
accepts_channels = ["browser"]
needs_confirmation = true
can_reactivate = true

[cancel.terms]
modes = ["period_end", "now"]
default = "period_end"
choice = "always"
unused_time = { period_end = "nothing", now = "credit" }

[cancel.terms_by_interval.year]
modes = ["now"]
default = "now"
choice = "never"
unused_time = { now = "refund" }

[change]
upgrade = { effective = "now", unused_time = "refund" }
downgrade = { effective = "period_end", unused_time = "nothing" }
interval = { effective = "period_end", unused_time = "nothing" }

[change.by_interval.year]
upgrade = { effective = "now", unused_time = "refund" }
downgrade = { effective = "now", unused_time = "refund" }
interval = { effective = "now", unused_time = "refund" }

[history]
on_end = "trim_to_new_limit"
keep_days_after_end = 2
clip_rights = "current"

[billing]
past_due_days = 2
retry_after_days = 1
method_change_needs_paid_plan = true

[reminders]
trial_days_left = [1]
renewal_days_before = [1]

[models.wick]
name = "Wick"
plans = ["glow", "blaze"]

[models.ember]
name = "Ember"
plans = ["blaze"]
legacy_quota = true

[module_models.sync_module_2]
name = "Stand"
local_storage = true

[features.motion_notifications]
standard = true

[features.live_view]
standard = true

[features.motion_video_cloud]
granted_by = ["glow", "blaze", "legacy_model"]

[features.video_sharing]
granted_by = ["blaze"]

[regions.MOON]
name = "The Moon"
countries = ["FR"]
currency = "JPY"
cloud_window_days = 9
models = ["wick", "ember"]
trial_models = ["wick"]
local_storage_models = ["wick"]
auto_delete_days = [1, 5, 9]
auto_delete_default_days = 9
no_renewal_in = { week = ["FR-75C"] }

[regions.MOON.prices]
glow = { week = 70, year = 3000 }
blaze = { week = 210, month = 800, year = 9000 }
"""
