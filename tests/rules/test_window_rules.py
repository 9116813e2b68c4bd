"""R080, R081, R084: how long clips stay in the cloud."""

from tests.rules.home import EU_AND_UK, Home, Town


async def leaves_at(home: Home, days: int) -> None:
    """Prove that a clip under Plus leaves when it is so many days old, and not an hour before."""
    module, (camera,) = await home.settled("mini")
    await home.buy("plus")
    assert (await home.its(module, camera))["storage"]["keep_for_days"] == days
    young, old = await home.lies(module, camera, days=days - 1), await home.lies(module, camera, days=days - 1 / 24)
    await home.advance(minutes=59)
    assert await home.clips() == {young, old}
    await home.advance(minutes=1)
    assert await home.clips() == {young}


async def test_R080_in_the_eu_and_the_uk_clips_stay_for_thirty_days(town: Town) -> None:
    for region, country in EU_AND_UK.items():
        home = await town.home(region)
        assert max((await home.have("GET", "/api/v1/account"))["auto_delete_choices"]) == 30
        plans = {each["plan"]: each["keep_for_days"] for each in (await home.region(country))["plans"]}
        assert plans == {"basic": [30], "plus": [30]}, region
    for region in ("FR", "GB_IE"):
        await leaves_at(await town.home(region), 30)


async def test_R081_in_canada_and_the_us_clips_stay_for_sixty_days(town: Town) -> None:
    for region in ("CA", "US"):
        await leaves_at(await town.home(region), 60)


async def test_R084_the_owners_setting_decides_within_the_regions_window(home: Home) -> None:
    module, (camera,) = await home.settled("mini")
    await home.buy("plus")
    for days in (60, 31):
        assert await home.refusal("PATCH", "/api/v1/account", {"auto_delete_days": days}) == (
            400, "auto_delete_not_offered",
        )  # fmt: skip
    changed = await home.have("PATCH", "/api/v1/account", {"auto_delete_days": 14})
    assert (changed["auto_delete_days"], changed["auto_delete_choices"]) == (14, [3, 7, 14, 30])
    young, old = await home.lies(module, camera, days=12), await home.lies(module, camera, days=13.9)
    await home.advance(hours=2)
    assert await home.clips() == {young, old}
    await home.advance(hours=1)
    assert await home.clips() == {young}


async def test_R084_sixty_days_may_be_chosen_where_the_window_is_sixty(town: Town) -> None:
    home = await town.home("US")
    await home.settled("mini")
    await home.buy("plus")
    assert (await home.have("PATCH", "/api/v1/account", {"auto_delete_days": 60}))["auto_delete_days"] == 60
