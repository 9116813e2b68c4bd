"""R038..R046: which model may have which plan where, and what it has without one."""

from tests.rules.home import EU_AND_UK, EVERYWHERE, LEGACY_MODELS, NEW_MODELS, Home, Town

EU_MODELS = {*NEW_MODELS, *LEGACY_MODELS}
BOTH = {"basic": True, "plus": True}


async def models(home: Home, country: str) -> dict[str, dict[str, object]]:
    """Return the models of the public catalog as they are in the region of a country."""
    return {each["model"]: each for each in (await home.region(country))["models"]}


async def test_R038_the_models_of_the_eu_and_the_uk(town: Town) -> None:
    home = await town.home("IT")
    for country in EU_AND_UK.values():
        its = await models(home, country)
        assert {key for key, each in its.items() if each["in_region"]} == EU_MODELS, country
        for missing in ("outdoor_4", "wired_floodlight"):
            assert its[missing]["refusal"] == "not_in_region_catalog"
            assert its[missing]["plans"] == {"basic": False, "plus": False}


async def test_R039_canada_adds_outdoor_4(home: Home) -> None:
    its = await models(home, "CA")
    assert {key for key, each in its.items() if each["in_region"]} == {*EU_MODELS, "outdoor_4"}
    assert its["outdoor_4"]["plans"] == BOTH


async def test_R040_the_us_adds_outdoor_4_and_the_wired_floodlight(home: Home) -> None:
    its = await models(home, "US")
    assert {key for key, each in its.items() if each["in_region"]} == {*EU_MODELS, "outdoor_4", "wired_floodlight"}
    assert its["wired_floodlight"]["plans"] == BOTH
    assert (await models(home, "CA"))["wired_floodlight"]["refusal"] == "not_in_region_catalog"


async def test_R041_basic_is_for_newer_models_and_refused_for_the_three_oldest(home: Home) -> None:
    for country in EVERYWHERE.values():
        its = await models(home, country)
        takes = {key: each["plans"]["basic"] for key, each in its.items() if each["in_region"]}  # type: ignore[index] # JSON
        assert takes == {key: key not in LEGACY_MODELS for key in takes}, country
    _, cameras = await home.settled(*LEGACY_MODELS)
    plan = await home.buy("basic")
    for camera in cameras:
        path = f"/api/v1/subscriptions/{plan}/camera"
        assert await home.refusal("PUT", path, {"camera_id": camera}) == (409, "model_not_eligible")
    body = {"items": [{"plan": "basic", "interval": "month", "camera_ids": cameras[:1]}]}
    assert await home.refusal("POST", "/api/v1/orders", body) == (409, "model_not_eligible")


async def test_R042_plus_is_for_every_model(town: Town) -> None:
    home = await town.home("US")
    every = sorted({*EU_MODELS, "outdoor_4", "wired_floodlight"})
    module, cameras = await home.settled(*every)
    await home.buy("plus")
    said = (await home.lease(module))["cameras"]
    assert {camera: said[camera]["why"] for camera in cameras} == dict.fromkeys(cameras, "plan")


async def test_R043_an_old_model_has_a_plans_storage_with_plus_alone(home: Home) -> None:
    module, (mini, old) = await home.settled("mini", "xt2")
    basic = await home.buy("basic", mini)
    assert (await home.its(module, mini))["storage"] == {"kind": "cloud", "keep_for_days": 30}
    assert await home.storage(module, old) == ("quota", "legacy_model")
    await home.have("POST", f"/api/v1/subscriptions/{basic}/change", {"plan": "plus", "interval": "month"})
    assert (await home.its(module, old))["storage"] == {"kind": "cloud", "keep_for_days": 30}


async def test_R044_free_cloud_storage_is_for_the_three_oldest_models_alone(home: Home) -> None:
    module, (mini, *old) = await home.settled("mini", *LEGACY_MODELS)
    assert (await home.storage(module, mini))[0] == "local"
    for camera in old:
        its = (await home.its(module, camera))["storage"]
        assert (its["kind"], its["limit_ms"]) == ("quota", 7_200_000)
    for country in EVERYWHERE.values():
        found = await models(home, country)
        assert {key for key, each in found.items() if each["free_quota"]} == set(LEGACY_MODELS), country


async def test_R045_every_listed_model_is_compatible_with_a_plan(home: Home) -> None:
    for country in EVERYWHERE.values():
        its = await models(home, country)
        assert {key for key, each in its.items() if each["in_region"]} == {
            key for key, each in its.items() if each["compatible"]
        }


async def test_R046_under_plus_old_models_keep_clips_as_long_as_others(town: Town) -> None:
    for region, days in (("FR", 30), ("US", 60)):
        home = await town.home(region)
        module, cameras = await home.settled("xt", "mini")
        await home.buy("plus")
        assert [(await home.its(module, camera))["storage"]["keep_for_days"] for camera in cameras] == [days, days]
        clip = await home.lies(module, cameras[0], days=days - 1)
        await home.later(hours=23)
        assert await home.clips() == {clip}, f"not yet {days} days old"
        await home.later(hours=25)
        assert await home.clips() == set(), f"{days + 1} days old"
