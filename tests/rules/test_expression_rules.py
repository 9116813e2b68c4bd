"""C07, C15, C17: contradictions of the documents that a catalog expresses as data."""

from pathlib import Path

import pytest

from cloud_stub.errors import BadConfiguration
from tests.rules.changed_catalogs import ABSENT, changed
from tests.rules.home import LEGACY_DAY, Home
from tests.rules.street import open_street


async def policy(home: Home, vendor: str, country: str, key: str) -> object:
    """Return a policy of the public catalog."""
    (found,) = (each["value"] for each in (await home.region(country, vendor))["policies"] if each["key"] == key)
    return found


async def test_C07_the_banner_is_recorded_and_not_asked_for_unless_the_operator_says_so(
    home: Home, tmp_path: Path
) -> None:
    assert "trial_banner_missing" in await policy(home, "blink", "FR", "linking.stated")  # type: ignore[operator] # JSON
    enforced = await policy(home, "blink", "FR", "linking.enforced")
    assert enforced == ["outside_region", "app_outdated", "os_too_old"]
    lenient, strict = tmp_path / "lenient", tmp_path / "strict"
    for folder in (lenient, strict):
        folder.mkdir()
    async with open_street(lenient, created_on=LEGACY_DAY) as street:
        owner, _ = await street.owner(), await street.customer()
        await owner.linked()
    wish = {"linking.enforced": ["outside_region", "app_outdated", "os_too_old", "trial_banner_missing"]}
    async with open_street(strict, created_on=LEGACY_DAY, catalogs=changed(strict, "blink.toml", wish)) as street:
        owner, _ = await street.owner(), await street.customer()
        status, said = await owner.link()
        assert (status, said["code"]) == (409, "trial_banner_missing")


async def test_C15_each_vendor_says_what_becomes_of_history_and_silence_must_be_settled(
    home: Home, tmp_path: Path
) -> None:
    said = [
        await policy(home, vendor, country, "history.on_end")
        for vendor, country in (("blink", "FR"), ("kasa_care", "US"), ("somfy_protect", "FR"))
    ]
    assert said[:2] == ["keep_until_auto_delete", "trim_to_new_limit"]
    assert await policy(home, "somfy_protect", "FR", "history.on_end") in {"not_stated", "keep_until_auto_delete"}
    with pytest.raises(BadConfiguration, match=r"somfy_protect\.toml.*operator_on_end"):
        changed(tmp_path, "somfy_protect.toml", {"history.operator_on_end": ABSENT})


async def test_C17_what_a_plan_covers_is_one_of_four_words(home: Home) -> None:
    found = {}
    for vendor, country in (("blink", "FR"), ("kasa_care", "US"), ("somfy_protect", "FR")):
        plans = (await home.region(country, vendor))["plans"]
        found[vendor] = {each["plan"]: each["coverage"] for each in plans}
    assert found == {
        "blink": {"basic": "device", "plus": "account"},
        "kasa_care": {"free": "floor", "plus": "device", "premium": "device"},
        "somfy_protect": {
            "included": "floor", "continuous_recording": "service_cameras",
            "backup_connection": "account", "professional_monitoring": "account",
        },
    }  # fmt: skip
