"""Cancelling on the pages: what each way does, the clips that would go, and a second question where one is asked."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from cloud_stub.domain.plans import live_subscriptions
from cloud_stub.domain.policies import Effective
from cloud_stub.errors import CloudError
from cloud_stub.flow.cancel_plan import CancelPreview, ConfirmationNeeded
from cloud_stub.flow.plan_holding import AccountActor
from cloud_stub.web.cancel_view import CameraAfter, cameras_after
from cloud_stub.web.checkout_view import CLIPS_SHOWN, say_erased, say_money_back
from cloud_stub.web.clip_view import ClipCard, clip_card
from cloud_stub.web.drive_copy_view import ToDrive, to_drive
from cloud_stub.web.languages import Language
from cloud_stub.web.offer_view import plan_name
from cloud_stub.web.overview import Overview
from cloud_stub.web.pages import back_to, form_of, language_of, overview_of, owner_of, render, services_of
from cloud_stub.web.plan_view import existing_clips, without_subscription
from cloud_stub.web.plan_words import WHEN
from cloud_stub.web.words import FEATURE, say_next_clip, say_word


@dataclass(frozen=True, slots=True)
class Way:
    """One way to cancel, and what it does; `clips` are the first of those that go for good."""

    mode: str
    title: str
    sentences: tuple[str, ...]
    warning: str
    clips: tuple[ClipCard, ...]
    token: str
    to_drive: ToDrive | None


@dataclass(frozen=True, slots=True)
class CameraLoss:
    """What a camera loses, and where its next clip goes then."""

    name: str
    features: str
    next_clip: str


async def ask_cancel(request: web.Request) -> web.Response:
    """GET /plan/cancel?subscription=: what cancelling does, by each way there is, before anything is done."""
    overview = await overview_of(request)
    language, subscription_id = language_of(request), request.query.get("subscription", "")
    services, actor = services_of(request), AccountActor(overview.account.account_id)
    modes = await services.cancels.modes(actor, subscription_id) or (None,)
    previews = [await services.cancels.preview(actor, subscription_id, mode) for mode in modes]
    return render(
        request,
        "plan_cancel.html",
        overview=overview,
        page="plan",
        name=_name(overview, subscription_id, language),
        subscription_id=subscription_id,
        ways=[_way(each, overview, language) for each in previews],
        kept=await _kept(request, overview, language) if not any(each.doomed for each in previews) else "",
        losses=_losses(overview, subscription_id, language),
        asks_twice=overview.catalog.cancel.needs_confirmation,
    )


async def cancel(request: web.Request) -> web.Response:
    """POST /plan/cancel: done, or asked once more where the catalog wants two confirmations (R124)."""
    form = await form_of(request)
    services, actor = services_of(request), AccountActor(owner_of(request).account.account_id)
    mode = form.get("mode", "")
    subscription_id = form.get("subscription_id", "")
    chosen = Effective(mode) if mode in {*Effective} else None
    if not await services.cancels.modes(actor, subscription_id):
        chosen = None
    try:
        await services.cancels.cancel(actor, subscription_id, chosen, form.get("confirmation") or None)
    except ConfirmationNeeded as needed:
        return await _ask_again(request, needed.preview)
    raise back_to("/plan", "cancelled")


async def _ask_again(request: web.Request, preview: CancelPreview) -> web.Response:
    overview = await overview_of(request)
    way = _way(preview, overview, language_of(request))
    return render(
        request,
        "plan_cancel_again.html",
        overview=overview,
        page="plan",
        name=_name(overview, preview.subscription_id, language_of(request)),
        subscription_id=preview.subscription_id,
        way=way,
    )


def _name(overview: Overview, subscription_id: str, language: Language) -> str:
    live = live_subscriptions(overview.situation, overview.now)
    its = next((each for each in live if each.subscription_id == subscription_id), None)
    if its is None:
        raise CloudError("plan_unknown", 404, "This account has no such plan.")
    return plan_name(overview.catalog, its.plan, language)


def _way(preview: CancelPreview, overview: Overview, language: Language) -> Way:
    at_once = preview.mode is Effective.NOW
    day = language.moment(preview.stops_at, overview.account.time_zone)
    found = [language.say("It stops at once.") if at_once else language.say("It stops on %(when)s.", when=day)]
    money = say_money_back(preview.refund_minor, preview.credit_minor, preview.currency, language)
    found += money or [language.say("No money comes back.")]
    return Way(
        preview.mode.value,
        language.say(WHEN[preview.mode.value]),
        tuple(found),
        say_erased(len(preview.doomed), language),
        tuple(clip_card(clip, overview, language) for clip in preview.doomed[:CLIPS_SHOWN]),
        preview.token,
        to_drive(preview.doomed, overview, language),
    )


async def _kept(request: web.Request, overview: Overview, language: Language) -> str:
    """Say how long the clips stay that no end of a plan erases (R119)."""
    async with services_of(request).records.reading() as records:
        held = await records.clips.held_of_account(overview.account.account_id)
    return existing_clips(held, overview, language).sentence if held else ""


def _losses(overview: Overview, subscription_id: str, language: Language) -> list[CameraLoss]:
    after = cameras_after(overview, without_subscription(overview, subscription_id))
    return [_loss(each, language) for each in after if each.lost]


def _loss(its: CameraAfter, language: Language) -> CameraLoss:
    features = ", ".join(say_word(language, FEATURE, feature) for feature in its.lost)
    following = say_next_clip(language, its.next_clip.sink, its.next_clip.reason, its.next_clip.blocked_by)
    return CameraLoss(its.camera.name, features, following)


ROUTES: Final = (web.get("/plan/cancel", ask_cancel), web.post("/plan/cancel", cancel))
