"""The whole life of an owner's plan in a browser, in both languages, at the widths of a phone and of a desk."""

# ruff: noqa: RUF001 - French is written with its own apostrophe

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.chromium import BROWSER_MARKS
from tests.system.browser.life import Visit, visit

pytestmark = [pytest.mark.system, *BROWSER_MARKS]
STORE_EMAIL = "buyer@example.org"
STORE_PASSWORD = "a shelf full of boxes"
LANGUAGES = pytest.mark.parametrize("language", ["en", "fr"])


@LANGUAGES
async def test_from_the_trial_to_the_end_of_a_plan(tmp_path: Path, language: str) -> None:
    """R030, R031, R047, R063, R078, R149 to R151: trial, link, Basic, its camera, Plus, cancel, keep, end."""
    async with visit(tmp_path, language, linked=False) as its:
        site = its.owner.site
        module = await site.claim()
        for number, name in enumerate(("Front door", "Garden"), start=1):
            await site.camera(module, number, name, "mini")
        await _trial(its)
        await _link(its)
        await _basic(its)
        await _plus(its)
        await _cancel_and_keep(its)
        await _end(its)


async def _trial(its: Visit) -> None:
    await its.page.goto("/plan")
    banner = its.page.locator("#trial-banner")
    await expect(banner).to_contain_text(its.word("Free trial: 30 days left", "Essai gratuit : il reste 30 jours"))
    await its.owner.advance(days=22, hours=23)
    await its.page.reload()
    await expect(banner).to_contain_text(its.word("Free trial: 8 days left", "Essai gratuit : il reste 8 jours"))
    await expect(banner).to_contain_text(its.word("Apr 13, 2026", "13 avr. 2026"))
    await its.fits()
    await its.page.goto("/plan/checkout?choice=plus/month/")
    await its.shows("Link this account to a store account first", "Liez d’abord ce compte à un compte de boutique")
    await its.owner.have("DELETE", "/api/v1/trial")
    await its.page.goto("/plan")
    await expect(banner).to_have_count(0)
    await its.shows("You have no plan.", "Vous n’avez pas de forfait.")


async def _link(its: Visit) -> None:
    wish = {
        "email": STORE_EMAIL,
        "password": STORE_PASSWORD,
        "marketplace": "amazon.fr",
        "business": False,
        "time_zone": "Europe/Paris",
    }
    async with its.owner.site.client() as store, store.post("/store/api/v1/accounts", json=wish) as made:
        assert made.status == 201, await made.text()
    await its.page.goto("/link")
    await its.shows("Not linked.", "Pas lié.")
    await its.fits()
    await its.page.fill("#store_email", STORE_EMAIL)
    await its.page.fill("#store_password", "not this one at all")
    await its.press("Link the accounts", "Lier les comptes")
    await expect(its.page.get_by_role("alert")).to_be_visible()
    await its.page.fill("#store_password", STORE_PASSWORD)
    await its.press("Link the accounts", "Lier les comptes")
    await its.shows("Linked since April 6, 2026.", "Lié depuis le 6 avril 2026.")
    await its.fits()


async def _basic(its: Visit) -> None:
    await its.page.goto("/plan")
    await its.press("Choose Basic", "Choisir Basic")
    await its.fits()
    await its.press("Pay €3 and subscribe", "Payer 3 € et s’abonner")
    await its.shows("Thank you. It has begun and is paid.", "Merci. C’est payé, et cela a commencé.")
    await its.shows("Renews on May 6, 2026 for €3.", "Se renouvelle le 6 mai 2026 pour 3 €.")
    await its.press("Take it off its camera", "Le détacher de sa caméra")
    await its.shows("Covers no camera yet: choose one.", "Ne couvre encore aucune caméra")
    await its.page.select_option("form[action='/plan/attach'] select", label="Garden")
    await its.press("Cover this camera", "Couvrir cette caméra")
    await its.shows("Covers Garden since April 6, 2026.", "Couvre Garden depuis le 6 avril 2026.")
    await its.fits()


async def _plus(its: Visit) -> None:
    await its.follow("Change", "Changer")
    await its.fits()
    await its.page.locator("input[value^='plus/month']").check()
    await its.press("Go on", "Continuer")
    await its.shows("Basic ends at once.", "Basic prend fin tout de suite.")
    await its.shows("Your next invoice is €3 lower.", "Votre prochaine facture est réduite de 3 €.")
    await its.fits()
    await its.press("Pay €10 and subscribe", "Payer 10 € et s’abonner")
    await its.shows("Covers all your cameras since April 6, 2026.", "Couvre toutes vos caméras depuis le 6 avril 2026.")
    await expect(its.page.locator("article.own")).to_have_count(1)


async def _cancel_and_keep(its: Visit) -> None:
    await its.follow("Cancel Plus…", "Résilier Plus…")
    await its.shows("You get €10 back.", "10 € vous sont remboursés.")
    await its.shows("No money comes back.", "Rien n’est remboursé.")
    await its.shows("It loses:", "Elle perd :")
    await its.fits()
    await its.page.locator("input[value=period_end]").check()
    await its.press("Cancel Plus", "Résilier Plus")
    stops = its.page.locator(".stops")
    await expect(stops).to_have_text(its.word("Stops on May 6, 2026.", "S’arrête le 6 mai 2026."))
    await its.fits()
    await its.press("Keep Plus after all", "Garder Plus finalement")
    await its.shows("Renews on May 6, 2026 for €10.", "Se renouvelle le 6 mai 2026 pour 10 €.")
    await expect(stops).to_have_count(0)


async def _end(its: Visit) -> None:
    await its.follow("Cancel Plus…", "Résilier Plus…")
    await its.page.locator("input[value=period_end]").check()
    await its.press("Cancel Plus", "Résilier Plus")
    await its.owner.advance(days=31)
    await its.page.goto("/plan")
    await its.shows("You have no plan.", "Vous n’avez pas de forfait.")
    await its.page.goto("/invoices")
    await expect(its.page.locator("li a[href^='/invoices/']")).to_have_count(2)
    await its.fits()
    await its.page.locator("li a[href^='/invoices/']").first.click()
    await its.shows("April 6, 2026 to May 6, 2026", "du 6 avril 2026 au 6 mai 2026")
    await its.fits()
    await its.page.goto("/messages")
    await its.shows("Plus has ended", "Plus est terminé")
    await its.fits()


@LANGUAGES
async def test_a_declined_renewal_is_told_on_every_page_until_another_card_mends_it(
    tmp_path: Path, language: str
) -> None:
    async with visit(tmp_path, language) as its:
        await its.owner.order({"plan": "plus", "interval": "month"}, payment_token="tok_decline_after_1")
        await its.owner.advance(days=31, hours=1)
        await its.page.goto("/clips")
        banner = its.page.locator("#past-due-banner")
        await expect(banner).to_contain_text(its.word("Payment declined", "Paiement refusé"))
        await expect(banner).to_contain_text("Plus")
        await its.fits()
        await its.follow("Choose another card", "Choisir une autre carte")
        await its.shows("Its payment was declined", "Son paiement a été refusé")
        await its.fits()
        await its.press("Use this card", "Utiliser cette carte")
        await expect(banner).to_have_count(0)
        await its.page.goto("/plan")
        await its.shows("Renews on May 14, 2026 for €10.", "Se renouvelle le 14 mai 2026 pour 10 €.")
