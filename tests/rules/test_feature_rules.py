"""R010, R087..R092, R094, R095, R098..R101: which camera has which feature under which plan; C12, C13."""

from collections.abc import Mapping

import pytest

from tests.rules.home import EU_AND_UK, LEGACY_MODELS, NEW_MODELS, STANDARD, Home, Town

PAID = ["live_view_recording", "video_history", "rapid_access", "video_sharing", "custom_snooze"]
"""What Basic and Plus give whatever the model."""
PHOTOS = {"video_doorbell", "indoor_gen3", "outdoor_gen3"}


async def under(home: Home, plan: str) -> list[str]:
    """Return the features of a Mini under Basic, Plus or nothing."""
    module, (camera,) = await home.settled("mini", module="sync_module_1")
    if plan:
        await home.buy(plan)
    return await home.features(module, camera)


async def holders(town: Town, feature: str) -> Mapping[str, set[str]]:
    """Return the models that have a feature under Plus, by region."""
    found = {}
    for region in [*EU_AND_UK, "CA", "US"]:
        home = await town.home(region)
        await home.buy("plus")
        models = [each["model"] for each in (await home.region(region[:2]))["models"] if each["in_region"]]
        module, ids = await home.settled(*models)
        said = (await home.lease(module))["cameras"]
        found[region] = {model for model, each in zip(models, ids, strict=True) if feature in said[each]["features"]}
    return found


def by_region(eu: set[str], canada: set[str], us: set[str]) -> dict[str, set[str]]:
    return {**dict.fromkeys(EU_AND_UK, eu), "CA": canada, "US": us}


@pytest.mark.parametrize("plan", ["", "basic", "plus"])
async def test_R010_R087_R088_R089_alerts_live_view_and_two_way_audio_need_no_plan(home: Home, plan: str) -> None:
    assert (await under(home, plan))[:3] == STANDARD == ["motion_notifications", "live_view", "two_way_audio"]


async def test_R090_motion_clips_go_to_the_cloud_with_a_plan_and_else_to_a_drive_alone(home: Home) -> None:
    first, (bare,) = await home.settled("mini", module="sync_module_1")
    second, (driven,) = await home.settled("mini")
    assert (await home.storage(first, bare))[0] == "none"
    assert await home.storage(second, driven) == ("local", "local_storage")
    assert "motion_video_cloud" not in await home.features(second, driven)
    await home.buy("plus")
    for module, camera in ((first, bare), (second, driven)):
        assert await home.storage(module, camera) == ("cloud", "plan")
        assert "motion_video_cloud" in await home.features(module, camera)


@pytest.mark.parametrize(("plan", "has"), [("", False), ("basic", True), ("plus", True)])
async def test_R091_R098_R101_recording_live_views_and_snoozing_come_with_either_plan(
    home: Home, plan: str, has: bool
) -> None:
    given = set(await under(home, plan))
    assert {feature: feature in given for feature in PAID} == dict.fromkeys(PAID, has)


@pytest.mark.parametrize(("plan", "has"), [("", False), ("basic", True), ("plus", True)])
async def test_R098_photo_capture_comes_with_either_plan(home: Home, plan: str, has: bool) -> None:
    module, (camera,) = await home.settled("video_doorbell")
    if plan:
        await home.buy(plan)
    assert ("photo_capture" in await home.features(module, camera)) is has


@pytest.mark.parametrize(("plan", "has"), [("", False), ("basic", True), ("plus", True)])
async def test_R092_C13_extended_live_view_is_a_plans_feature(home: Home, plan: str, has: bool) -> None:
    assert ("extended_live_view" in await under(home, plan)) is has


async def test_R092_extended_live_view_is_for_the_mini_and_in_the_us_for_the_floodlight(town: Town) -> None:
    assert await holders(town, "extended_live_view") == by_region({"mini"}, {"mini"}, {"mini", "wired_floodlight"})


async def test_R094_the_drive_is_the_backup_under_a_plan_with_a_module_that_can(home: Home) -> None:
    module, (camera,) = await home.settled("mini")
    bare, (other,) = await home.settled("mini", module="sync_module_1")
    await home.buy("plus")
    assert (await home.its(module, camera))["drive"] == "backup"
    assert "local_storage_backup" in await home.features(module, camera)
    assert (await home.its(bare, other))["drive"] == "off"
    assert "local_storage_backup" not in await home.features(bare, other)


async def test_R095_the_models_that_may_use_a_drive(town: Town) -> None:
    eu = set(NEW_MODELS)
    assert await holders(town, "local_storage_backup") == by_region(
        eu, eu | {"outdoor_4"}, eu | {"outdoor_4", "wired_floodlight"}
    )


async def test_R095_the_oldest_models_use_no_drive_but_their_quota(home: Home) -> None:
    module, cameras = await home.settled(*LEGACY_MODELS)
    for camera in cameras:
        its = await home.its(module, camera)
        assert (its["storage"]["kind"], its["drive"]) == ("quota", "off")


async def test_R099_the_models_of_photo_capture(town: Town) -> None:
    more = PHOTOS | {"outdoor_4"}
    assert await holders(town, "photo_capture") == by_region(PHOTOS, more, more)


async def test_R100_person_detection_is_in_canada_and_the_us_alone(town: Town) -> None:
    us = {"outdoor_4", "wired_floodlight"}
    assert await holders(town, "person_detection") == by_region(set(), {"outdoor_4"}, us)


async def test_C13_person_detection_needs_a_plan_as_the_prose_says(town: Town) -> None:
    home = await town.home("US")
    module, (camera,) = await home.settled("outdoor_4")
    assert "person_detection" not in await home.features(module, camera)
    await home.buy("basic", camera)
    assert "person_detection" in await home.features(module, camera)


async def test_C12_a_feature_needs_plan_region_and_model_together(town: Town) -> None:
    """Each home lacks one of the three: the plan, the region, the model."""
    for region, model, plan, has in (
        ("US", "outdoor_4", "plus", True), ("US", "outdoor_4", "", False),
        ("FR", "mini", "plus", False), ("US", "mini", "plus", False),
    ):  # fmt: skip
        home = await town.home(region)
        module, (camera,) = await home.settled(model)
        if plan:
            await home.buy(plan)
        assert ("person_detection" in await home.features(module, camera)) is has, (region, model, plan)
