"""R021..R029, R033..R037: when the free trial starts, what it gives, and what is left when it is over; R014, R015."""

from datetime import datetime, timedelta

import pytest

from tests.rules.home import EU_AND_UK, EVERYWHERE, LEGACY_DAY, LEGACY_MODELS, NEW_MODELS, STANDARD, Home, Town

TRIAL = {"starts_trial": True, "no_trial_because": None}


async def starts_trial(home: Home, model: str) -> tuple[bool, str | None]:
    """Return whether setting a model up would start a trial, and if not, why."""
    its = await home.confirming(await home.module(), model)
    return its["starts_trial"], its["no_trial_because"]


async def test_R021_a_trial_of_thirty_days_starts_when_a_new_eligible_device_is_set_up(home: Home) -> None:
    module, at = await home.module(), await home.now()
    camera = await home.camera(module, "mini")
    trial = (await home.have("GET", "/api/v1/account"))["trial"]
    assert datetime.fromisoformat(trial["started_at"]) == at
    assert datetime.fromisoformat(trial["ends_at"]) == at + timedelta(days=30)
    assert (trial["plan"], trial["days_left"]) == ("plus", 30)
    assert await home.storage(module, camera) == ("cloud", "trial")


async def test_R022_the_models_that_start_a_trial_in_the_eu_and_the_uk(town: Town) -> None:
    for region, country in EU_AND_UK.items():
        home = await town.home(region)
        models = {each["model"] for each in (await home.region(country))["models"] if each["starts_trial"]}
        assert models == set(NEW_MODELS), region
        assert await starts_trial(home, "mini") == (True, None), region


async def test_R023_canada_adds_outdoor_4(town: Town) -> None:
    home = await town.home("CA")
    models = {each["model"] for each in (await home.region("CA"))["models"] if each["starts_trial"]}
    assert models == {*NEW_MODELS, "outdoor_4"}
    assert await starts_trial(home, "outdoor_4") == (True, None)


async def test_R024_the_us_adds_outdoor_4_and_the_wired_floodlight(town: Town) -> None:
    home = await town.home("US")
    models = {each["model"] for each in (await home.region("US"))["models"] if each["starts_trial"]}
    assert models == {*NEW_MODELS, "outdoor_4", "wired_floodlight"}
    assert await starts_trial(home, "wired_floodlight") == (True, None)


async def test_R025_the_three_oldest_models_start_no_trial_anywhere(town: Town) -> None:
    for region in EVERYWHERE:
        home = await town.home(region)
        for model in LEGACY_MODELS:
            assert await starts_trial(home, model) == (False, "model_starts_none"), (region, model)
        await home.camera(await home.module(), "xt2")
        assert (await home.have("GET", "/api/v1/account"))["trial"] is None, region


async def test_R026_the_trial_gives_every_camera_what_plus_gives(town: Town) -> None:
    said = {}
    for plan in ("trial", "plus"):
        home = await town.home("US")
        module = await home.module()
        cameras = [await home.camera(module, model) for model in ("mini", "video_doorbell", "xt2")]
        if plan == "plus":
            await home.have("DELETE", "/api/v1/trial")
            await home.buy("plus")
        said[plan] = [await home.features(module, camera) for camera in cameras]
        assert {(await home.its(module, camera))["storage"]["keep_for_days"] for camera in cameras} == {60}
    assert said["trial"] == said["plus"]
    assert "extended_live_view" in said["trial"][0]
    assert "photo_capture" in said["trial"][1]


async def test_R027_an_account_with_plus_gets_no_trial_and_the_new_device_is_covered_by_plus(home: Home) -> None:
    await home.buy("plus")
    module = await home.module()
    camera = await home.camera(module, "mini")
    assert (await home.have("GET", "/api/v1/account"))["trial"] is None
    assert await home.storage(module, camera) == ("cloud", "plan")


async def test_R027_basic_keeps_nobody_from_a_trial(home: Home) -> None:
    await home.buy("basic")
    assert await starts_trial(home, "mini") == (True, None)


async def test_R028_C02_legacy_accounts_get_no_trial_outside_the_us(town: Town) -> None:
    for region in [*EU_AND_UK, "CA"]:
        home = await town.home(region, created_on=LEGACY_DAY)
        module = await home.module()
        camera = await home.camera(module, "mini")
        assert (await home.have("GET", "/api/v1/account"))["trial"] is None
        its = await home.its(module, camera)
        assert (its["why"], its["storage"]["limit_ms"]) == ("legacy_account", 7_200_000), region


async def test_R029_C02_a_legacy_account_in_the_us_has_a_trial_and_its_quota_afterwards(town: Town) -> None:
    home = await town.home("US", created_on=datetime(2019, 1, 1).date())  # noqa: DTZ001 - a day
    module = await home.module()
    camera = await home.camera(module, "mini")
    assert await home.storage(module, camera) == ("cloud", "trial")
    await home.later(days=30)
    its = await home.its(module, camera)
    assert its["storage"] == {
        "kind": "quota", "pool": f"{home.account_id}/{module.module_id}", "limit_ms": 7_200_000, "used_ms": 0,
    }  # fmt: skip


async def test_R033_after_the_trial_nothing_new_is_taken_into_the_cloud(home: Home) -> None:
    """The last second is the trial's; its end is not."""
    module = await home.module("sync_module_1")
    camera = await home.camera(module, "mini")
    await home.later(days=30, seconds=-1)
    assert await home.storage(module, camera) == ("cloud", "trial")
    await home.film(module, camera)
    await home.advance(seconds=1)
    assert (await home.storage(module, camera))[0] == "none"
    assert await home.creation_status(module, camera) == 403
    with_drive = await home.module()
    other = await home.camera(with_drive, "xt2")
    assert (await home.storage(with_drive, other))[0] == "quota", "a legacy camera has its own right"


