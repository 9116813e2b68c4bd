"""Going down a level where history beyond the new one is erased: told clip by clip first, in both languages."""

# ruff: noqa: RUF001 - French is written with its own apostrophe

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.adapters.cloud_media.media import make_clip
from tests.chromium import BROWSER_MARKS
from tests.system.browser.life import Visit, visit

pytestmark = [pytest.mark.system, *BROWSER_MARKS]


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_clips_that_a_lower_level_erases_are_named_and_offered_before_two_confirmations(
    tmp_path: Path, language: str
) -> None:
    """R124, R128, R130, R132: Premium to Plus names the clip of 20 days, not that of 5; then to Free, asked twice."""
    async with visit(tmp_path, language, "kasa_care", "US") as its:
        site = its.owner.site
        module, (camera,) = await its.owner.cameras("kc400")
        plan = await its.owner.buy("premium", camera)
        now = site.services.leases.now()
        old, young = [
            await site.upload(module, camera, make_clip(seconds=3), now - timedelta(days=days)) for days in (20, 5)
        ]
        await its.page.goto("/plan")
        await its.follow("Change", "Changer")
        await its.page.locator("input[value^='plus/month']").check()
        await its.press("Go on", "Continuer")
        await its.shows("Premium ends at once.", "Premium prend fin tout de suite.")
        await its.shows("Your next invoice is $10 lower.", "Votre prochaine facture est réduite de 10 $US.")
        await _warned_of(its, old)
        assert (await its.owner.plan_of(plan))["status"] == "active", "a preview does nothing"
        await its.press("Pay $3 and subscribe", "Payer 3 $US et s’abonner")
        await its.shows("Thank you. It has begun and is paid.", "Merci. C’est payé, et cela a commencé.")
        await expect(its.page.locator("article.own")).to_have_count(1)
        await its.owner.advance(minutes=1)
        assert [clip["clip_id"] for clip in (await its.owner.have("GET", "/api/v1/clips"))["clips"]] == [young]
        await _asked_twice(its)


async def _warned_of(its: Visit, clip_id: str) -> None:
    warning = its.page.locator(".notice.bad")
    await expect(warning).to_contain_text(its.word("1 clip is older than", "1 clip est plus ancien que"))
    await expect(warning.locator("li")).to_have_count(1)
    await expect(warning.locator("li")).to_contain_text(its.word("Camera 1, Feb 22, 2026", "Camera 1, 22 févr. 2026"))
    async with its.page.expect_download() as started:
        await warning.get_by_role("link", name=its.word("Download", "Télécharger")).click()
    assert clip_id in (await started.value).url
    await its.fits()


async def _asked_twice(its: Visit) -> None:
    await its.follow("Cancel Plus…", "Résilier Plus…")
    await its.shows("It stops at once.", "Il s’arrête tout de suite.")
    await its.shows("You are asked once more before it is done.", "Une seconde confirmation vous est demandée avant.")
    await its.fits()
    await its.press("Cancel Plus…", "Résilier Plus…")
    await its.shows("It cannot be taken back.", "C’est sans retour.")
    plans = (await its.owner.have("GET", "/api/v1/plan"))["subscriptions"]
    assert [each["plan"] for each in plans if each["status"] == "active"] == ["plus"], "the first question does nothing"
    await its.fits()
    await its.page.locator("button.first.bad").click()
    await its.shows("It is cancelled.", "C’est résilié.")
    await its.shows("Free is there for all your cameras", "Free est là pour toutes vos caméras")
    await expect(its.page.locator("article.own")).to_have_count(0)
