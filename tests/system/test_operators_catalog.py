"""A vendor that exists as one file of the operator: the two lines of DESIGN §5 that no shipped catalog can reach."""

from pathlib import Path

import pytest

from tests.rtsp.server import RtspServer
from tests.system.agreement import assert_kept
from tests.system.house import Camera, Wish, open_running_house

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # many programs on a busy machine

CATALOG = """
vendor = "house_made"
name = "House-made"
effective_from = 2020-01-01
storage_order = ["cloud", "free_tier", "local", "none"]
floor_plan = "free"

[plans.free]
name = "Free"
coverage = "floor"
cloud_clips = true
cloud_window_days = 2

[models.free_spot]
name = "A camera with the free tier"
plans = ["free"]

[models.bare_spot]
name = "A camera with nothing"
plans = []

[module_models.sync_module_2]
name = "Hub with a drive"
local_storage = true

[features.motion_notifications]
standard = true

[regions.FR]
name = "France"
countries = ["FR"]
currency = "EUR"
cloud_window_days = 7
models = ["free_spot", "bare_spot"]
auto_delete_days = [7]
auto_delete_default_days = 7

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
terms = { modes = ["now"], default = "now", choice = "never", unused_time = { now = "nothing" } }

[change]
upgrade = { effective = "now", unused_time = "nothing" }
downgrade = { effective = "now", unused_time = "nothing" }
interval = { effective = "now", unused_time = "nothing" }

[history]
on_end = "keep_until_auto_delete"
clip_rights = "at_recording"

[billing]
past_due_days = 7
retry_after_days = 1
method_change_needs_paid_plan = false

[reminders]
"""


def test_the_free_tier_keeps_clips_in_the_cloud_and_a_model_without_rights_keeps_none(
    tmp_path: Path, street: RtspServer
) -> None:
    catalogs = tmp_path / "catalogs"
    catalogs.mkdir()
    (catalogs / "house_made.toml").write_text(CATALOG, encoding="utf-8")
    cameras = (Camera("Street", street.url, "free_spot"), Camera("Yard", street.url, "bare_spot"))
    wish = Wish(cameras, account={"vendor": "house_made"}, catalog=catalogs)
    with open_running_house(tmp_path / "house", wish) as house:
        house.wait_for_words("Street", ("cloud", "free_tier", None))
        assert_kept(house, "Street", ("cloud", "free_tier", None))
        house.wait_for_words("Yard", ("none", "not_entitled", "model_not_eligible"))
        assert_kept(house, "Yard", ("none", "not_entitled", "model_not_eligible"))