async def test_R033_with_a_drive_the_clip_goes_there(home: Home) -> None:
    module, (camera,) = await home.settled("mini")
    assert await home.storage(module, camera) == ("local", "local_storage")
    assert await home.creation_status(module, camera) == 403


async def test_R034_clips_of_the_trial_leave_by_the_auto_delete_setting_and_not_at_once(home: Home) -> None:
    module = await home.module()
    camera = await home.camera(module, "mini")
    await home.have("PATCH", "/api/v1/account", {"auto_delete_days": 7})
    await home.later(days=27)
    clip = await home.film(module, camera)
    await home.later(days=3, seconds=-1)
    assert (await home.have("GET", "/api/v1/account"))["trial"] is not None
    await home.advance(seconds=1)
    assert (await home.have("GET", "/api/v1/account"))["trial"] is None
    assert await home.clips() == {clip}, "three days old at the trial's end"
    await home.later(days=4, minutes=-1)
    assert await home.clips() == {clip}
    await home.advance(minutes=1)
    assert await home.clips() == set()


async def test_R035_after_the_trial_no_subscription_feature_is_left(home: Home) -> None:
    module = await home.module()
    camera = await home.camera(module, "video_doorbell")
    assert {"photo_capture", "live_view_recording", "custom_snooze"} <= set(await home.features(module, camera))
    await home.later(days=30)
    assert await home.features(module, camera) == STANDARD


async def test_R036_after_the_trial_legacy_cameras_go_on_with_their_quota(home: Home) -> None:
    module = await home.module()
    mini, *legacy = [await home.camera(module, model) for model in ("mini", *LEGACY_MODELS)]
    await home.later(days=30)
    assert await home.creation_status(module, mini) == 403
    for camera in legacy:
        its = await home.its(module, camera)
        assert (its["storage"]["kind"], its["storage"]["limit_ms"], its["why"]) == ("quota", 7_200_000, "legacy_model")
        assert await home.creation_status(module, camera) == 201


async def test_R037_C03_a_plan_bought_in_the_trial_takes_over_at_its_end_without_a_gap(home: Home) -> None:
    module = await home.module()
    camera = await home.camera(module, "mini")
    await home.later(days=5)
    plan = await home.buy("plus")
    for days, why, status in ((1, "trial", "scheduled"), (23.999, "trial", "scheduled"), (0.001, "plan", "active")):
        await home.later(days=days)
        assert await home.storage(module, camera) == ("cloud", why)
        assert (await home.plan_of(plan))["status"] == status
    first = (await home.plan_of(plan))["starts_at"]
    assert datetime.fromisoformat(first) == await home.now(), "thirty days after the trial began"


async def test_R014_C03_the_first_invoice_is_dated_at_the_trials_end(home: Home) -> None:
    await home.camera(await home.module(), "mini")
    ends_at = (await home.have("GET", "/api/v1/account"))["trial"]["ends_at"]
    await home.later(days=10)
    await home.buy("plus")
    await home.later(days=20, seconds=-1)
    assert await home.invoices() == []
    await home.advance(seconds=1)
    (invoice,) = await home.invoices()
    assert (invoice["issued_at"], invoice["charged_minor"]) == (ends_at, 1000)


@pytest.mark.parametrize("created_on", [LEGACY_DAY, LEGACY_DAY + timedelta(days=1500)])
async def test_R014_with_no_trial_running_the_first_invoice_is_dated_at_the_purchase(
    town: Town, created_on: object
) -> None:
    home = await town.home(created_on=created_on)  # type: ignore[arg-type] # a day of the table
    await home.settled("mini")
    await home.later(days=3)
    await home.buy("plus")
    (invoice,) = await home.invoices()
    assert datetime.fromisoformat(invoice["issued_at"]) == await home.now()


async def test_R015_R067_a_plan_may_be_bought_in_the_trial_and_is_scheduled(home: Home) -> None:
    camera = await home.camera(await home.module(), "mini")
    its = await home.have("GET", "/api/v1/plan")
    assert its["notice"] == "in_trial"
    plan = await home.plan_of(await home.buy("basic", camera))
    assert (plan["status"], plan["starts_at"]) == ("scheduled", its["trial"]["ends_at"])
    await home.later(days=30)
    assert (await home.have("GET", "/api/v1/plan"))["notice"] == "not_in_trial"
    assert (await home.plan_of(plan["subscription_id"]))["status"] == "active"


async def test_C20_each_new_device_starts_a_trial_when_none_runs(home: Home) -> None:
    module = await home.module()
    camera = await home.camera(module, "mini")
    ends_at = (await home.have("GET", "/api/v1/account"))["trial"]["ends_at"]
    await home.later(days=10)
    assert await starts_trial(home, "mini") == (False, "trial_runs")
    await home.camera(module, "mini")
    assert (await home.have("GET", "/api/v1/account"))["trial"]["ends_at"] == ends_at, "neither longer nor anew"
    await home.later(days=20)
    again = await home.have("GET", f"/api/v1/cameras/{camera}/confirmation?model=mini")
    assert (again["starts_trial"], again["no_trial_because"]) == (False, "set_up_before")
    assert await starts_trial(home, "mini") == (True, None)
