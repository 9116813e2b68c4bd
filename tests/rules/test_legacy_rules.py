"""R070..R079: legacy accounts and cameras with their 7,200 seconds; C01, C09, C10."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.rules.changed_catalogs import changed
from tests.rules.home import EVERYWHERE, LEGACY_DAY, LEGACY_MODELS, STANDARD, Home, Town, open_town
from tests.web.cloud import site as sites

POOL_MS = 7_200_000
LAST_SECOND = datetime(2020, 4, 15, 21, 59, 59, tzinfo=UTC)
"""The last one of 15 April 2020 in Paris."""


@asynccontextmanager
async def signed_up(folder: Path, monkeypatch: pytest.MonkeyPatch, at: datetime) -> AsyncIterator[Home]:
    """Let an owner sign up over HTTP at some time; Paris is its time zone."""
    monkeypatch.setattr(sites, "START", at)
    async with open_town(folder) as town, town.site.client() as client:
        wish = {
            "email": "new@example.org", "password": sites.PASSWORD, "region": "blink/FR", "locale": "fr",
            "time_zone": "Europe/Paris",
        }  # fmt: skip
        async with client.post("/api/v1/accounts", json=wish) as answer:
            said = await answer.json()
            assert answer.status == 201, said
        yield Home(town.site, client, said["csrf_token"], said["account_id"], "new@example.org", 0)


@pytest.mark.parametrize(("later_s", "legacy", "day"), [(0, True, "2020-04-15"), (1, False, "2020-04-16")])
async def test_R070_C09_a_legacy_account_was_made_by_the_end_of_15_april_2020_in_its_own_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_s: int, legacy: bool, day: str
) -> None:
    async with signed_up(tmp_path, monkeypatch, LAST_SECOND + timedelta(seconds=later_s)) as home:
        assert (await home.have("GET", "/api/v1/account"))["created_on"] == day
        module = await home.module()
        camera = await home.camera(module, "mini")
        assert await home.storage(module, camera) == (("quota", "legacy_account") if legacy else ("cloud", "trial"))


async def test_R071_a_legacy_account_has_the_quota_and_other_features_for_every_device(town: Town) -> None:
    home = await town.home(created_on=LEGACY_DAY)
    module, (camera, _) = await home.settled("mini", "video_doorbell")
    await home.film(module, camera, seconds=30)
    assert await home.used_ms() == {f"{home.account_id}/{module.module_id}": 30_000}
    for its in (await home.lease(module))["cameras"].values():
        assert its["features"] == [*STANDARD, "motion_video_cloud", "local_storage_backup"]
        assert its["storage"]["limit_ms"] == POOL_MS


async def test_R072_C10_the_accounts_right_holds_for_a_device_of_today_though_its_model_has_none(town: Town) -> None:
    its = {each["model"]: each for each in (await (await town.home()).region("US"))["models"]}
    assert not its["outdoor_4"]["free_quota"]
    for region in ("US", "CA"):
        home = await town.home(region, created_on=LEGACY_DAY)
        module, (camera,) = await home.settled("outdoor_4")
        its = await home.its(module, camera)
        assert (its["storage"]["kind"], its["storage"]["limit_ms"]) == ("quota", POOL_MS), region
        assert its["why"] == "legacy_account"


async def test_R073_C01_in_the_us_the_quota_of_a_legacy_account_is_for_each_sync_module(town: Town) -> None:
    home = await town.home("US", created_on=LEGACY_DAY)
    one, (first,) = await home.settled("mini")
    two, (second,) = await home.settled("mini")
    oldest = await home.lies(one, first, seconds=7200)
    await home.film(two, second, seconds=20)
    assert oldest in await home.clips(), "the other module's pool is its own"
    assert await home.used_ms() == {
        f"{home.account_id}/{one.module_id}": POOL_MS, f"{home.account_id}/{two.module_id}": 20_000,
    }  # fmt: skip


async def test_C01_a_region_may_have_one_pool_for_the_account(tmp_path: Path) -> None:
    catalogs = changed(tmp_path, "blink.toml", {"regions.FR.legacy_account_quota_scope": "account"})
    async with open_town(tmp_path, catalogs) as town:
        home = await town.home(created_on=LEGACY_DAY)
        one, (first,) = await home.settled("mini")
        two, (second,) = await home.settled("mini")
        oldest = await home.lies(one, first, seconds=7200)
        await home.film(two, second, seconds=20)
        assert oldest not in await home.clips()
        assert await home.used_ms() == {f"{home.account_id}/account": 20_000}


@pytest.mark.parametrize("model", LEGACY_MODELS)
async def test_R074_a_full_pool_makes_room_by_its_oldest_clip(town: Town, model: str) -> None:
    home = await town.home(created_on=date(2023, 1, 1))
    module, (camera,) = await home.settled(model)
    assert await home.storage(module, camera) == ("quota", "legacy_model")
    oldest = await home.lies(module, camera, seconds=60, days=2)
    rest = await home.lies(module, camera, seconds=7130, days=1)
    assert await home.used_ms() == {f"{home.account_id}/{module.module_id}": 7_190_000}
    new = await home.film(module, camera, seconds=20)
    assert await home.clips() == {rest, new}
    assert oldest not in await home.clips()
    assert sum((await home.used_ms()).values()) == 7_150_000


async def test_R074_below_its_limit_a_pool_loses_nothing(home: Home) -> None:
    module, (camera,) = await home.settled("xt2")
    old = await home.lies(module, camera, seconds=7180, days=2)
    new = await home.film(module, camera, seconds=20)
    assert await home.clips() == {old, new}
    assert sum((await home.used_ms()).values()) == POOL_MS
    assert (await home.its(module, camera))["storage"]["limit_ms"] == POOL_MS
    one_second = await home.film(module, camera, seconds=1)
    assert await home.clips() == {new, one_second}, "one second more is one too many"


async def test_R075_an_uncovered_legacy_camera_has_no_subscription_features(town: Town) -> None:
    for region in EVERYWHERE:
        home = await town.home(region)
        module, (camera,) = await home.settled("xt2")
        assert await home.features(module, camera) == [*STANDARD, "motion_video_cloud"], region


async def test_R076_in_the_us_that_means_extended_live_view_and_person_detection(town: Town) -> None:
    home = await town.home("US")
    module, (old, new) = await home.settled("xt2", "wired_floodlight")
    assert not {"extended_live_view", "person_detection"} & set(await home.features(module, old))
    await home.buy("plus")
    assert {"extended_live_view", "person_detection"} <= set(await home.features(module, new))
    assert not {"extended_live_view", "person_detection"} & set(await home.features(module, old)), "nor by its model"


async def test_R077_with_a_plan_a_legacy_account_records_without_limit_and_the_quota_stands_still(town: Town) -> None:
    home = await town.home(created_on=LEGACY_DAY)
    module, (camera,) = await home.settled("mini")
    before = await home.film(module, camera, seconds=10)
    await home.later(days=2)
    await home.buy("plus")
    assert (await home.its(module, camera))["storage"] == {"kind": "cloud", "keep_for_days": 30}
    await home.lies(module, camera, seconds=7200)
    await home.film(module, camera, seconds=20)
    assert before in await home.clips()
    async with home.site.records.reading() as records:
        pool = f"{home.account_id}/{module.module_id}"
        assert await records.clips.used_ms(pool) == 10_000


async def test_R079_extended_live_view_goes_with_the_plan(town: Town) -> None:
    for region, model in (("FR", "mini"), ("US", "mini"), ("US", "wired_floodlight")):
        home = await town.home(region, created_on=LEGACY_DAY)
        module, (camera,) = await home.settled(model)
        plan = await home.buy("plus")
        assert "extended_live_view" in await home.features(module, camera)
        await home.cancel(plan, "now")
        left = await home.features(module, camera)
        assert "extended_live_view" not in left
        assert "live_view" in left
        assert (await home.storage(module, camera))[0] == "quota"
